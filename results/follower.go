package results

import (
	"context"
	"maps"
	"slices"

	"go.uber.org/zap"

	"millwright/internal/executions"
)

// follower does the work for one scheduler. Only its own goroutine uses it.
type follower struct {
	*Scheduler
	r   *Results
	log *zap.Logger

	loaded   bool
	thorough bool // look for windows as far back as they are kept
	state    state
	line     []place // windows whose rows are in no event yet, ascending
	waits    map[int64]*waiting

	rules    string // under which objects are judged, in one word
	crowded  bool   // a listing did not come to its end
	unlisted bool   // the store refuses to list
	relist   moment // when it is asked again
	veiled   bool   // and it calls forbidden what may not be there

	nextPair   moment
	nextLook   moment
	nextAsk    moment
	nextSurvey moment
	nextDaily  moment
	failures   int  // looks in a row that did not get through to the store
	stumbles   int  // passes in a row that failed on this side, each of which may have fetched a result in vain
	partial    bool // the last look did not come to all windows whose turn it was
}

func newFollower(r *Results, s *Scheduler) *follower {
	return &follower{Scheduler: s, r: r, log: r.log.With(zap.String("scheduler", s.Name)), thorough: true, waits: map[int64]*waiting{}, rules: rules(r.set, s)}
}

// run works until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		n := read(f.r.clock)
		switch err := f.pass(ctx, n); {
		case err == nil && !f.loaded: // it waits for its turn after a failure
		case err == nil:
			f.stumbles = 0
			f.r.board.Clear(ctx, f.Name, CodeSite)
		case !over(ctx, err):
			f.log.Error("follow results", zap.Error(err))
			f.r.board.Stand(ctx, f.Name, CodeSite, "results cannot be written down: "+executions.Printable(err.Error(), 500),
				"look at the disk of state_dir, its room and its owner; it is tried again by itself")
			f.loaded = false // memory may be ahead of the ledger
			f.nextPair = n.after(min(recheck<<min(f.stumbles, 10), lastRecheck))
			f.stumbles++
		}
		f.r.set.Turned(f.Name)
		_ = wait(ctx, f.r.clock, f.next(read(f.r.clock))) // the loop looks at ctx itself
	}
}

// pass does everything that is due.
func (f *follower) pass(ctx context.Context, n now) error {
	if !f.loaded {
		if !f.nextPair.past(n) {
			return nil
		}
		if err := f.load(ctx, n); err != nil {
			return err
		}
		f.loaded = true
		f.notice(ctx)
	}
	if f.nextPair.past(n) {
		if err := f.pair(ctx, n); err != nil {
			return err
		}
		f.nextPair = f.nextPairing(n)
	}
	if err := f.look(ctx, n); err != nil {
		return err
	}
	if err := f.ask(ctx, n); err != nil {
		return err
	}
	if err := f.decide(ctx, n); err != nil {
		return err
	}
	if err := f.survey(ctx, n); err != nil {
		return err
	}
	// What waited for a window that did not come has its turn now, and an event
	// may have ended by silence.
	if len(f.line) > 0 || len(f.state.Events) > 0 {
		return f.draft(n).commit(ctx)
	}
	return nil
}

// nextPairing is the next wake-up, or earlier while a window waits for the bucket.
func (f *follower) nextPairing(n now) moment {
	next := n.at(f.Cadence.Wake(f.Cadence.Next(n.business)))
	for _, w := range f.waits {
		if w.Uploaded.IsZero() {
			return sooner(next, n.after(recheck))
		}
	}
	return next
}

// next is when the next pass is worth it.
func (f *follower) next(n now) moment {
	next := f.nextPair
	if !f.loaded {
		return next
	}
	for _, w := range f.waits {
		if at, any := f.lookable(n, w); any {
			next = sooner(next, at)
		}
		if at, any := f.askable(n, w); any && f.r.set.Service != nil {
			next = sooner(next, later(at, f.nextAsk))
		}
	}
	for _, p := range f.line {
		if at := f.Cadence.Wake(p.start).Add(f.Timeout); at.After(n.business) {
			next = sooner(next, n.at(at))
			break
		}
	}
	survey := f.nextSurvey
	if f.failures > 0 {
		survey = later(survey, f.nextLook)
	}
	return sooner(next, survey)
}

// lookable is when a window is to be looked for, if it is.
func (f *follower) lookable(n now, w *waiting) (moment, bool) {
	r := w.ready()
	end := w.end(f.Timeout)
	var at moment
	switch late := !n.business.Before(end); {
	case late && !w.last:
		at = n.after(0)
	case !r.IsZero() && w.looks == 0:
		at = n.at(r.Add(firstLook))
	case !r.IsZero() && !late:
		at = sooner(f.nextLook, n.at(end))
	case !r.IsZero():
		at = f.nextLook
	case !late:
		at = n.at(end)
	default:
		return at, false
	}
	if f.held() {
		at = later(at, f.nextLook)
	}
	return at, true
}

func sooner(a, b moment) moment {
	if b.business.Before(a.business) {
		a.business = b.business
	}
	if b.real.Before(a.real) {
		a.real = b.real
	}
	return a
}

func later(a, b moment) moment {
	if b.business.After(a.business) {
		a.business = b.business
	}
	if b.real.After(a.real) {
		a.real = b.real
	}
	return a
}

// ordered gives the starts of the open windows, ascending.
func (f *follower) ordered() []int64 { return slices.Sorted(maps.Keys(f.waits)) }
