package results

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"millwright/internal/event"
	"millwright/internal/window"
)

// former gives the states of schedulers that were followed once. Those that keep
// holds for are left out.
func (r *Results) former(ctx context.Context, keep func(*Scheduler) bool) (map[string]state, error) {
	left := map[string]state{}
	err := r.ledger.EachFollowed(ctx, func(name string, body []byte) {
		var s state
		if json.Unmarshal(body, &s) == nil {
			left[name] = s
		}
	})
	for i := range r.schedulers {
		if keep(&r.schedulers[i]) {
			delete(left, r.schedulers[i].Name)
		}
	}
	return left, err
}

// dismiss ends what no result will end, since its scheduler is not followed any
// more: the alarm at once, and an open event a day after its last row. Until then
// it goes on if the scheduler comes back.
func (r *Results) dismiss(ctx context.Context, n now) error {
	left, err := r.former(ctx, func(s *Scheduler) bool { return s.Bucket != "" })
	if err != nil {
		return err
	}
	var errs []error
	for name, s := range left {
		f := newFollower(r, &Scheduler{Name: name, Keep: s.Keep, Cadence: window.Cadence{Frequency: time.Second}, Rule: event.Rule{Gap: daily}})
		if f.state = s; f.sound() != nil {
			f.state.Merger, f.state.Events = nil, nil
		}
		if err := f.dismissed(ctx, n); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(errs...)
}

func (f *follower) dismissed(ctx context.Context, n now) error {
	d := f.draft(n)
	if a := d.state.Alarm; a != nil {
		a.Reason, a.Remedy = "its results are not followed any more: the configuration has no such scheduler, or no output of it", "nothing to do"
		if err := d.clear(); err != nil {
			return err
		}
		f.log.Info("the alarm of a scheduler that is not followed any more is cleared")
	}
	return d.commit(ctx)
}

// pruneFormer forgets what schedulers have left that are not configured any
// more: it is kept for as long as they said last.
func (r *Results) pruneFormer(ctx context.Context, now time.Time) error {
	left, err := r.former(ctx, func(*Scheduler) bool { return true })
	if err != nil {
		return err
	}
	maps.DeleteFunc(left, func(_ string, s state) bool { return s.Keep <= 0 })
	for name, s := range left {
		r.pruneOf(ctx, name, now.Add(-s.Keep))
	}
	return nil
}
