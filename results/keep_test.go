package results

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/outbox"
	"millwright/internal/window"
)

// TestClockThatWasSetBack: a look by the wrong time is not the last one.
func TestClockThatWasSetBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	settled := true
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.uploaded(0)
	r.until(wake + 65*time.Second)
	settled = false
	r.clock.now = r.clock.now.Add(24 * time.Hour)
	r.pass()
	r.clock.now = r.clock.now.Add(-24 * time.Hour)
	settled = true
	r.until(wake + 9*time.Minute + 50*time.Second)
	r.put(0, r.lines(0, 0.1))
	r.clock.now = time.Unix(0, monday).Add(wake + 10*time.Minute)
	r.pass()
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Alert)
}

// TestClockThatBeginsInThePast: windows from long ago are paired once it is right.
func TestClockThatBeginsInThePast(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.put(0, r.lines(0, 0.1))
	settled := false
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.clock.now = time.Unix(1000, 0)
	r.pass()
	settled = true
	r.clock.now = time.Unix(0, monday).Add(10 * 24 * time.Hour)
	r.pass()
	r.is(0, window.Delivered)
}

// TestContradictoryStateHoldsNothingUp: no program has written it, a disk may have.
func TestContradictoryStateHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.must(r.ledger.CommitStep(t.Context(), outbox.Step{Scheduler: "pump", State: []byte(`{"fed_ns":0,"merger":{"event":{"rows":-1}},"events":{"x":3}}`)}))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.wantMessages(outbox.Change, "pump/20260105T080100Z/event/1")
}

func TestUnsettledClockLetsNoTimeOutPass(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	settled := false
	r.set.Settled = func() bool { return settled }
	r.restart()
	r.uploaded(0)
	r.until(2 * time.Hour)
	r.is(0, window.Awaited)
	settled = true
	r.until(2*time.Hour + 5*time.Minute)
	r.is(0, window.Missing)
}

// keptTwoDays has the first window delivered, and what is known of it kept so long.
func keptTwoDays(t *testing.T) *rig {
	r := newRig(t)
	r.sched.Keep = 48 * time.Hour
	r.restart()
	r.uploaded(0)
	r.put(0, r.lines(0, 0.9))
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	return r
}

// forgotten fails the test unless nothing is left of the first window.
func (r *rig) forgotten() {
	r.Helper()
	if o := r.outcome(0); o.Scoring != "" {
		r.Errorf("%+v", o)
	}
	if days, _ := os.ReadDir(filepath.Join(r.dir, "results", "pump")); len(days) != 0 {
		r.Errorf("%v", days)
	}
}

func TestWhatIsKeptLongEnoughGoes(t *testing.T) {
	t.Parallel()
	r := keptTwoDays(t)
	r.until(47 * time.Hour)
	r.f.r.prune(t.Context(), r.clock.Now())
	r.is(0, window.Delivered)
	r.until(72 * time.Hour)
	r.f.r.prune(t.Context(), r.clock.Now())
	r.forgotten()
	if ids, _ := r.messages(); len(ids) != 0 {
		t.Errorf("%v", ids)
	}
	r.until(80 * time.Hour)
	if o := r.outcome(0); o.Scoring != "" {
		t.Errorf("it came back: %+v", o)
	}
}

// TestFormerSchedulersAreForgottenToo: what they said last of how long holds.
func TestFormerSchedulersAreForgottenToo(t *testing.T) {
	t.Parallel()
	r := keptTwoDays(t)
	other := r.sched
	other.Name, other.Keep = "other", 720*time.Hour
	left := New([]Scheduler{other}, r.ledger, r.store, r.notes, r.clock, r.set, zaptest.NewLogger(t))
	left.prune(t.Context(), r.clock.Now().Add(30*time.Hour))
	r.is(0, window.Delivered)
	left.prune(t.Context(), r.clock.Now().Add(72*time.Hour))
	r.forgotten()
}
