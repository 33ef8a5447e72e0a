package seal

import (
	"math"
	"slices"
	"time"
)

// dueWithin is for one-shot work: a window is sealed at once, unless its
// scheduler has still to read it.
func (l *lane) dueWithin(w *live, now time.Time, span Span) bool {
	switch {
	case w.start < span.From, l.Cadence.End(w.start) > span.To, now.Before(l.Cadence.Wake(w.start)):
		return false
	case w.generation == 0:
		return !w.recorded || w.changed()
	default:
		return w.changed() && !w.uploaded
	}
}

// bridge makes the windows between those that rows came for, as far as a value
// may be held into them: the others have nothing to say. It makes none after
// the last row.
func (l *lane) bridge(now time.Time) {
	if l.columns == nil || l.columns.longest < 0 {
		return
	}
	starts := slices.Clone(l.ordered())
	reach := int64(math.MinInt64) // values are held at most until then
	for i := 0; i+1 < len(starts); i++ {
		if w := l.windows[starts[i]]; w.own > 0 {
			reach = math.MaxInt64
			if end := l.Cadence.End(w.start); l.columns.longest < math.MaxInt64-end {
				reach = end + l.columns.longest
			}
		}
		for s := starts[i] + l.frequency(); s < starts[i+1] && s < reach; s += l.frequency() {
			l.window(s, now)
		}
	}
}
