package schedule

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/simulate"
)

// TestLaterAttemptsReadWhatTheFirstDid replaces and adds files between two
// attempts.
func TestLaterAttemptsReadWhatTheFirstDid(t *testing.T) {
	t.Parallel()
	rows := plantRows(simulate.Options{Seed: 3, Rate: time.Minute}, noon().Add(-time.Hour), noon().Add(time.Hour))
	other := plantRows(simulate.Options{Seed: 4, Rate: time.Minute}, noon().Add(-time.Hour), noon().Add(time.Hour))
	start, end := noon().UnixNano(), noon().Add(five).UnixNano()
	for name, c := range map[string]struct {
		change func(r *rig)
		want   string
	}{
		"nothing":             {func(*rig) {}, ""},
		"another file":        {func(r *rig) { r.put("in/pump-7_20260105115600.csv", csvOf(other, "pump-7", start, end)) }, ""},
		"the next file":       {func(r *rig) { r.upload(other, "pump-7", end, end+int64(five)) }, ""},
		"a file of before":    {func(r *rig) { r.upload(other, "pump-7", start-2*int64(five), start-int64(five)) }, ""},
		"the file is another": {func(r *rig) { r.upload(other, "pump-7", start, end) }, "The data file s3://"},
		"the file is gone": {func(r *rig) {
			if err := r.store.Delete(r.t.Context(), r.bucket, "in/pump-7_20260105120000.csv"); err != nil {
				r.t.Fatal(err)
			}
		}, "The data file s3://"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			for _, c := range simulate.Components() {
				r.upload(rows, c, start, end)
				r.upload(rows, c, start-int64(five), start)
				r.upload(rows, c, end, end+int64(five))
			}
			e := r.at(noon())
			f := Fence{"w", 1, 1}
			r.record.claim(e, f)
			var first string
			weak := fragile{r.record, r.store, func(call string) (bool, bool) { return call == "finish", false }}
			if err := r.runner(weak, weak).Run(t.Context(), e, f); !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			result := Object{r.bucket, e.resultKey()}
			first = r.get(result)
			c.change(r)
			out := r.run(noon())
			if c.want == "" && out.Status != Success || !strings.HasPrefix(out.Reason, c.want) {
				t.Errorf("%s %q", out.Status, out.Reason)
			}
			if r.get(result) != first {
				t.Error("the object was replaced")
			}
			if err := r.runner(r.record, r.store).Run(t.Context(), e, f); err != nil { // over already
				t.Error(err)
			}
		})
	}
}

func TestGivingUpIsRecordedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	e, f := r.at(noon()), Fence{"w", 1, 9}
	r.record.claim(e, f)
	runner := r.runner(r.record, r.store)
	if err := runner.GiveUp(t.Context(), e, Fence{"w", 1, 8}, errKilled); !errors.Is(err, ErrFenced) {
		t.Error(err)
	}
	for range 2 {
		if err := runner.GiveUp(t.Context(), e, f, errKilled); err != nil {
			t.Error(err)
		}
	}
	if out := r.record.all[e.Start].out; out.Status != Failed || out.Reason != "The execution could not be carried out: killed" {
		t.Errorf("%+v", out)
	}
}

// TestStaleEventsAreMergedAgain has another execution end between Past and Finish.
func TestStaleEventsAreMergedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows := plantRows(simulate.Options{Seed: 3, Rate: five}, noon().Add(-time.Hour), noon().Add(time.Hour))
	for _, c := range simulate.Components() {
		for i := range int64(2) {
			from := noon().UnixNano() + i*int64(five)
			r.upload(rows, c, from, from+int64(five))
		}
	}
	e, f := r.at(noon()), Fence{"w", 1, 1}
	r.record.claim(e, f)
	done := false
	weak := fragile{r.record, r.store, func(call string) (bool, bool) {
		if call == "finish" && !done {
			done = true
			r.run(noon().Add(five))
		}
		return false, false
	}}
	if err := r.runner(weak, weak).Run(t.Context(), e, f); err != nil {
		t.Fatal(err)
	}
	if out := r.record.all[e.Start].out; out.Status != Success || len(out.States) != 2 || len(out.Past.Later) != 1 {
		t.Errorf("%+v", out)
	}
}

// without is a store that knows no conditional writes.
type without struct{ *objstore.Client }

func (w without) Put(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	if o.IfNoneMatch {
		return objstore.Info{}, &objstore.StatusError{Status: 501, Code: "NotImplemented"}
	}
	return w.Client.Put(ctx, o)
}

func TestStoresWithoutConditions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows := plantRows(simulate.Options{Seed: 3, Rate: five}, noon(), noon().Add(time.Hour))
	for i := range int64(2) {
		from := noon().UnixNano() + i*int64(five)
		for _, c := range simulate.Components() {
			r.upload(rows, c, from, from+int64(five))
		}
	}
	r.put("out/2026-01-05T12:05:00Z/results.jsonl", "{}\n")
	for i, want := range []Status{Success, Failed} {
		e, f := r.at(noon().Add(time.Duration(i)*five)), Fence{"w", 1, 1}
		r.record.claim(e, f)
		if err := r.runner(r.record, without{r.store}).Run(t.Context(), e, f); err != nil {
			t.Fatal(err)
		}
		if out := r.record.all[e.Start].out; out.Status != want {
			t.Errorf("%s %s", out.Status, out.Reason)
		}
	}
}

// A mistake that a file brings out ends its run, not the process.
func TestAPanicFailsTheExecution(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"get", "put"} {
		r := newRig(t)
		rows := plantRows(simulate.Options{Seed: 3, Rate: time.Minute}, noon(), noon().Add(five))
		for _, c := range simulate.Components() {
			r.upload(rows, c, noon().UnixNano(), noon().Add(five).UnixNano())
		}
		e, f := r.at(noon()), Fence{"w", 1, 1}
		r.record.claim(e, f)
		weak := fragile{r.record, r.store, func(made string) (bool, bool) {
			if made == call {
				panic("index out of range")
			}
			return false, false
		}}
		if err := r.runner(weak, weak).Run(t.Context(), e, f); err != nil {
			t.Error(err)
		}
		if out := r.record.all[e.Start].out; out.Status != Failed || !strings.Contains(out.Reason, "mistake of its own: index out of range") {
			t.Errorf("%s: %s %q", call, out.Status, out.Reason)
		}
	}
}
