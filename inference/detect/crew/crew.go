// Package crew shares work among goroutines and puts in place what comes of it in the
// order in which it was given out, so that sums do not depend on how many goroutines
// there are. It knows nothing of the work.
package crew

import (
	"context"
	"runtime"
	"sync"
)

// Crew is as many goroutines as Go runs at a time. One goroutine gives out the work.
type Crew struct {
	size int
	jobs chan job
	last chan struct{} // closed when the newest job is in place
	done sync.WaitGroup
}

type job struct {
	work, place  func(hand int)
	before, done chan struct{}
}

// New starts a Crew, which has to be closed.
func New() *Crew {
	n := runtime.GOMAXPROCS(0)
	c := &Crew{size: n, jobs: make(chan job, n), last: make(chan struct{})}
	close(c.last)
	for hand := range n {
		c.done.Go(func() { c.run(hand) })
	}
	return c
}

// Size is how many goroutines there are.
func (c *Crew) Size() int { return c.size }

func (c *Crew) run(hand int) {
	for j := range c.jobs {
		j.work(hand)
		<-j.before // taken up earlier, so another goroutine is at it
		if j.place != nil {
			j.place(hand)
		}
		close(j.done)
	}
}

// Do has work done at some time, beside other work, and then place, by the same
// goroutine, after those of all earlier calls and never beside another. Both are told
// the goroutine, from 0 to Size-1, for what each of them keeps to work with. place may
// be nil. Do waits while as much work is waiting as there are goroutines.
func (c *Crew) Do(work, place func(hand int)) {
	j := job{work, place, c.last, make(chan struct{})}
	c.last = j.done
	c.jobs <- j
}

// Wait waits until all that was given out is in place.
func (c *Crew) Wait() { <-c.last }

// Close waits too, and ends the goroutines.
func (c *Crew) Close() {
	close(c.jobs)
	c.done.Wait()
}

// Each calls fn for 0 to n-1, beside each other, and gives the first error by number.
// When ctx ends it calls fn no more and gives ctx's error.
func Each(ctx context.Context, n int, fn func(i int) error) error {
	c := New()
	errs := make([]error, n)
	for i := range n {
		c.Do(func(int) {
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = fn(i)
			}
		}, nil)
	}
	c.Close()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
