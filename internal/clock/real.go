package clock

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// Real is the machine's own wall clock.
type Real struct{}

var _ Source = Real{}

// Now drops the monotonic reading: a difference of two wall times has to show a
// step between them.
func (Real) Now() time.Time { return time.Now().Round(0).UTC() }

// Wait implements Clock.
func (r Real) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	return wait(ctx, t, hint, r.Now, func(left time.Duration) time.Duration { return left })
}

// Boot is CLOCK_BOOTTIME, which no one can set and which counts suspended time.
func (Real) Boot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return 0 // no Linux since 2.6.39 says so; at 0 every reading looks like a jump, which is the safe side
	}
	return time.Duration(ts.Nano())
}

// Synced asks the kernel, which knows it from whatever disciplines the clock. It
// changes nothing and needs no rights.
func (Real) Synced() bool {
	var tx unix.Timex
	_, err := unix.Adjtimex(&tx)
	return err == nil && tx.Status&unix.STA_UNSYNC == 0
}
