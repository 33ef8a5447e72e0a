package ledger

import (
	"crypto/sha256"
	"reflect"
	"strings"
	"testing"
	"time"

	"millwright/internal/drop"
)

func TestDropsGetIDsInOrderOfTaking(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	l := openTest(t, dir)
	must(t, l.Refuse(ctx, drop.Drop{Folder: "/srv/drop", Name: "c.csv", Reason: "no scheduler"}))
	first := commit(t, l, aTaking("b.csv", "s1", 5, 0), aTaking("a.csv", "s1", 5, 0), aTaking("b.csv", "s1", 5, 1))
	second := commit(t, l, aTaking("a.csv", "s2", 5, 2), aTaking("c.csv", "s2", 5, 2))
	must(t, l.Close())
	l = openTest(t, dir)
	third := commit(t, l, aTaking("d.csv", "s3", 5, 2))
	var got [][3]int64
	for _, d := range append(append(first, second...), third...) {
		got = append(got, [3]int64{d.ID, d.PathID, d.Version})
	}
	want := [][3]int64{{1, 1, 1}, {2, 2, 1}, {3, 1, 2}, {4, 2, 2}, {5, 3, 1}, {6, 4, 1}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("ID, PathID, Version are %v, want %v", got, want)
	}
}

func TestADropComesBackAsItWasCommitted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	for i, name := range []string{"plain.csv", "not\xffutf8.csv", "sub/ümlaut ?%.csv"} {
		k := aTaking(name, "seg", 7, 0, 3)
		d := &k.Drop
		// A file's time is whatever its writer said, also outside of what fits in int64 nanoseconds.
		d.ModTime = []time.Time{time.Unix(0, 0).UTC(), time.Date(3000, 1, 2, 3, 4, 5, 6, time.UTC), time.Date(1, 2, 3, 4, 5, 6, 7, time.UTC)}[i]
		d.Reason = "text with \x00 and \xfe"
		d.Part = drop.Part{From: 10, To: 20, Line: 30, Prefix: sha256.Sum256([]byte("x")), Dialect: []byte(`{"a":1}`)}
		d.Counts = drop.Counts{Rows: 14 + 1 + 2 + 3 + 4, Older: 1, Ahead: 2, Ambiguous: 3, Bad: 4, Values: 28, BadCells: 5}
		d.Component = ""
		want := commit(t, l, k)[0]
		if want.Counts.Open != 14 || want.First != k.Blocks[0].First || want.Last != k.Blocks[1].Last {
			t.Errorf("not filled: %+v", want)
		}
		got, ok, err := l.Path(ctx, d.Folder, name)
		must(t, err)
		if !ok || !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		seen := false
		must(t, l.EachSeen(ctx, d.Folder, func(n string, size int64, mod time.Time, st drop.State) error {
			seen = seen || n == name && size == d.Size && mod.Equal(d.ModTime) && st == drop.Taken
			return nil
		}))
		if !seen {
			t.Errorf("%q is not seen", name)
		}
	}
}

// What was tried with a drop that cannot be committed leaves nothing behind.
func TestCountsThatDoNotAddUpAreRefused(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	bad := aTaking("bad.csv", "s0", 5, 0)
	bad.Drop.Counts.Rows++
	if d := commit(t, l, bad)[0]; d.State != drop.Refused || !strings.Contains(d.Reason, "accounted") {
		t.Fatal(d)
	}
	if d := commit(t, l, aTaking("b.csv", "s", 5, 1))[0]; d.ID != 1 || d.PathID != 1 {
		t.Errorf("the failed batch left something behind: %+v", d)
	}
	if s, err := l.Segments(t.Context()); err != nil || len(s) != 1 {
		t.Error(s, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	refused := drop.Drop{Folder: "/srv/drop", Name: "a.csv", Size: 5, ModTime: t0, Reason: "two columns clash", TakenAt: t0}
	states := func() map[string]drop.State {
		m := make(map[string]drop.State)
		must(t, l.EachSeen(ctx, "/srv/drop", func(name string, _ int64, _ time.Time, st drop.State) error { m[name] = st; return nil }))
		return m
	}
	must(t, l.Refuse(ctx, refused))
	d, ok, err := l.Path(ctx, "/srv/drop", "a.csv")
	must(t, err)
	if refused.State = drop.Refused; !ok || !reflect.DeepEqual(d, refused) {
		t.Errorf("got %+v", d)
	}
	commits := l.w.head.commits
	must(t, l.Refuse(ctx, refused))
	if l.w.head.commits != commits {
		t.Error("the same refusal was written again")
	}
	commit(t, l, aTaking("a.csv", "s", 5, 0), aTaking("b.csv", "s", 5, 0))
	if m := states(); m["a.csv"] != drop.Taken || m["b.csv"] != drop.Taken {
		t.Error("taking does not end the refusal:", m)
	}
	must(t, l.Refuse(ctx, refused)) // its new content
	if m := states(); m["a.csv"] != drop.Refused || m["b.csv"] != drop.Taken {
		t.Error(m)
	}
	if d, _, err := l.Path(ctx, "/srv/drop", "a.csv"); err != nil || d.ID != 1 {
		t.Error("the version that was taken is hidden by a refusal:", d, err)
	}
	s, err := l.Summary(ctx)
	must(t, err)
	if s.Drops[drop.Refused] != 1 || s.Drops[drop.Taken] != 2 {
		t.Error(s.Drops)
	}
	must(t, l.ClearRefused(ctx))
	if m := states(); len(m) != 2 || m["a.csv"] != drop.Taken {
		t.Error(m)
	}
	if s, err = l.Summary(ctx); err != nil || s.Drops[drop.Refused] != 0 {
		t.Error(s.Drops, err)
	}
}

func TestOnlyTakenRowsMakeARepeat(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	q := aTaking("q.csv", "", 0)
	q.Drop.State = drop.Quarantined
	a, b := aTaking("a.csv", "s", 5, 0), aTaking("copy.csv", "", 0)
	b.Drop.State, b.Drop.Identity = drop.Repeat, a.Drop.Identity
	commit(t, l, q, a, b)
	must(t, l.SetState(ctx, 2, drop.Archived, ""))
	must(t, l.SetState(ctx, 1, drop.Archived, ""))
	if d, ok, err := l.ByIdentity(ctx, a.Drop.Identity); err != nil || !ok || d.ID != 2 || d.State != drop.Archived {
		t.Error(d, ok, err)
	}
	if d, ok, err := l.ByIdentity(ctx, q.Drop.Identity); err != nil || ok {
		t.Error("a drop without a usable row has repeats:", d, err)
	}
}

func TestSensorsAndWatermarks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	l := openTest(t, dir)
	newer, older := aTaking("a.csv", "s", 5, 3), aTaking("b.csv", "s", 5, 1)
	older.Latest["pump"]["temp"] = 17
	older.Latest["mill"] = map[string]int64{"flow": -5} // before 1970
	newer.Newest = []drop.Newest{{Component: "mill", Sensors: []string{"speed", "flow"}, Time: -7}, {Component: "fan", Sensors: []string{"flow"}, Time: 3}}
	older.Newest = []drop.Newest{{Component: "mill", Sensors: []string{"speed", "flow"}, Time: -6}, {Component: "fan", Sensors: []string{"flow"}, Time: 2}}
	commit(t, l, newer, older)
	for range 2 {
		got, err := l.Sensors(ctx, "pump")
		must(t, err)
		want := map[string]int64{"flow": newer.Latest["pump"]["flow"], "speed": newer.Latest["pump"]["speed"], "temp": 17}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if got, err = l.Sensors(ctx, "mill"); err != nil || !reflect.DeepEqual(got, map[string]int64{"flow": -5, "speed": -6}) {
			t.Error(got, err)
		}
		if got, err = l.Sensors(ctx, "fan"); err != nil || !reflect.DeepEqual(got, map[string]int64{"flow": 3}) {
			t.Error(got, err)
		}
		must(t, l.Close())
		l = openTest(t, dir)
		commit(t, l, older)
	}
	if got, err := l.Sensors(ctx, "unknown"); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

// A drop that can never be committed keeps no other back: it is refused, its
// repeats too, and nothing of it counts.
func TestADropThatCannotBeCommittedIsRefusedAlone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	wrong := aTaking("wrong.csv", "s1", 5, 1)
	wrong.Drop.Counts.Rows++ // a row that nobody accounts for
	double := aTaking("double.csv", "s1", 5, 2, 2)
	repeat := drop.Taking{Drop: drop.Drop{Folder: "/srv/drop", Name: "copy.csv", Identity: wrong.Drop.Identity, State: drop.Repeat}}
	newer := aTaking("newer.csv", "s2", 5, 3)
	newer.Blocks[0].Tails[0].Time = newer.Blocks[0].Last + 1
	out := commit(t, l, aTaking("a.csv", "s1", 5, 0), wrong, double, repeat, newer, aTaking("b.csv", "s1", 5, 3))
	var ids []int64
	for i, d := range out {
		ids = append(ids, d.ID)
		if refused := d.State == drop.Refused; refused != (d.ID == 0) || refused == (d.Reason == "") {
			t.Errorf("drop %d: %+v", i, d)
		}
	}
	if !reflect.DeepEqual(ids, []int64{1, 0, 0, 0, 0, 2}) {
		t.Fatalf("IDs %v", ids)
	}
	for i, name := range []string{"a.csv", "wrong.csv", "double.csv", "copy.csv", "newer.csv", "b.csv"} {
		d, ok, err := l.Path(ctx, "/srv/drop", name)
		if err != nil || !ok || d.ID != ids[i] || d.Counts.Open != 5 && ids[i] > 0 {
			t.Errorf("%s: %+v, %v, %v", name, d, ok, err)
		}
	}
	if _, ok, err := l.ByIdentity(ctx, wrong.Drop.Identity); ok || err != nil {
		t.Error("its content is known", err)
	}
	blocks, err := l.Blocks(ctx, "pump", 0, 1<<62)
	must(t, err)
	segments, err := l.Segments(ctx)
	must(t, err)
	if len(blocks) != 2 || !reflect.DeepEqual(segments, []string{"s1"}) {
		t.Errorf("%d blocks, segments %v", len(blocks), segments)
	}
	sum, err := l.Summary(ctx)
	must(t, err)
	if sum.Drops[drop.Refused] != 4 || sum.Drops[drop.Taken] != 2 {
		t.Errorf("%+v", sum.Drops)
	}
}
