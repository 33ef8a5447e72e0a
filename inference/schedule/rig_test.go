package schedule

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
	"millwright/internal/s3server/s3test"
	"millwright/internal/series"
	"millwright/internal/simulate"
	"millwright/internal/window"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

const (
	five     = 5 * time.Minute
	theModel = "model-1"
)

// names are the sensors of the simulated plant.
func names() (all []frame.Name) {
	for _, c := range simulate.Components() {
		for _, s := range simulate.Sensors(c) {
			all = append(all, frame.Name{Component: c, Sensor: s})
		}
	}
	return all
}

// plantRows are a simulated plant's rows with from < label <= to.
func plantRows(o simulate.Options, from, to time.Time) *frame.Frame {
	p := simulate.New(o)
	f := &frame.Frame{Columns: names()}
	for t := from.Add(p.Rate()); !t.After(to); t = t.Add(p.Rate()) {
		var row []float64
		for _, c := range simulate.Components() {
			row = p.Row(row, c, t)
		}
		f.Append(t.UnixNano(), row)
	}
	return f
}

// trained is a model of the simulated plant at PT5M.
var trained = sync.OnceValues(func() (*detect.Model, error) {
	start := time.Date(2025, 11, 3, 0, 0, 0, 0, time.UTC)
	f := plantRows(simulate.Options{Seed: 7, Rate: five}, start, start.AddDate(0, 0, 20))
	off := frame.Off{Sensor: frame.Name{Component: "pump-7", Sensor: simulate.SpeedSensor}, Bound: simulate.OffBelow}
	return detect.Train(context.Background(), f, detect.Settings{Rate: five, Off: off}, zap.NewNop())
})

// models gives the one model there is.
type models struct{ m *detect.Model }

func (m models) Model(_ context.Context, model string, version int64) (*detect.Model, error) {
	if model != theModel || version != 1 {
		return nil, fmt.Errorf("%w: %s", ErrNoModel, model)
	}
	return m.m, nil
}

// record keeps what a database would, through JSON, and is History too.
type record struct {
	mu   sync.Mutex
	all  map[int64]*entry
	hide func(start int64) bool // windows that History has lost

	shown []event.Event
}

type entry struct {
	fence  Fence
	inputs []byte
	over   bool
	out    Outcome
	state  []byte
}

func newRecord() *record { return &record{all: map[int64]*entry{}} }

func (r *record) claim(e Execution, f Fence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.all[e.Start] == nil {
		r.all[e.Start] = &entry{}
	}
	r.all[e.Start].fence = f
}

func (r *record) own(e Execution, f Fence) (*entry, error) {
	switch x := r.all[e.Start]; {
	case x.over:
		return nil, ErrOver
	case x.fence != f:
		return nil, ErrFenced
	default:
		return x, nil
	}
}

func (r *record) Fix(_ context.Context, f Fence, e Execution, found *Inputs) (*Inputs, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, err := r.own(e, f)
	if err != nil {
		return nil, err
	}
	if x.inputs == nil {
		if found == nil {
			return nil, nil
		}
		x.inputs, _ = json.Marshal(found)
	}
	var in Inputs
	return &in, json.Unmarshal(x.inputs, &in)
}

func (r *record) Past(_ context.Context, e Execution) (Past, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.past(e), nil
}

func (r *record) past(e Execution) (p Past) {
	var newest int64
	for start, x := range r.all {
		switch {
		case !x.over || x.out.Status != Success:
		case start < e.Start && start > newest:
			newest, p.State = start, x.state
		case start > e.Start:
			p.Later = append(p.Later, Later{start, x.out.Result})
		}
	}
	slices.SortFunc(p.Later, func(a, b Later) int { return cmp.Compare(a.Start, b.Start) })
	return p
}

func (r *record) Finish(_ context.Context, f Fence, e Execution, o Outcome) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	x, err := r.own(e, f)
	if err != nil {
		return err
	}
	if o.Status == Success {
		if p := r.past(e); !bytes.Equal(p.State, o.Past.State) || !slices.Equal(p.Later, o.Past.Later) {
			return ErrStale
		}
		for _, s := range o.States {
			r.all[s.Start].state = s.JSON
		}
		r.shown = slices.DeleteFunc(r.shown, func(v event.Event) bool { return v.Start >= o.Since })
		r.shown = append(r.shown, o.Events...)
	}
	x.over, x.out = true, o
	return nil
}

func (r *record) Rows(_ context.Context, _ string, from, to int64) (*frame.Frame, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := &frame.Frame{}
	starts := make([]int64, 0, len(r.all))
	for s, x := range r.all {
		if x.over && x.out.Status == Success && (r.hide == nil || !r.hide(s)) {
			starts = append(starts, s)
		}
	}
	slices.Sort(starts)
	for _, s := range starts {
		rows := r.all[s].out.Rows
		out.Columns = rows.Columns
		for i, label := range rows.Labels {
			if label > from && label <= to {
				out.Append(label, rows.Row(i))
			}
		}
	}
	return out, nil
}

// rig is a bucket with a scheduler's files and a record of its executions.
type rig struct {
	t      testing.TB
	bucket string
	store  *objstore.Client
	record *record
	model  *detect.Model
	e      Execution // of no window
}

func newRig(t testing.TB) *rig {
	m, err := trained()
	if err != nil {
		t.Fatal(err)
	}
	s := s3test.New(t)
	r := &rig{t: t, bucket: s.Bucket, store: s.Client(t, ""), record: newRecord(), model: m}
	r.e = Execution{
		Scheduler: "scheduler-1", Frequency: five, Model: theModel, Version: 1,
		Input:  Input{Bucket: s.Bucket, Naming: window.Naming{Prefix: "in/", Delimiter: "_"}},
		Output: Place{s.Bucket, "out/"},
	}
	return r
}

func (r *rig) at(start time.Time) Execution {
	e := r.e
	e.Start = start.UnixNano()
	return e
}

func (r *rig) runner(record Record, store Store) *Runner {
	return NewRunner(record, models{r.model}, r.record, store, RunnerOptions{}, zap.NewNop())
}

// run carries an execution out and gives its outcome.
func (r *rig) run(start time.Time) Outcome {
	r.t.Helper()
	e, f := r.at(start), Fence{"w", 1, 1}
	r.record.claim(e, f)
	if err := r.runner(r.record, r.store).Run(r.t.Context(), e, f); err != nil {
		r.t.Fatal(err)
	}
	return r.record.all[e.Start].out
}

func (r *rig) put(key, body string) {
	r.t.Helper()
	_, err := r.store.Put(r.t.Context(), objstore.Object{
		Bucket: r.bucket, Key: key, Body: []byte(body), Size: int64(len(body)), SHA256: sha256.Sum256([]byte(body)), MD5: md5.Sum([]byte(body)),
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) get(o Object) string {
	r.t.Helper()
	body, _, err := r.store.Get(r.t.Context(), o.Bucket, o.Key, 1<<30)
	if err != nil {
		r.t.Fatal(err)
	}
	return string(body)
}

// upload puts the rows of f with from < label <= to of a component under the name
// of the window at from.
func (r *rig) upload(f *frame.Frame, component string, from, to int64) {
	r.put(r.e.Input.Naming.Key(component, from), csvOf(f, component, from, to))
}

func csvOf(f *frame.Frame, component string, from, to int64) string {
	b := []byte("Timestamp")
	for _, c := range f.Columns {
		if c.Component == component {
			b = append(append(b, ','), c.Sensor...)
		}
	}
	b = append(b, '\n')
	for i, label := range f.Labels {
		if label <= from || label > to {
			continue
		}
		b = series.AppendStamp(b, label)
		for j, c := range f.Columns {
			if c.Component == component {
				b = append(b, ',')
				if v := f.Row(i)[j]; !math.IsNaN(v) {
					b = series.AppendFloat(b, v)
				}
			}
		}
		b = append(b, '\n')
	}
	return string(b)
}

// oneGo scores rows from beginning to end and gives the lines by label.
func (r *rig) oneGo(f *frame.Frame, until int64) map[int64]string {
	lines := map[int64]string{}
	keep := func(row resultline.Row, _ detect.Remark) error {
		lines[row.Time] = string(resultline.Append(nil, row))
		return nil
	}
	s := r.model.NewSession()
	for i, label := range f.Labels {
		if err := s.Add(label, f.Row(i), keep); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := s.Until(until, keep); err != nil {
		r.t.Fatal(err)
	}
	return lines
}

var errKilled = errors.New("killed")

// fragile is a record and a store that die with the process at a call.
type fragile struct {
	*record
	*objstore.Client
	die func(call string) (before, after bool)
}

func (f fragile) Fix(ctx context.Context, fence Fence, e Execution, found *Inputs) (in *Inputs, err error) {
	return in, f.call("fix", func() error { in, err = f.record.Fix(ctx, fence, e, found); return err })
}

func (f fragile) Finish(ctx context.Context, fence Fence, e Execution, o Outcome) error {
	return f.call("finish", func() error { return f.record.Finish(ctx, fence, e, o) })
}

func (f fragile) Put(ctx context.Context, o objstore.Object) (in objstore.Info, err error) {
	return in, f.call("put", func() error { in, err = f.Client.Put(ctx, o); return err })
}

func (f fragile) Get(ctx context.Context, bucket, key string, limit int64) (body []byte, in objstore.Info, err error) {
	err = f.call("get", func() error { body, in, err = f.Client.Get(ctx, bucket, key, limit); return err })
	return body, in, err
}

func (f fragile) call(name string, fn func() error) error {
	before, after := f.die(name)
	if before {
		return errKilled
	}
	err := fn()
	if after {
		return errKilled
	}
	return err
}
