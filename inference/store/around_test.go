package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"millwright/inference/store"
)

func TestClientTokens(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		calls := 0
		call := func(token, hash string, now time.Time) (string, bool, error) {
			return s.Once(ctx, store.ClientToken{Account: account, Operation: "CreateDataset", Token: token, Hash: sha256.Sum256([]byte(hash))}, now, func(tx *store.Tx) (string, error) {
				calls++
				return fmt.Sprint(calls), tx.CreateDataset(ctx, s.newDataset(fmt.Sprintf("d-%d", calls)))
			})
		}
		now := s.now
		if answer, again, err := call("a\x00", "1", now); answer != "1" || again || err != nil {
			t.Error(answer, again, err)
		}
		if answer, again, err := call("a\x00", "1", now.Add(24*time.Hour-time.Second)); answer != "1" || !again || err != nil {
			t.Error(answer, again, err)
		}
		_, _, err := call("a\x00", "2", now)
		is(t, "other parameters", err, store.ErrConflict, "")
		if answer, again, err := call("a\x00", "2", now.Add(24*time.Hour)); answer != "2" || again || err != nil {
			t.Error("a day later:", answer, again, err)
		}
		// A call that failed leaves neither its work nor its token.
		fails := errors.New("no")
		for range 2 {
			_, _, err = s.Once(ctx, store.ClientToken{Account: account, Operation: "CreateDataset", Token: "b"}, now, func(tx *store.Tx) (string, error) {
				return "x", errors.Join(tx.CreateDataset(ctx, s.newDataset("x")), fails)
			})
			if !errors.Is(err, fails) || errors.Is(err, store.ErrConflict) {
				t.Error(err)
			}
		}
		_, err = s.Dataset(ctx, account, "x")
		is(t, "undone", err, store.ErrNotFound, "")
		var pruned int64
		s.do(func(ctx context.Context, tx *store.Tx) (err error) {
			pruned, err = tx.PruneClientTokens(ctx, now.Add(48*time.Hour), 10)
			return err
		})
		if pruned != 1 {
			t.Error("pruned", pruned)
		}
	})
}

func TestTags(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		few := s.open(store.Quotas{TagsPerResource: 3})
		put := func(tags ...store.Tag) error {
			return few.Tx(t.Context(), func(tx *store.Tx) error { return tx.PutTags(t.Context(), "arn", tags) })
		}
		if err := put(store.Tag{Key: "b", Value: "1"}, store.Tag{Key: "B", Value: ""}, store.Tag{Key: "a", Value: "2"}); err != nil {
			t.Fatal(err)
		}
		if err := put(store.Tag{Key: "a", Value: "3"}); err != nil {
			t.Error("a new value is no new tag:", err)
		}
		is(t, "a fourth", put(store.Tag{Key: "c", Value: "3"}), store.ErrQuota, "")
		s.do(func(ctx context.Context, t *store.Tx) error { return t.DeleteTags(ctx, "arn", []string{"b", "x"}) })
		if got, err := s.Tags(t.Context(), "arn"); err != nil || !reflect.DeepEqual(got, []store.Tag{{Key: "B"}, {Key: "a", Value: "3"}}) {
			t.Error(got, err)
		}
	})
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		put := func(revision, expected string) error {
			at := s.tick()
			return s.try(func(ctx context.Context, t *store.Tx) error {
				return t.PutPolicy(ctx, store.Policy{ARN: "arn", Revision: revision, CreatedAt: at, UpdatedAt: at, Text: `{"n":"` + revision + `"}`}, expected)
			})
		}
		is(t, "no such revision", put("1", "0"), store.ErrConflict, "")
		created := s.now.Add(time.Second)
		for _, p := range [][2]string{{"1", ""}, {"2", "1"}, {"3", ""}} {
			if err := put(p[0], p[1]); err != nil {
				t.Error(p, err)
			}
		}
		is(t, "an older revision", put("4", "2"), store.ErrConflict, "at revision 3")
		if p, err := s.Policy(t.Context(), "arn"); err != nil || p.Revision != "3" || p.Text != `{"n":"3"}` || !p.CreatedAt.Equal(created) || !p.UpdatedAt.After(created) {
			t.Error(p, err)
		}
		remove := func() error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.DeletePolicy(ctx, "arn") })
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
		is(t, "twice", remove(), store.ErrNotFound, "")
	})
}

func TestFences(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		at := func(job, attempt int64) store.Fence { return store.Fence{Work: "train", Job: job, Attempt: attempt} }
		claim := func(f store.Fence) (checkpoint []byte, err error) {
			err = s.try(func(ctx context.Context, t *store.Tx) error {
				checkpoint, err = t.Claim(ctx, f, s.tick())
				return err
			})
			return checkpoint, err
		}
		keep := func(f store.Fence, text string) error {
			return s.try(func(ctx context.Context, t *store.Tx) error {
				if err := t.Holds(ctx, f); err != nil {
					return err
				}
				return t.Checkpoint(ctx, f, []byte(text), s.tick())
			})
		}
		is(t, "not claimed", keep(at(1, 1), "x"), store.ErrFenced, "")
		for range 2 {
			if checkpoint, err := claim(at(1, 1)); checkpoint != nil || err != nil {
				t.Error(checkpoint, err)
			}
		}
		if err := keep(at(1, 1), "one"); err != nil {
			t.Error(err)
		}
		if checkpoint, err := claim(at(1, 2)); string(checkpoint) != "one" || err != nil {
			t.Error("a later attempt:", checkpoint, err)
		}
		is(t, "an attempt that is over", keep(at(1, 1), "late"), store.ErrFenced, "")
		_, err := claim(at(1, 1))
		is(t, "claims again", err, store.ErrFenced, "")
		if checkpoint, err := claim(at(2, 1)); string(checkpoint) != "one" || err != nil {
			t.Error("a later job:", checkpoint, err)
		}
		_, err = claim(at(1, 9))
		is(t, "an earlier job", err, store.ErrFenced, "")
		is(t, "an earlier job releases", s.try(func(ctx context.Context, t *store.Tx) error { return t.Release(ctx, at(1, 9)) }), store.ErrFenced, "")
		s.do(func(ctx context.Context, t *store.Tx) error { return t.Release(ctx, at(2, 1)) })
		if checkpoint, err := claim(at(1, 1)); checkpoint != nil || err != nil {
			t.Error("after its end:", checkpoint, err)
		}
	})
}

func TestObjects(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		object := func(component string, day int64, key string) store.Object {
			return store.Object{
				Kind: store.ObjectInference, Owner: "m", Component: component, Day: day, Key: key, DataStart: time.Unix(day*86400, 0).UTC(),
				DataEnd: time.Unix(day*86400+3600, 0).UTC(), Rows: 12, Size: 100, CreatedAt: s.now,
			}
		}
		swap := func(add, remove []store.Object) error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.SwapObjects(ctx, add, remove) })
		}
		if span, err := s.ObjectSpan(ctx, store.ObjectInference, "m"); err != nil || span != (store.Span{}) {
			t.Error(span, err)
		}
		parts := []store.Object{object("pump", 7, "a"), object("pump", 7, "b"), object("pump", 8, "c"), object("fan", 8, "d")}
		for range 2 { // the second time they are replaced
			if err := swap(parts, nil); err != nil {
				t.Fatal(err)
			}
		}
		if span, err := s.ObjectSpan(ctx, store.ObjectInference, "m"); err != nil || span.Objects != 4 || span.Rows != 48 || span.Size != 400 ||
			!span.DataStart.Equal(parts[0].DataStart) || !span.DataEnd.Equal(parts[3].DataEnd) {
			t.Error(span, err)
		}
		if err := swap([]store.Object{object("pump", 7, "ab")}, parts[:2]); err != nil {
			t.Fatal(err)
		}
		is(t, "compacted twice", swap([]store.Object{object("pump", 7, "abc")}, parts[:2]), store.ErrConflict, "")
		if got, err := s.Objects(ctx, store.ObjectInference, "m", "pump", 7, 8); err != nil || !reflect.DeepEqual(got, []store.Object{object("pump", 7, "ab")}) {
			t.Errorf("%+v %v", got, err)
		}
		if got, err := s.Objects(ctx, store.ObjectInference, "m", "", 0, 9); err != nil || len(got) != 3 || got[0].Component != "fan" {
			t.Errorf("%+v %v", got, err)
		}
		s.do(func(ctx context.Context, tx *store.Tx) error {
			done, err := tx.ClearLeftover(ctx, store.Leftover{Kind: store.ObjectInference, Owner: "m"}, 1)
			if !done {
				t.Error("not done")
			}
			return err
		})
		if got, err := s.Objects(ctx, store.ObjectInference, "m", "", 0, 9); err != nil || len(got) != 0 {
			t.Error(got, err)
		}
	})
}

func TestWhomAnARNNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		d := s.dataset("d")
		m := s.trained(d, "m")
		w := s.scheduler(m, "s")
		g := s.group("g")
		for arn, want := range map[string]store.Resource{
			d.ARN:                      {Kind: "dataset", Account: account, ID: d.ID, Name: "d"},
			m.ARN:                      {Kind: "model", Account: account, ID: m.ID, Name: "m"},
			m.ARN + "/model-version/1": {Kind: "model-version", Account: account, ID: m.ID, Name: "m"},
			w.ARN:                      {Kind: "inference-scheduler", Account: account, ID: w.ID, Name: "s"},
			g.ARN:                      {Kind: "label-group", Account: account, ID: g.ID, Name: "g"},
		} {
			if got, err := s.Resource(t.Context(), arn); err != nil || got != want {
				t.Errorf("%s: %+v %v", arn, got, err)
			}
		}
		_, err := s.Resource(t.Context(), m.ARN+"/model-version/2")
		is(t, "no such version", err, store.ErrNotFound, "")
	})
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	for name, make := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSuite(t, make(t), store.Quotas{Datasets: 2, Models: 2, LabelGroups: 1, PendingIngestions: 1, PendingModels: 1, LabelsPerGroup: 1})
			a, b := s.dataset("a"), s.dataset("b")
			fails := func(what string, fn func(ctx context.Context, t *store.Tx) error) {
				t.Helper()
				is(t, what, s.try(fn), store.ErrQuota, "")
			}
			fails("datasets", func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, s.newDataset("c")) })
			other := s.newDataset("c")
			other.Account = "111111111111"
			s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, other) })
			s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, s.newIngestion(a)) })
			fails("pending ingestions", func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, s.newIngestion(b)) })
			m, n := s.model(a, "m"), s.model(a, "n")
			fails("models", func(ctx context.Context, t *store.Tx) error { return t.CreateModel(ctx, s.newModel(a, "o")) })
			s.version(m, nil)
			fails("pending models", func(ctx context.Context, t *store.Tx) error {
				_, err := t.CreateModelVersion(ctx, s.newVersion(n), func(int64) string { return "arn" })
				return err
			})
			g := s.group("g")
			fails("label groups", func(ctx context.Context, t *store.Tx) error { return t.CreateLabelGroup(ctx, s.newGroup("h")) })
			label := func(ctx context.Context, t *store.Tx) error {
				return t.CreateLabel(ctx, store.Label{ID: store.NewID(), GroupID: g.ID, StartTime: s.now, EndTime: s.now, CreatedAt: s.now})
			}
			s.do(label)
			fails("labels", label)
		})
	}
}
