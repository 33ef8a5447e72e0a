package agent

import (
	"sync"
	"testing"
	"time"

	"millwright/ingest/seal"
	"millwright/internal/clock"
	"millwright/internal/window"
)

// machine is a clock that can be set, as root could.
type machine struct {
	clock.Real
	mu   sync.Mutex
	wall time.Time
	boot time.Duration
}

func (m *machine) Now() time.Time      { m.mu.Lock(); defer m.mu.Unlock(); return m.wall }
func (m *machine) Boot() time.Duration { m.mu.Lock(); defer m.mu.Unlock(); return m.boot }
func (m *machine) Synced() bool        { return false }

func (m *machine) pass(d, step time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wall, m.boot = m.wall.Add(d+step), m.boot+d
}

func TestHorizonOfAClockThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const overdue, ahead, year = 72 * time.Hour, 10 * time.Minute, 365 * 24 * time.Hour
	streams := []seal.Stream{{Scheduler: "s", Component: "pump-7", Cadence: window.Cadence{Frequency: 5 * time.Minute, Rate: time.Minute}, OverdueMax: overdue}}
	for _, c := range []struct {
		name         string
		last         time.Time     // in the ledger at the start
		step         time.Duration // after a minute
		then         time.Duration // and so long after it
		oldest, till time.Time
		unsure       bool
	}{
		{name: "trusted", then: time.Minute, oldest: now.Add(2*time.Minute - overdue), till: now.Add(2*time.Minute + ahead)},
		{name: "it leapt years ahead", step: year, oldest: now.Add(-overdue), till: now.Add(year + time.Minute + unsureAhead + ahead), unsure: true},
		{name: "it fell years back", step: -year, oldest: now.Add(time.Minute - year - overdue), till: now.Add(unsureAhead + ahead), unsure: true},
		{name: "it started years back", last: now.Add(year), oldest: now.Add(time.Minute - overdue), till: now.Add(year + unsureAhead + ahead), unsure: true},
		{name: "five quiet minutes later", step: year, then: 6 * time.Minute, oldest: now.Add(year + 7*time.Minute - overdue), till: now.Add(year + 7*time.Minute + ahead)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := &machine{wall: now, boot: time.Hour}
			w := clock.NewWatch(m, c.last)
			h := newHorizon(m, w, now.Add(-10*year), streams, map[string]time.Duration{"s": ahead})
			w.State()
			m.pass(time.Minute, c.step)
			w.State()
			m.pass(c.then, 0)
			unsure := h.Unsure()
			oldest, newest, ok, why := h.Accept("pump-7")
			if unsure != c.unsure || !ok || oldest != c.oldest.UnixNano() || newest != c.till.UnixNano() {
				t.Errorf("unsure %v, %s to %s, want %v, %s to %s (%s)", unsure, time.Unix(0, oldest).UTC(), time.Unix(0, newest).UTC(), c.unsure, c.oldest, c.till, why)
			}
		})
	}
}
