package clock

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// machine is a Source whose wall clock can be set, as root could.
type machine struct {
	Real
	mu     sync.Mutex
	wall   time.Time
	boot   time.Duration
	synced bool
}

func newMachine() *machine {
	return &machine{wall: time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), boot: time.Hour}
}

func (m *machine) Now() time.Time      { m.mu.Lock(); defer m.mu.Unlock(); return m.wall }
func (m *machine) Boot() time.Duration { m.mu.Lock(); defer m.mu.Unlock(); return m.boot }
func (m *machine) Synced() bool        { m.mu.Lock(); defer m.mu.Unlock(); return m.synced }

func (m *machine) pass(d time.Duration) { m.wall, m.boot = m.wall.Add(d), m.boot+d }
func (m *machine) set(d time.Duration)  { m.wall = m.wall.Add(d) }

func wantSettled(t *testing.T, w *Watch, settled bool, reason string) {
	t.Helper()
	got := w.State()
	if got.Settled != settled || !strings.Contains(got.Reason, reason) {
		t.Errorf("settled %v (%s), want %v (%s)", got.Settled, got.Reason, settled, reason)
	}
	if w.Settled() != settled {
		t.Error("Settled and State differ")
	}
}

func TestWatchUnsettlesOnAStep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		by      time.Duration
		settled bool
		reason  string
	}{
		{"an hour forward", time.Hour, false, "stepped forward by 1h0m0s"},
		{"two minutes back", -2 * time.Minute, false, "stepped back by 2m0s"},
		{"a minute is within the limit", time.Minute, true, "no step"},
		{"a correction of seconds", -20 * time.Second, true, "no step"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine()
			w := NewWatch(m, time.Time{})
			m.pass(10 * time.Second)
			wantSettled(t, w, true, "")
			m.set(tt.by)
			wantSettled(t, w, tt.settled, tt.reason)
		})
	}
}

func TestWatchSettlesAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		then   func(m *machine, w *Watch)
		reason string // "" when it stays unsettled
	}{
		{"the kernel is synchronised", func(m *machine, _ *Watch) { m.synced = true }, "kernel"},
		{"the store agrees", func(m *machine, w *Watch) { w.StoreDate(m.Now().Add(-29 * time.Second)) }, "store's Date"},
		{"the store does not agree", func(m *machine, w *Watch) { w.StoreDate(m.Now().Add(31 * time.Second)) }, ""},
		{"five quiet minutes", func(m *machine, _ *Watch) { m.pass(5 * time.Minute) }, "no step for 5m0s"},
		{"not quite five minutes", func(m *machine, _ *Watch) { m.pass(5*time.Minute - 1) }, ""},
		{"the clock is set back to what it was", func(m *machine, _ *Watch) { m.pass(time.Minute); m.set(-time.Hour) }, "agrees with boot time"},
		{"another step begins the wait anew", func(m *machine, w *Watch) {
			m.pass(4 * time.Minute)
			m.set(10 * time.Minute)
			w.State()
			m.pass(4 * time.Minute)
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine()
			w := NewWatch(m, time.Time{})
			m.set(time.Hour)
			wantSettled(t, w, false, "stepped")
			tt.then(m, w)
			wantSettled(t, w, tt.reason != "", tt.reason)
		})
	}
}

func TestWatchBehindTheLedger(t *testing.T) {
	t.Parallel()
	m := newMachine()
	last := m.Now().Add(26 * time.Hour) // no battery behind the clock: it starts in the past
	w := NewWatch(m, last)
	wantSettled(t, w, false, "26h0m0s behind the newest time in the ledger")
	m.set(26 * time.Hour) // then something sets it, and it is still not known that this was right
	wantSettled(t, w, false, "stepped forward")
	m.synced = true
	wantSettled(t, w, true, "kernel")

	wantSettled(t, NewWatch(newMachine(), newMachine().Now()), true, "")
}

// TestWatchFollowsSlewing is why a clock that is disciplined by 500 ppm for
// weeks never looks stepped, while many small steps do add up.
func TestWatchFollowsSlewing(t *testing.T) {
	t.Parallel()
	m := newMachine()
	w := NewWatch(m, time.Time{})
	for range 14 * 24 * 120 {
		m.pass(30 * time.Second)
		m.set(15 * time.Millisecond)
		if !w.Settled() {
			t.Fatalf("unsettled: %s", w.State().Reason)
		}
	}
	for range 3 {
		m.pass(30 * time.Second)
		m.set(25 * time.Second)
		w.State()
	}
	wantSettled(t, w, false, "stepped")
}

func TestWatchKeepsTheFirstStepsTime(t *testing.T) {
	t.Parallel()
	m := newMachine()
	w := NewWatch(m, time.Time{})
	m.set(time.Hour)
	first := w.State().Since
	m.pass(time.Minute)
	m.set(time.Hour)
	if got := w.State().Since; !got.Equal(first) {
		t.Errorf("since %s, want %s", got, first)
	}
}

func TestWatchIsSafeForSeveralGoroutines(t *testing.T) {
	t.Parallel()
	m := newMachine()
	w := NewWatch(m, time.Time{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				w.Settled()
				w.StoreDate(m.Now())
			}
		})
	}
	wg.Wait()
}
