package seal

import (
	"slices"
	"time"
)

// job is a window to be sealed now.
type job struct {
	lane *lane
	live *live
	wake time.Time
	seq  int64 // blocks with higher drop IDs came later and are not looked at

	again bool // its CSV was asked for
	exact bool // ... as it was sealed: what came since has no part in it, released or not
}

// due decides whether a window is to be sealed now. If not, at is when it may
// be, and zero when only a row, an upload or the clock can change that.
func (l *lane) due(w *live, now time.Time, wait Waiting) (yes bool, at time.Time) {
	switch {
	case !w.known || w.done || w.closed:
		return false, time.Time{}
	case wait.Span != nil:
		return l.dueWithin(w, now, *wait.Span), time.Time{}
	case w.generation == 0:
		return l.dueFirst(w, now, wait)
	default:
		return l.dueAgain(w, now, wait)
	}
}

// dueFirst is for a window without a file: never looked at, or silent so far.
func (l *lane) dueFirst(w *live, now time.Time, wait Waiting) (bool, time.Time) {
	if w.recorded && !w.changed() {
		return false, time.Time{} // silent, and nothing came
	}
	// Without rows the watermark says nothing: a drop that fills the gap may
	// still come until the latest time.
	complete := w.own > 0 && l.mark >= l.Cadence.End(w.start)
	if !wait.ClockSettled {
		return complete, time.Time{}
	}
	wake, latest := l.Cadence.Wake(w.start), l.Cadence.Latest(w.start)
	if live := now.Before(wake) || now.Before(latest.Add(grace)); live {
		return complete || !now.Before(latest), latest
	}
	// Overdue. What is left behind by a clock that stood ahead must not make
	// the window wait for that time to come again.
	if w.lastRow.After(now) {
		w.lastRow = now
	}
	quiet := w.lastRow.Add(l.Cadence.Frequency)
	return !now.Before(quiet), quiet
}

// dueAgain is for a window with a file.
func (l *lane) dueAgain(w *live, now time.Time, wait Waiting) (bool, time.Time) {
	if !w.changed() || w.uploaded {
		return false, time.Time{}
	}
	again := w.sealedAt.Add(coalesce)
	rested := !now.Before(again) || now.Before(w.sealedAt) // the latter: the clock was set back
	if w.overdue {
		return rested, again
	}
	cutoff, latest := l.Cadence.Cutoff(w.start, wait.Slowest), l.Cadence.Latest(w.start)
	if !now.Before(cutoff) {
		// Rows taken just before the cut-off are in time; their pass runs just
		// after it. While the clock is unsettled, whether they are is not known.
		return wait.ClockSettled && w.lastRow.Before(cutoff) && now.Before(l.Cadence.Wake(w.start)), time.Time{}
	}
	if !now.Before(latest) && w.sealedAt.Before(latest) {
		return true, time.Time{}
	}
	// The last rows before the cut-off cannot wait: there is no later sealing.
	final := cutoff.Add(-coalesce)
	if w.sealedAt.Before(latest) && latest.Before(again) {
		again = latest
	}
	if final.Before(again) {
		again = final
	}
	return rested || !now.Before(final), again
}

// plan lists what is to be sealed now: windows whose wake-up is near, earliest
// first; then others with W ahead, component by component, since neighbouring
// windows have much in common; then overdue ones, newest first.
func (s *Sealer) plan(now time.Time, wait Waiting) []job {
	var near, far, past []job
	for _, c := range s.components {
		if wait.holds(c.name) {
			continue
		}
		for _, l := range c.lanes {
			for _, start := range l.ordered() {
				w := l.windows[start]
				if yes, _ := l.due(w, now, wait); !yes {
					continue
				}
				j := job{lane: l, live: w, wake: l.Cadence.Wake(start), seq: c.seq}
				switch left := j.wake.Sub(now); {
				case left < 0:
					past = append(past, j)
				case left < soon:
					near = append(near, j)
				default:
					far = append(far, j)
				}
			}
		}
	}
	slices.SortFunc(near, func(a, b job) int { return a.wake.Compare(b.wake) })
	slices.SortFunc(past, func(a, b job) int { return b.wake.Compare(a.wake) })
	return slices.Concat(near, far, past)
}

// Due is when the next Seal or Close is worth it, unless a drop is taken or an
// upload verified before. It is after now.
func (s *Sealer) Due(now time.Time) time.Time {
	next := now.Add(idle)
	consider := func(t time.Time) {
		if t.After(now) && t.Before(next) {
			next = t
		}
	}
	for _, c := range s.components {
		for _, l := range c.lanes {
			consider(l.Cadence.Wake(l.next - l.frequency()))
			for _, w := range l.windows {
				if w.closed {
					continue
				}
				if w.recorded {
					consider(l.Cadence.Wake(w.start))
				}
				_, at := l.due(w, now, s.waiting)
				consider(at)
			}
		}
	}
	return next
}
