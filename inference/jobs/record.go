package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"millwright/inference/backend"
	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/event"
)

// Record is the schedule.Record of the store, with the rows taken in the lake.
type Record struct {
	store *store.Store
	lake  *lake.Lake
	now   func() time.Time
}

var _ schedule.Record = (*Record)(nil)

// maxLater is how many windows after one that is made up its events are told anew for:
// a week of five minutes is 2016.
const maxLater = 10_000

// Fix implements schedule.Record.
func (r *Record) Fix(ctx context.Context, f schedule.Fence, e schedule.Execution, found *schedule.Inputs) (*schedule.Inputs, error) {
	var text json.RawMessage
	var err error
	if found != nil {
		if text, err = json.Marshal(found); err != nil {
			return nil, fmt.Errorf("keep inputs: %w", err)
		}
	}
	var fixed json.RawMessage
	if err := r.store.Tx(ctx, func(t *store.Tx) (err error) {
		fixed, err = t.FixInputs(ctx, store.Fence(f), e.Scheduler, time.Unix(0, e.Start), text)
		return err
	}); err != nil || fixed == nil {
		return nil, refused(err)
	}
	in := new(schedule.Inputs)
	if err := json.Unmarshal(fixed, in); err != nil {
		return nil, fmt.Errorf("read inputs: %w", err)
	}
	return in, nil
}

// Past implements schedule.Record.
func (r *Record) Past(ctx context.Context, e schedule.Execution) (schedule.Past, error) {
	return past(ctx, r.store.Reader, e)
}

func past(ctx context.Context, r store.Reader, e schedule.Execution) (p schedule.Past, err error) {
	start := time.Unix(0, e.Start)
	if p.State, err = r.EventState(ctx, e.Scheduler, start); err != nil {
		return p, err
	}
	later, err := r.Succeeded(ctx, e.Scheduler, start, maxLater)
	for _, l := range later {
		if l.Result != nil {
			p.Later = append(p.Later, schedule.Later{Start: l.DataStart.UnixNano(), Result: schedule.Object(*l.Result)})
		}
	}
	return p, err
}

// Finish implements schedule.Record. The rows are in the lake before the state says
// so, under a key that is the window's: another attempt writes the same.
func (r *Record) Finish(ctx context.Context, f schedule.Fence, e schedule.Execution, o schedule.Outcome) error {
	var objects []store.Object
	if o.Status == schedule.Success {
		kept, err := r.lake.PutWindow(ctx, e.Model, e.Start, rowsOf(o.Rows))
		if err != nil {
			return err
		}
		objects = stored(store.ObjectInference, e.Model, kept, r.now())
	}
	return refused(r.store.Tx(ctx, func(t *store.Tx) error { return r.finish(ctx, t, store.Fence(f), e, o, objects) }))
}

func (r *Record) finish(ctx context.Context, t *store.Tx, f store.Fence, e schedule.Execution, o schedule.Outcome, objects []store.Object) error {
	start, now := time.Unix(0, e.Start), r.now()
	have, err := t.Execution(ctx, e.Scheduler, start)
	if err != nil {
		return err
	}
	if have.Status != store.ExecutionRunning {
		return schedule.ErrOver
	}
	if err := t.Holds(ctx, f); err != nil {
		return err
	}
	if o.Status == schedule.Success {
		if err := r.succeed(ctx, t, e, o, objects); err != nil {
			return err
		}
	}
	latest := ""
	if o.Status == schedule.Success {
		latest = "NORMAL"
		if o.Anomalous {
			latest = "ANOMALOUS"
		}
	}
	if _, err := t.MoveExecution(ctx, e.Scheduler, start, store.ExecutionStatus(o.Status), now, latest, func(d *store.ExecutionDetail) {
		d.FailedReason, d.Notes = o.Reason, o.Notes
		if o.Status == schedule.Success {
			d.Result = &store.S3Object{Bucket: o.Result.Bucket, Key: o.Result.Key}
		}
	}); err != nil {
		return err
	}
	var brief json.RawMessage
	if o.Inputs != nil {
		if brief, err = json.Marshal(o.Inputs); err != nil {
			return fmt.Errorf("keep inputs: %w", err)
		}
	}
	if err := t.CutInputs(ctx, e.Scheduler, start, brief); err != nil {
		return err
	}
	if err := t.Release(ctx, f); err != nil {
		return err
	}
	_, err = backend.Settle(ctx, t, e.Scheduler, now)
	return gone(err)
}

// succeed records what a success alone has.
func (r *Record) succeed(ctx context.Context, t *store.Tx, e schedule.Execution, o schedule.Outcome, objects []store.Object) error {
	now, err := past(ctx, t.Reader, e)
	if err != nil {
		return err
	}
	if !bytes.Equal(now.State, o.Past.State) || !slices.Equal(now.Later, o.Past.Later) {
		return schedule.ErrStale
	}
	var events []store.Event
	for _, v := range o.Events {
		events = append(events, store.Event{
			SchedulerID: e.Scheduler, StartTime: time.Unix(0, v.Start), EndTime: time.Unix(0, v.End),
			EventDetail: store.EventDetail{Open: v.State == event.Open, Diagnostics: schedule.Diagnostics(v)},
		})
	}
	if err := t.ReplaceEvents(ctx, e.Scheduler, time.Unix(0, o.Since), time.Time{}, events); err != nil {
		return err
	}
	for _, s := range o.States {
		if err := t.PutEventState(ctx, e.Scheduler, time.Unix(0, s.Start), s.JSON); err != nil {
			return err
		}
	}
	if _, err := t.ModelByID(ctx, e.Model); err != nil {
		return gone(err) // nobody will ask for its rows; they are among its leftovers
	}
	return t.SwapObjects(ctx, objects, nil)
}

// refused gives the runner's words for what the store refuses.
func refused(err error) error {
	switch {
	case errors.Is(err, store.ErrFenced):
		return schedule.ErrFenced
	case errors.Is(err, store.ErrNotFound):
		return schedule.ErrOver
	}
	var e *store.Error
	if errors.As(err, &e) && errors.Is(e, store.ErrConflict) && (e.State == string(store.ExecutionSuccess) || e.State == string(store.ExecutionFailed)) {
		return schedule.ErrOver
	}
	return err
}

// rowsOf parts rows by component.
func rowsOf(f *frame.Frame) []lake.Rows {
	var all []lake.Rows
	at := map[string]int{}
	for k, n := range f.Columns {
		i, ok := at[n.Component]
		if !ok {
			i = len(all)
			at[n.Component] = i
			all = append(all, lake.Rows{Component: n.Component, Times: f.Labels})
		}
		cells := make([]float64, len(f.Labels))
		for r := range cells {
			cells[r] = f.Cells[r*len(f.Columns)+k]
		}
		all[i].Sensors, all[i].Cells = append(all[i].Sensors, n.Sensor), append(all[i].Cells, cells)
	}
	return all
}
