package results

import (
	"context"
	"fmt"
	"time"

	"millwright/internal/outbox"
	"millwright/internal/window"
)

// tellAgain is how often at most an alarm that grows is told.
const tellAgain = time.Hour

// alarm stands while windows in a row have no result.
type alarm struct {
	Start      int64          `json:"start_ns"` // names it; that of the window it was raised for
	First      int64          `json:"first_ns"`
	Last       int64          `json:"last_ns"`
	Windows    int64          `json:"windows"`
	Kind       window.Scoring `json:"kind"` // of the last one
	Reason     string         `json:"reason"`
	Remedy     string         `json:"remedy"`
	Generation int64          `json:"generation"`
	Since      time.Time      `json:"since"`
	Told       time.Time      `json:"told"`
	Grown      bool           `json:"grown,omitempty"` // since it was told
}

func (a *alarm) covers(start int64) bool { return a != nil && a.First <= start && start <= a.Last }

// change is what a step does to a window: an alarm may follow from it.
type change struct {
	was window.Scoring
	is  window.Outcome
}

func bad(s window.Scoring) bool { return s == window.Missing || s == window.Failed }

// ring raises, grows or clears the alarm.
func (d *draft) ring() error {
	urgent := false
	for _, c := range d.changes {
		a, o := d.state.Alarm, c.is
		switch is, was := bad(o.Scoring), bad(c.was); {
		case is && !was && a == nil:
			d.state.Alarm = &alarm{
				Start: o.Start, First: o.Start, Last: o.Start, Windows: 1, Kind: o.Scoring,
				Reason: o.Reason, Remedy: o.Remedy, Since: d.now.business,
			}
			urgent = true
		case is && !was:
			a.First, a.Windows, a.Grown = min(a.First, o.Start), a.Windows+1, true
			if o.Start > a.Last {
				urgent = urgent || a.Kind != o.Scoring
				a.Last, a.Kind, a.Reason, a.Remedy = o.Start, o.Scoring, o.Reason, o.Remedy
			}
		case is && a.covers(o.Start) && o.Start == a.Last:
			a.Kind, a.Reason, a.Remedy = o.Scoring, o.Reason, o.Remedy // the service says why now
			urgent = true
		case !is && was && a.covers(o.Start):
			if a.Windows--; a.Windows > 0 && o.Start < a.Last {
				continue
			}
			if err := d.clear(); err != nil {
				return err
			}
		case o.Scoring == window.Delivered && a != nil && o.Start > a.Last:
			if err := d.clear(); err != nil {
				return err
			}
		}
	}
	a := d.state.Alarm
	if a == nil || !urgent && (!a.Grown || d.now.business.Sub(a.Told).Abs() < tellAgain) {
		return nil
	}
	how := outbox.Standing
	if a.Generation == 0 {
		how = outbox.Raised
	}
	return d.tell(how)
}

// clear ends the alarm. One that was raised in this very step is told too.
func (d *draft) clear() error {
	if d.state.Alarm.Generation == 0 {
		if err := d.tell(outbox.Raised); err != nil {
			return err
		}
	}
	err := d.tell(outbox.Cleared)
	d.state.Alarm = nil
	return err
}

func (d *draft) tell(how outbox.AlarmState) error {
	a := d.state.Alarm
	a.Generation++
	a.Told, a.Grown = d.now.business, false
	body := outbox.Alarm{
		Kind: a.Kind, State: how, First: stamp(a.First), Last: stamp(a.Last), Windows: a.Windows,
		Reason: a.Reason, Remedy: a.Remedy, Since: a.Since.UTC().Format(time.RFC3339),
	}
	if how == outbox.Cleared {
		body.Ended = d.now.business.UTC().Format(time.RFC3339)
	}
	return d.message(outbox.Alert, a.Start, a.Generation, "", body)
}

// The codes of what stands on the Board; the scope is the scheduler.
const (
	CodeMissing = "no-result" // windows in a row have none
	CodeStore   = "results"   // they cannot be looked for
	CodeService = "service"   // it cannot be asked
	CodeSite    = "on-site"   // they cannot be written down
)

// notice shows the alarm to people, or takes it away.
func (f *follower) notice(ctx context.Context) {
	a := f.state.Alarm
	if a == nil {
		f.r.board.Clear(ctx, f.Name, CodeMissing)
		return
	}
	what := fmt.Sprintf("the window of %s has no result: %s", stamp(a.First), a.Reason)
	if a.Windows > 1 {
		what = fmt.Sprintf("%d windows from %s to %s have no result; of the last one: %s", a.Windows, stamp(a.First), stamp(a.Last), a.Reason)
	}
	f.r.board.Stand(ctx, f.Name, CodeMissing, what, a.Remedy)
}
