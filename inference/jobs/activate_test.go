package jobs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/backend"
	"millwright/inference/detect"
	"millwright/inference/jobs"
	"millwright/inference/store"
	"millwright/internal/resultline"
)

// lines are the results of a model for the rows of n windows from start on.
func lines(t *testing.T, m *detect.Model, start time.Time, n int) (text []byte) {
	t.Helper()
	s := m.NewSession()
	for i := range n {
		at := start.Add(time.Duration(i+1) * five)
		if err := s.Add(at.UnixNano(), cells(worn, m.Columns(), at), func(row resultline.Row, _ detect.Remark) error {
			text = resultline.Append(text, row)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	return text
}

var worn = wearing(-10, 1)

// results are those in the bucket, one after the other.
func (r *rig) results() (text []byte) {
	r.t.Helper()
	for _, key := range r.list("out/") {
		b, _, err := r.client.Get(r.t.Context(), r.bucket, key, 1<<20)
		if err != nil {
			r.t.Fatal(err)
		}
		text = append(text, b...)
	}
	return text
}

func TestAChangedTargetActsAtActivation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var b *backend.Backend
	r.options = func(o *jobs.Options) {
		o.Freeze = func(ctx context.Context, r store.Reader, arn string) (json.RawMessage, error) {
			return b.Freeze(ctx, r, arn)
		}
	}
	r.open()
	b = backend.New(r.store, r.jobs, backend.Options{Now: r.clock.Now})
	r.ready()
	r.start()
	file, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	m, err := detect.ReadModel(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	other, err := m.WithFalseAlarms(5)
	if err != nil {
		t.Fatal(err)
	}
	start := r.clock.Now()
	const n = 4
	before, after := lines(t, m, start, n), lines(t, other, start, n)
	if bytes.Equal(before, after) {
		t.Fatal("both targets come to the same results: nothing can be shown")
	}
	for i := range n {
		from := start.Add(time.Duration(i) * five)
		for _, c := range []string{"pump-7", "motor-7"} {
			r.put("in/"+c+"-"+from.Format("20060102150405")+".csv", worn.text(c, from, from.Add(five)))
		}
	}

	// The tag alone changes nothing.
	caller := api.Caller{Identity: api.Identity{Account: account}}
	r.do(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutTags(ctx, "arn:m", []store.Tag{{Key: backend.TagFalseAlarms, Value: "5"}})
	})
	r.clock.set(start.Add(2*five + time.Second))
	r.until("two executions", time.Minute, func() bool { return r.succeeded() == 2 })
	if got := r.results(); !bytes.HasPrefix(before, got) {
		t.Errorf("before the activation:\n%.300s\nnot\n%.300s", got, before)
	}

	if _, err := b.UpdateActiveModelVersion(t.Context(), caller, &wire.UpdateActiveModelVersionRequest{ModelName: "m", ModelVersion: 1}); err != nil {
		t.Fatal(err)
	}
	r.clock.set(start.Add(n*five + time.Second))
	r.until("all executions", time.Minute, func() bool { return r.succeeded() == n })
	half := bytes.SplitAfter(after, []byte("\n"))
	if got := r.results(); !bytes.HasSuffix(got, bytes.Join(half[2:], nil)) {
		t.Errorf("after the activation:\n%.600s\nnot\n%s", got, after)
	}
	for i, want := range []float64{0, 0, 5, 5} {
		if e, err := r.store.Execution(t.Context(), "s", start.Add(time.Duration(i)*five)); err != nil || e.FalseAlarms != want {
			t.Errorf("execution %d: %+v %v", i, e, err)
		}
	}
	shown, err := b.ListTagsForResource(t.Context(), caller, &wire.ListTagsForResourceRequest{ResourceArn: "arn:m/1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range shown.Tags {
		if tag.Key == backend.TagFalseAlarms && tag.Value != "5" {
			t.Errorf("%+v", tag)
		}
	}
	if v := r.version(); !bytes.Contains(v.Settings, []byte(`"false_alarms_per_week":5`)) {
		t.Errorf("%s", v.Settings)
	}
}
