package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/objstore"
	"millwright/internal/resultline"
)

// put writes the results object. One that is there is never replaced: with the same
// bytes it is an earlier attempt's, with others the execution fails.
func (w *work) put(ctx context.Context, lines []byte) error {
	o := objstore.Whole(w.e.Output.Bucket, w.e.resultKey(), lines)
	o.Type, o.Instance, o.IfNoneMatch = "application/jsonl", w.e.Scheduler, true
	_, err := w.store.Put(ctx, o)
	if objstore.KindOf(err) == objstore.KindUnsupported {
		if err = w.compare(ctx, o); errors.Is(err, objstore.ErrNotFound) {
			o.IfNoneMatch = false
			_, err = w.store.Put(ctx, o)
		}
	} else if errors.Is(err, objstore.ErrExists) {
		err = w.compare(ctx, o)
	}
	return refused("write the results to", w.e.Output, err)
}

// compare holds what is at the key against what should be.
func (w *work) compare(ctx context.Context, o objstore.Object) error {
	have, _, err := w.store.Get(ctx, o.Bucket, o.Key, o.Size)
	if errors.Is(err, objstore.ErrTooLarge) || err == nil && !bytes.Equal(have, o.Body) {
		return w.e.taken()
	}
	return err
}

const restarts = 8 // of succeed, while other executions of the scheduler end

// succeed records the end.
func (w *work) succeed(ctx context.Context, lines []byte, rows *frame.Frame) error {
	results, err := parsed(lines)
	if err != nil {
		return fmt.Errorf("read own results: %w", err)
	}
	o := Outcome{
		Status: Success, Notes: w.notes, Inputs: w.in.brief(), Rows: rows,
		Result: Object{w.e.Output.Bucket, w.e.resultKey()},
	}
	for _, r := range results {
		o.Anomalous = o.Anomalous || r.Anomalous()
	}
	for try := 1; ; try++ {
		if o.Past, err = w.record.Past(ctx, w.e); err != nil {
			return err
		}
		if err := w.events(ctx, &o, results); err != nil {
			return err
		}
		err := w.record.Finish(ctx, w.f, w.e, o)
		if err == nil {
			w.tails.Keep(w.e.Model, Stretch{w.e.Start, w.e.End()}, rows, w.lookback())
			return nil
		}
		if !errors.Is(err, ErrStale) || try == restarts {
			return err
		}
	}
}

// events merges the window's rows, and then those of windows after it, with what
// was before.
func (w *work) events(ctx context.Context, o *Outcome, results []resultline.Row) error {
	m := event.New(event.RuleFor(w.e.Frequency, w.m.Rate(), 0))
	if o.Past.State != nil {
		if err := json.Unmarshal(o.Past.State, m); err != nil {
			return fmt.Errorf("read the state of events before %s: %w", instant(w.e.Start), err)
		}
	}
	o.Since = w.e.Start + 1
	var t told
	if open, ok := m.Open(); ok {
		o.Since = open.Start
		t.events = append(t.events, open) // rows that do not change it do not tell it again
	}
	o.Events, o.States = nil, nil
	if err := t.add(m, w.e.Start, results, o); err != nil {
		return err
	}
	for _, l := range o.Past.Later {
		rows, err := w.results(ctx, l)
		if err != nil {
			return err
		}
		if err := t.add(m, l.Start, rows, o); err != nil {
			return err
		}
	}
	o.Events = t.events
	return nil
}

// results reads the rows of a later window. An object that somebody took away or
// spoilt has none.
func (w *work) results(ctx context.Context, l Later) ([]resultline.Row, error) {
	body, _, err := w.store.Get(ctx, l.Result.Bucket, l.Result.Key, 64<<20)
	switch objstore.KindOf(err) {
	case objstore.KindNotFound, objstore.KindForbidden, objstore.KindNoBucket:
		return nil, nil
	}
	if errors.Is(err, objstore.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rows, err := parsed(body)
	if err != nil {
		return nil, nil //nolint:nilerr // not ours any more
	}
	return rows, nil
}

func parsed(lines []byte) (rows []resultline.Row, err error) {
	err = resultline.Read(bytes.NewReader(lines), resultline.Limits{}, func(r resultline.Row) error {
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// told is events as they were told last, in the order of their beginning.
type told struct{ events []event.Event }

func (t *told) add(m *event.Merger, start int64, rows []resultline.Row, o *Outcome) error {
	for _, r := range rows {
		for _, e := range m.Add(r) {
			if n := len(t.events); n > 0 && t.events[n-1].ID == e.ID {
				t.events[n-1] = e
			} else {
				t.events = append(t.events, e)
			}
		}
	}
	state, err := json.Marshal(m)
	if err != nil {
		return err
	}
	o.States = append(o.States, State{start, state})
	return nil
}

// Diagnostics is an event's sensors as the API gives them: a JSON array of name and
// value, at most 50,000 characters.
func Diagnostics(e event.Event) string {
	text, err := json.Marshal(e.Document().Top)
	if err != nil || e.Top == nil {
		return "[]"
	}
	return string(text)
}
