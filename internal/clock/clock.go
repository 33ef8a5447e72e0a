// Package clock gives the two clocks of millwright: the business clock, whose
// time becomes data (windows, wake-ups, lateness), and its comparison with boot
// time, which tells whether wall time can be trusted. It sets no clock.
package clock

import (
	"context"
	"time"
)

// Clock is business time. Rehearsals run it faster and from another instant;
// settle times, signatures and network time-outs never use it.
type Clock interface {
	// Now is the business wall time, in UTC. It may step in either direction.
	Now() time.Time
	// Wait blocks until Now is at least t, hint delivers, or ctx ends. It reads
	// wall time again at least every 30 s, so that a step is noticed. It returns
	// only ctx's error.
	Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error
}

// Source is a Clock whose steps can be told, because a running time is known
// beside it. All methods may be called at any time from any goroutine.
type Source interface {
	Clock
	// Boot is a running time at the business clock's pace that never steps and
	// goes on while the machine is suspended. Only differences mean something.
	Boot() time.Duration
	// Synced says whether something vouches for Now at this moment: on a real
	// machine, whether the kernel calls its wall clock synchronised.
	Synced() bool
}

// reread is the longest real time for which wall time is not read while waiting.
const reread = 30 * time.Second

// wait is Clock.Wait for a clock that reads now and for which sleep turns a
// business duration into the real time to sleep before looking again.
func wait(ctx context.Context, t time.Time, hint <-chan struct{}, now func() time.Time, sleep func(time.Duration) time.Duration) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		left := t.Sub(now())
		if left <= 0 {
			return nil
		}
		timer.Reset(min(sleep(left), reread))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hint:
			return nil
		case <-timer.C:
		}
	}
}
