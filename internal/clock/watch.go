package clock

import (
	"fmt"
	"sync"
	"time"
)

const (
	// jump is how far wall time may part from boot time before it is a step.
	jump = 60 * time.Second
	// calm is how long no jump must have come for wall time to be trusted again.
	calm = 5 * time.Minute
	// agree is how near the store's Date must be.
	agree = 30 * time.Second
	// slew is the part of running time by which a clock may be disciplined
	// without that ever adding up to a jump: twice what the kernel does at most.
	slew = 1000 // one in a thousand
)

// State tells whether wall time may decide about lateness.
type State struct {
	Settled bool
	Reason  string    // what made it so, in words
	Since   time.Time // business wall time of the change
	Known   time.Time // the newest wall time that could be trusted
}

// Watch tells whether a Source's wall time can be trusted. It starts settled
// unless wall time is behind last, gets unsettled by a step, and settles again
// when something vouches for wall time or no step comes for five minutes. It
// looks whenever it is asked, so ask at least every 30 s. It is safe for use by
// several goroutines.
type Watch struct {
	src Source

	mu      sync.Mutex
	state   State
	ahead   time.Duration // wall minus boot, as believed
	good    time.Duration // ahead when it was last settled
	known   bool          // good was ever known
	looked  time.Duration // boot time of the last look
	stepped time.Duration // boot time of the last step
}

// NewWatch begins to watch src. last is the newest wall time the ledger has
// seen, zero for none.
func NewWatch(src Source, last time.Time) *Watch {
	w := &Watch{src: src}
	now, boot := src.Now(), src.Boot()
	w.ahead, w.looked, w.stepped = sinceEpoch(now)-boot, boot, boot
	w.state = State{Settled: true, Reason: "no step seen since the start", Since: now, Known: now}
	if now.Before(last) {
		w.state.Known = last
		w.state.Settled = false
		w.state.Reason = fmt.Sprintf("at the start it was %s behind the newest time in the ledger", last.Sub(now).Round(time.Second))
	}
	w.good, w.known = w.ahead, w.state.Settled
	return w
}

// State looks at the clock and tells how it stands.
func (w *Watch) State() State {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
	return w.state
}

// Settled looks at the clock and tells whether wall time may decide about
// forced sealing, lateness, rows far ahead and time-outs of results.
func (w *Watch) Settled() bool { return w.State().Settled }

// StoreDate tells what a store's answer that just came in said of the time.
func (w *Watch) StoreDate(date time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.look()
	now := w.src.Now()
	if !w.state.Settled && now.Sub(date).Abs() <= agree {
		w.settle(now, "the store's Date agrees")
	}
}

func (w *Watch) look() {
	now, boot := w.src.Now(), w.src.Boot()
	ahead := sinceEpoch(now) - boot
	if by := ahead - w.ahead; by.Abs() > jump {
		w.step(now, boot, ahead)
	} else {
		most := (boot - w.looked) / slew
		w.ahead += min(max(by, -most), most)
	}
	w.looked = boot
	if w.state.Settled {
		w.good, w.known, w.state.Known = w.ahead, true, now
		return
	}
	switch {
	case w.known && (ahead-w.good).Abs() <= jump:
		w.settle(now, "it agrees with boot time again")
	case w.src.Synced():
		w.settle(now, "the kernel says it is synchronised")
	case boot-w.stepped >= calm:
		w.settle(now, "no step for "+calm.String())
	}
}

// step notes that wall time left boot time. The first step of several is the one
// that Since tells.
func (w *Watch) step(now time.Time, boot, ahead time.Duration) {
	by := (ahead - w.ahead).Round(time.Second)
	w.ahead, w.stepped = ahead, boot
	since := now
	if !w.state.Settled {
		since = w.state.Since
	}
	where := "forward"
	if by < 0 {
		where = "back"
	}
	w.state = State{Reason: fmt.Sprintf("wall time stepped %s by %s", where, by.Abs()), Since: since, Known: w.state.Known}
}

func (w *Watch) settle(now time.Time, why string) {
	w.state = State{Settled: true, Reason: why, Since: now, Known: now}
	w.good, w.known = w.ahead, true
}

func sinceEpoch(t time.Time) time.Duration { return time.Duration(t.UnixNano()) }
