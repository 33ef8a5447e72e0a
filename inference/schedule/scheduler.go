package schedule

import (
	"slices"
	"time"

	"millwright/internal/window"
)

// Scheduler is what decides when an inference scheduler runs.
type Scheduler struct {
	ID        string
	Frequency time.Duration // F
	Delay     time.Duration // the data delay offset
	Ran       []Span        // when it was RUNNING, oldest first
}

// Span is a stretch of time from From until before To; a zero To has not come yet.
type Span struct{ From, To time.Time }

// Stretch is the rows From < t <= To of a window, Unix ns.
type Stretch struct{ From, To int64 }

// Wake is a run that is to be.
type Wake struct {
	Scheduler  string
	Start, End int64     // the window's rows are those with Start < t <= End, Unix ns
	At         time.Time // the wake-up
	MadeUp     bool      // it was missed
}

// Runs tells whether the window at start is one of the scheduler's: it ends while
// the scheduler is RUNNING, and its wake-up finds it so without a stop between.
func (s Scheduler) Runs(start int64) bool {
	c := s.cadence()
	end, wake := time.Unix(0, c.End(start)), c.Wake(start)
	return slices.ContainsFunc(s.Ran, func(r Span) bool {
		return end.After(r.From) && (r.To.IsZero() || wake.Before(r.To))
	})
}

// Newest is the start of the newest window whose wake-up is not after now.
func (s Scheduler) Newest(now time.Time) int64 {
	c := s.cadence()
	end := now.UnixNano() - int64(s.Delay)
	return c.Start(end+1) - int64(s.Frequency)
}

// Next is the first wake-up after now, whether or not the scheduler will be RUNNING.
func (s Scheduler) Next(now time.Time) time.Time {
	return s.cadence().Wake(s.Newest(now) + int64(s.Frequency))
}

// Oldest is the start of the oldest window that is still made up for at now.
func (s Scheduler) Oldest(now time.Time, catchUp time.Duration) int64 {
	return s.Newest(now.Add(-catchUp-1)) + int64(s.Frequency)
}

// Due is the run whose turn it is at now; false when have covers a part of its
// window, or the scheduler was not RUNNING.
func (s Scheduler) Due(now time.Time, have []Stretch) (Wake, bool) {
	start := s.Newest(now)
	if !s.Runs(start) || covered(have, start, start+int64(s.Frequency)) {
		return Wake{}, false
	}
	return s.wake(start, false), true
}

// Missed are the runs before the due one that never were, oldest first, back to
// catchUp before now. Have is the windows of executions there are, in any order;
// those of a former frequency count too.
func (s Scheduler) Missed(now time.Time, catchUp time.Duration, have []Stretch) []Wake {
	have = slices.Clone(have)
	slices.SortFunc(have, func(a, b Stretch) int { return int(min(1, max(-1, a.From-b.From))) })
	var missed []Wake
	for start, newest := s.Oldest(now, catchUp), s.Newest(now); start < newest; start += int64(s.Frequency) {
		for len(have) > 0 && have[0].To <= start {
			have = have[1:]
		}
		if s.Runs(start) && !covered(have[:min(1, len(have))], start, start+int64(s.Frequency)) {
			missed = append(missed, s.wake(start, true))
		}
	}
	return missed
}

func (s Scheduler) wake(start int64, madeUp bool) Wake {
	c := s.cadence()
	return Wake{Scheduler: s.ID, Start: start, End: c.End(start), At: c.Wake(start), MadeUp: madeUp}
}

func (s Scheduler) cadence() window.Cadence {
	return window.Cadence{Frequency: s.Frequency, Delay: s.Delay}
}

// covered tells whether one of have overlaps from < t <= to.
func covered(have []Stretch, from, to int64) bool {
	return slices.ContainsFunc(have, func(h Stretch) bool { return h.From < to && h.To > from })
}
