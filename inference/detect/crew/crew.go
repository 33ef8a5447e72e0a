// Package crew shares work among goroutines and puts in place what comes of it in the
// order in which it was given out, so that sums do not depend on how many goroutines
// there are. It knows nothing of the work.
package crew

import (
	"context"
	"runtime"
	"sync"
)

// Crew is goroutines that share work. One other goroutine gives it out.
type Crew struct {
	size int
	jobs chan job      // nil: who gives work out does it too
	last chan struct{} // closed when the newest job is in place
	done sync.WaitGroup
}

type job struct {
	work, place  func(hand int)
	before, done chan struct{}
}

// New starts a Crew, which has to be closed: as many goroutines as Go runs at a time, or
// as leave who gives out the work one of so many cores; 0 is no bound.
func New(cores int) *Crew {
	if cores <= 0 {
		return start(runtime.GOMAXPROCS(0))
	}
	return start(min(cores, runtime.GOMAXPROCS(0)) - 1)
}

func start(goroutines int) *Crew {
	c := &Crew{size: max(goroutines, 1), last: make(chan struct{})}
	close(c.last)
	if goroutines > 0 {
		c.jobs = make(chan job, goroutines)
	}
	for hand := range goroutines {
		c.done.Go(func() { c.run(hand) })
	}
	return c
}

// Size is how many hands there are: goroutines, or who gives out the work.
func (c *Crew) Size() int { return c.size }

func (c *Crew) run(hand int) {
	for j := range c.jobs {
		j.do(hand)
	}
}

func (j job) do(hand int) {
	j.work(hand)
	<-j.before // taken up earlier, so another goroutine is at it
	if j.place != nil {
		j.place(hand)
	}
	close(j.done)
}

// Do has work done at some time, beside other work, and then place, by the same
// goroutine, after those of all earlier calls and never beside another. Both are told
// the goroutine, from 0 to Size-1, for what each of them keeps to work with. place may
// be nil. Do waits while as much work is waiting as there are goroutines.
func (c *Crew) Do(work, place func(hand int)) {
	j := job{work, place, c.last, make(chan struct{})}
	c.last = j.done
	if c.jobs == nil {
		j.do(0)
		return
	}
	c.jobs <- j
}

// Wait waits until all that was given out is in place.
func (c *Crew) Wait() { <-c.last }

// Close waits too, and ends the goroutines.
func (c *Crew) Close() {
	if c.jobs != nil {
		close(c.jobs)
	}
	c.done.Wait()
}

// Each calls fn for 0 to n-1, as many beside each other as there are cores (0: no bound),
// and gives the first error by number. When ctx ends it calls fn no more and gives ctx's
// error.
func Each(ctx context.Context, cores, n int, fn func(i int) error) error {
	most := runtime.GOMAXPROCS(0)
	if cores > 0 {
		most = min(most, cores)
	}
	c := start(min(most, n))
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
