package upload

import (
	"math/rand/v2"
	"time"
)

const (
	firstPause = time.Second
	maxPause   = 5 * time.Minute
	gatePause  = 30 * time.Second
	askPause   = 2 * time.Second // until a window that is not at hand is asked for again
)

// pause is the time until the next attempt after failures in a row: 1 s,
// doubling up to limit, give or take a quarter. A window whose wake-up is ahead
// is tried at least four times in what is left until then.
func pause(failures int, left, limit time.Duration) time.Duration {
	d := limit
	if failures < 20 {
		d = min(limit, firstPause<<max(failures-1, 0))
	}
	if left > 0 {
		d = min(d, max(left/4, firstPause))
	}
	return d*3/4 + time.Duration(rand.Int64N(int64(d/2)+1))
}

// retryAt is when an item that failed may go again.
func (it *item) retryAt(now, real time.Time) time.Time {
	return real.Add(pause(it.failures, it.Wake.Sub(now), maxPause))
}
