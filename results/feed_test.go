package results

import (
	"testing"
	"time"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/outbox"
	"millwright/internal/window"
)

func TestEventsAreMadeInTheOrderOfTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 4 {
		r.uploaded(i)
	}
	r.put(1, r.lines(1, 0.9, 0.9, 0.9, 0.9, 0.9)) // before its forerunner
	r.until(wake + 6*time.Minute)
	r.is(1, window.Delivered)
	r.wantMessages(outbox.Change)
	r.put(0, r.lines(0, 0.1, 0.1, 0.1, 0.8, 0.9))
	r.until(wake + 8*time.Minute)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Change, "pump/20260105T080400Z/event/1")
	r.restart()
	r.put(2, r.lines(2, 0.99, 0.1, 0.1, 0.1, 0.1))
	r.until(wake + 12*time.Minute)
	r.wantMessages(outbox.Change, "pump/20260105T080400Z/event/1", "pump/20260105T080400Z/event/2")
	// Nothing comes any more: nobody knows when it ended.
	r.until(4 * time.Hour)
	r.wantMessages(outbox.Change, "pump/20260105T080400Z/event/1", "pump/20260105T080400Z/event/2", "pump/20260105T080400Z/event/3")
	events, err := r.ledger.Events(t.Context(), ledger.EventFilter{Scheduler: "pump"})
	if err != nil || len(events) != 1 {
		t.Fatalf("%v %v", events, err)
	}
	if e := events[0]; e.State != event.Unknown || e.Rows != 8 || e.Peak != 0.99 || e.Generation != 3 || e.Top[0].Name != `a\x` {
		t.Errorf("%+v", e)
	}
}

// TestWindowThatIsNotKnownYetHasItsTurn: its record may come behind that of a
// later one.
func TestWindowThatIsNotKnownYetHasItsTurn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i := range 4 {
		r.put(i, r.lines(i, 0.9))
	}
	r.uploaded(0)
	r.until(wake + time.Minute)
	r.uploaded(2)
	r.until(wake + 11*time.Minute)
	r.is(2, window.Delivered)
	r.uploaded(1)
	r.uploaded(3)
	r.until(wake + 16*time.Minute)
	for i := range 4 {
		r.is(i, window.Delivered)
	}
	events, err := r.ledger.Events(t.Context(), ledger.EventFilter{Scheduler: "pump"})
	if err != nil || len(events) != 1 || events[0].Rows != 4 {
		t.Errorf("%+v %v", events, err)
	}
	// One that never comes holds nobody up for ever.
	r.put(5, r.lines(5, 0.9))
	r.uploaded(5)
	r.until(wake + 26*time.Minute)
	if events, _ := r.ledger.Events(t.Context(), ledger.EventFilter{Scheduler: "pump"}); events[0].Rows != 4 {
		t.Errorf("%+v", events)
	}
	r.until(wake + 31*time.Minute)
	if events, _ := r.ledger.Events(t.Context(), ledger.EventFilter{Scheduler: "pump"}); events[0].Rows != 5 {
		t.Errorf("%+v", events)
	}
}
