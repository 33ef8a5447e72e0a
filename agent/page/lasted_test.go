package page

import (
	"testing"
	"time"

	"millwright/internal/event"
)

func TestAnOpenEventLastsUntilNow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	e := event.Document{Start: now.Add(-20 * time.Minute), End: now.Add(-11 * time.Minute), Duration: 540}
	for state, want := range map[event.State]time.Duration{event.Open: 20 * time.Minute, event.Closed: 9 * time.Minute} {
		if e.State = state; lasted(e, now) != length(want) {
			t.Errorf("%s: %s", state, lasted(e, now))
		}
	}
}
