package results

import (
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// advance adds the rows of windows to the events, in the order of time: a
// window's turn comes when all before it have their result or are given up.
// What comes for a window later is on site, but changes no event.
func (d *draft) advance() error {
	n := 0
	for ; n < len(d.line); n++ {
		p := d.line[n]
		if p.scoring == window.Awaited && !d.passed(n) || d.hole(p) {
			break
		}
		var err error
		if p.scoring == window.Delivered {
			err = d.feed(p)
		} else {
			err = d.gone(d.f.Cadence.End(p.start))
		}
		if err != nil {
			return err
		}
		d.state.Fed = p.start
	}
	d.line = d.line[n:]
	if len(d.line) == 0 && len(d.state.Events) > 0 && d.f.r.set.Settled() {
		// Nothing is awaited: what has no window by now will have none.
		past := d.f.Cadence.Next(d.now.business.Add(-d.f.Timeout))
		if err := d.gone(past); err != nil {
			return err
		}
	}
	for i := range d.step.Events {
		e := &d.step.Events[i]
		if err := d.message(outbox.Change, e.Start, e.Generation, "", e.Document()); err != nil {
			return err
		}
	}
	return nil
}

// passed tells whether the nth window holds the others up no longer: one that
// waits for the bucket and has no result there either, while later ones have theirs.
func (d *draft) passed(n int) bool {
	p := d.line[n]
	if w := d.f.waits[p.start]; w == nil || !w.last {
		return false
	}
	if p.sent || d.now.business.Before(d.f.Cadence.Wake(p.start).Add(d.f.Timeout)) || !d.f.r.set.Settled() {
		return false
	}
	for _, later := range d.line[n+1:] {
		if later.scoring == window.Delivered {
			return true
		}
	}
	return false
}

// hole tells whether the window before p is not known of and may still come: after
// a kill its record can be made anew behind that of a later one.
func (d *draft) hole(p place) bool {
	before := p.start - int64(d.f.Cadence.Frequency)
	if d.state.Fed == 0 || before <= d.state.Fed {
		return false
	}
	return d.now.business.Before(d.f.Cadence.Wake(before).Add(d.f.Timeout)) || !d.f.r.set.Settled()
}

// feed adds the rows of a delivered window.
func (d *draft) feed(p place) error {
	if p.path == "" { // pruned while its scheduler was not followed
		return d.gone(d.f.Cadence.End(p.start))
	}
	m, err := d.merging()
	if err != nil {
		return err
	}
	file, err := os.Open(filepath.Join(d.f.r.set.Dir, filepath.FromSlash(p.path)))
	if err != nil {
		d.f.log.Warn("a result is not on site any more: its rows are in no event", zap.String("path", p.path), zap.Error(err))
		return d.gone(d.f.Cadence.End(p.start))
	}
	defer file.Close()
	err = resultline.Read(file, d.f.r.set.Limits, func(row resultline.Row) error {
		d.change(m.Add(row))
		return nil
	})
	if err != nil {
		d.f.log.Warn("a result on site cannot be read any more: its rows are in no event", zap.String("path", p.path), zap.Error(err))
	}
	return nil
}

// gone says that no rows are to be had up to then.
func (d *draft) gone(until int64) error {
	if len(d.state.Events) == 0 && len(d.step.Events) == 0 {
		return nil
	}
	m, err := d.merging()
	if err == nil {
		d.change(m.Gone(until))
	}
	return err
}

// merging is the step's own merger, made of what the last step left.
func (d *draft) merging() (*event.Merger, error) {
	if d.merger != nil {
		return d.merger, nil
	}
	m := event.New(d.f.Rule)
	if d.state.Merger != nil {
		if err := m.UnmarshalJSON(d.state.Merger); err != nil {
			return nil, fmt.Errorf("read the open event: %w", err)
		}
	}
	d.merger = m
	return m, nil
}

// change notes events that rows have changed; what happens to one within a step
// is told once.
func (d *draft) change(events []event.Event) {
	for _, e := range events {
		d.note(e)
	}
}

func (d *draft) note(e event.Event) {
	for i := range d.step.Events {
		if d.step.Events[i].ID == e.ID {
			d.step.Events[i].Event = e
			if e.State != event.Open {
				delete(d.state.Events, e.ID)
			}
			return
		}
	}
	next := outbox.Event{Scheduler: d.f.Name, Event: e, Generation: d.state.Events[e.ID] + 1}
	d.step.Events = append(d.step.Events, next)
	if e.State != event.Open {
		delete(d.state.Events, e.ID)
		return
	}
	if d.state.Events == nil {
		d.state.Events = map[string]int64{}
	}
	d.state.Events[e.ID] = next.Generation
}
