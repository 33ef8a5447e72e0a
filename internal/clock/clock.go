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
