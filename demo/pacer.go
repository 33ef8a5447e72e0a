//go:build !agent

package demo

import (
	"context"
	"math"
	"sync"
	"time"

	"millwright/internal/clock"
)

// pacer is business time that waits for those who work by it. Up to a limit it goes
// at full speed, from there on it crawls until the limit is moved: on a machine that
// is busy with other things a window's file would otherwise come after its wake-up,
// and plant time has to be as patient with it as real time would be. It never steps.
type pacer struct {
	from time.Time // where it began

	mu           sync.Mutex
	base         time.Time // what it was at since
	since        time.Time // with a monotonic reading
	limit        time.Time
	speed, crawl float64       // business seconds per second
	moved        chan struct{} // closed by the next change
}

var _ clock.Source = (*pacer)(nil)

// crawling is the part of the speed at which time goes on beyond the limit. It may
// not stand still: pauses are measured in it.
const crawling = 60

// longest is the real time after which a waiting goroutine looks again in any case.
const longest = 30 * time.Second

// newPacer makes a clock that stands still at from.
func newPacer(from time.Time) *pacer {
	return &pacer{from: from, base: from, since: time.Now(), limit: from, moved: make(chan struct{})}
}

// run sets it going.
func (p *pacer) run(speed float64) {
	p.change(func() { p.speed, p.crawl = speed, max(1, speed/crawling) })
}

// allow moves the limit, never back.
func (p *pacer) allow(until time.Time) {
	p.change(func() {
		if until.After(p.limit) {
			p.limit = until
		}
	})
}

func (p *pacer) change(how func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base, p.since = p.now()
	how()
	close(p.moved)
	p.moved = make(chan struct{})
}

// now gives business and real time.
func (p *pacer) now() (business, read time.Time) {
	read = time.Now()
	left := read.Sub(p.since).Seconds()
	fast := 0.0 // seconds of it at speed
	if p.speed > 0 {
		fast = min(left, max(0, p.limit.Sub(p.base).Seconds()/p.speed))
	}
	gone := fast*p.speed + (left-fast)*p.crawl
	return p.base.Add(time.Duration(gone * float64(time.Second))), read
}

// Now implements clock.Clock.
func (p *pacer) Now() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, _ := p.now()
	return now
}

// Wait implements clock.Clock.
func (p *pacer) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, moved := p.until(t)
		if d <= 0 {
			return nil
		}
		timer.Reset(min(d, longest))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hint:
			return nil
		case <-moved:
		case <-timer.C:
		}
	}
}

// until gives the real time until t as things stand, and what tells that they
// changed.
func (p *pacer) until(t time.Time) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, _ := p.now()
	left := t.Sub(now).Seconds()
	if left <= 0 {
		return 0, p.moved
	}
	if p.speed == 0 {
		return longest, p.moved
	}
	fast := min(left, max(0, p.limit.Sub(now).Seconds()))
	seconds := fast/p.speed + (left-fast)/p.crawl
	// A nanosecond more, so that rounding cannot make the last wait a spin.
	return time.Duration(min(seconds*float64(time.Second), math.MaxInt32*float64(time.Second))) + 1, p.moved
}

// Boot implements clock.Source.
func (p *pacer) Boot() time.Duration { return p.Now().Sub(p.from) }

// Synced implements clock.Source: nothing else could know better.
func (p *pacer) Synced() bool { return true }
