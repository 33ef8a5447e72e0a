package take

import "time"

// pace decides how often the folders are listed. Large folders are slow to list,
// so listing never takes more than a fiftieth of the time; with nothing to wait
// for it takes a five thousandth.
type pace struct{}

const (
	soonest  = 20 * time.Millisecond // two listings, however eager
	eager    = 5 * time.Second       // longest wait while files are not settled
	idle     = 5 * time.Second       // shortest wait with nothing in sight
	idleSeen = 30 * time.Second      // longest then, with events
	idleDark = 10 * time.Second      // and without
)

// next gives the time of the next listing after one that began at start. again
// is when the first unsettled file may be settled.
func (pace) next(start time.Time, took time.Duration, unsettled bool, again time.Duration, events, found bool) time.Time {
	least := min(max(soonest, 50*took), idleSeen)
	switch {
	case found: // more may have come while those are read
		return start.Add(max(least, time.Second))
	case unsettled:
		return start.Add(max(least, min(again, eager)))
	case events:
		return start.Add(min(max(idle, 5000*took), idleSeen))
	default:
		return start.Add(max(least, min(max(idle, 5000*took), idleDark)))
	}
}
