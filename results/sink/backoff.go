package sink

import (
	"math/rand/v2"
	"time"
)

const (
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	longestAsk  = time.Hour // what another side can ask for
)

// backoff is how long to wait after the n-th failure in a row, from 1: twice as
// long each time, and never in step with other agents that lost the same server.
func backoff(n int, asked time.Duration) time.Duration {
	d := longestWait
	if n < 10 {
		d = min(d, firstWait<<(n-1))
	}
	d = d*3/4 + rand.N(d/4)
	return max(d, min(asked, longestAsk))
}
