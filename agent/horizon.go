package agent

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"millwright/ingest/seal"
	"millwright/internal/clock"
)

// reach is how far back and ahead rows of one component are taken: as far as
// any of its schedulers wants them.
type reach struct {
	frequency time.Duration // the longest
	overdue   time.Duration // the longest overdue_max
	ahead     time.Duration // the shortest max_ahead
}

// horizon tells which rows are taken (rulings 5 and 11).
type horizon struct {
	clock   clock.Clock
	watch   *clock.Watch
	first   time.Time // the agent's first start
	reaches map[string]reach
	names   string // the components, for the message about others
}

func newHorizon(src clock.Clock, watch *clock.Watch, first time.Time, streams []seal.Stream, ahead map[string]time.Duration) *horizon {
	h := &horizon{clock: src, watch: watch, first: first, reaches: map[string]reach{}}
	var names []string
	for _, s := range streams {
		r, known := h.reaches[s.Component]
		if !known {
			names = append(names, s.Component)
			r.ahead = ahead[s.Scheduler]
		}
		r.frequency = max(r.frequency, s.Cadence.Frequency)
		r.overdue = max(r.overdue, s.OverdueMax)
		r.ahead = min(r.ahead, ahead[s.Scheduler])
		h.reaches[s.Component] = r
	}
	slices.Sort(names)
	if len(names) > 8 {
		names = append(names[:8], "...")
	}
	h.names = strings.Join(names, ", ")
	return h
}

// unsureAhead is how far ahead of every time that was ever trusted rows are
// taken while the clock is not: as long as it mostly takes to find out.
const unsureAhead = 24 * time.Hour

// Accept gives the instants (Unix ns) between which rows of the component are
// taken: oldest < t <= newest. Older rows stay in their drop, newer ones go to
// quarantine. While the clock is unsettled it may be wrong in either direction,
// so both it and the newest time that was trusted have a say.
func (h *horizon) Accept(component string) (oldest, newest int64, ok bool, why string) {
	r, ok := h.reaches[component]
	if !ok {
		return 0, 0, false, fmt.Sprintf("no scheduler has the component %q (there are %s): add it to a scheduler's components, or correct the drop folder's component rule", component, h.names)
	}
	from := h.clock.Now()
	to := from
	if st := h.watch.State(); !st.Settled {
		if st.Known.Before(from) {
			from = st.Known
		} else {
			to = st.Known
		}
		to = to.Add(unsureAhead)
	}
	oldest = max(from.Add(-r.overdue).UnixNano(), h.first.Add(-r.frequency).UnixNano())
	return oldest, to.Add(r.ahead).UnixNano(), true, ""
}

// Unsure tells that rows beyond newest cannot be judged now.
func (h *horizon) Unsure() bool { return !h.watch.Settled() }
