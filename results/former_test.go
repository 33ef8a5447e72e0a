package results

import (
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/outbox"
	"millwright/internal/window"
)

// without is what a configuration finds that has another scheduler, or the same
// one without output.
func (r *rig) without(s Scheduler) *Results {
	return New([]Scheduler{s}, r.ledger, r.store, r.notes, r.clock, r.set, zaptest.NewLogger(r))
}

// TestAlarmEndsWithItsScheduler: nobody would ever clear it, and a receiver would
// show it for good.
func TestAlarmEndsWithItsScheduler(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Scheduler){
		"another name": func(s *Scheduler) { s.Name = "other" },
		"no output":    func(s *Scheduler) { s.Bucket = "" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.uploaded(0)
			r.until(wake + time.Hour)
			r.is(0, window.Missing)
			n := now{r.clock.Now(), r.real}
			r.must(r.f.r.dismiss(t.Context(), n))
			r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1")
			sched, told := r.sched, 0
			change(&sched)
			r.set.Sent = func() { told++ }
			left := r.without(sched)
			for range 2 {
				r.must(left.dismiss(t.Context(), n))
			}
			r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1", "pump/20260105T080000Z/alarm/2")
			_, ms := r.messages(outbox.Alert)
			var a outbox.Alarm
			r.must(json.Unmarshal(ms[1].Body, &a))
			if a.State != outbox.Cleared || a.Ended == "" || a.Windows != 1 || a.Reason == "" || told != 1 || len(r.notes) != 0 {
				t.Errorf("%+v, told %d times, notes %v", a, told, r.notes)
			}
			r.restart() // it is back
			r.uploaded(20)
			r.until(20*5*time.Minute + wake + time.Hour)
			r.is(20, window.Missing)
			r.wantMessages(outbox.Alert, "pump/20260105T080000Z/alarm/1", "pump/20260105T080000Z/alarm/2", "pump/20260105T094000Z/alarm/1")
		})
	}
}

// TestOpenEventOutlivesItsSchedulerForADay: it goes on if the scheduler is back.
func TestOpenEventOutlivesItsSchedulerForADay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.until(wake + time.Minute)
	other := r.sched
	other.Name = "other"
	left := r.without(other)
	dismiss := func(after time.Duration) {
		r.must(left.dismiss(t.Context(), now{r.clock.Now().Add(after), r.real}))
	}
	dismiss(23 * time.Hour)
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1")
	dismiss(25 * time.Hour)
	dismiss(26 * time.Hour)
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1", "pump/20260105T080100Z/event/2")
	if _, ms := r.messages(outbox.Change); !json.Valid(ms[1].Body) {
		t.Errorf("%s", ms[1].Body)
	}
}
