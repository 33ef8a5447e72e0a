//go:build !agent

package demo

import (
	"context"
	"sync"
	"time"

	"millwright/internal/clock"
)

// pacer is business time that waits for those who work by it: on a machine that is
// busy with other things a window's file would otherwise come after its wake-up, and
// plant time has to be as patient with it as real time would be. It never steps and,
// once it is let go, never stands still.
type pacer struct {
	from time.Time // where it began

	mu    sync.Mutex
	base  time.Time // what it was at since
	since time.Time // with a monotonic reading
	legs  []leg     // from base on; the last one has no end
	moved chan struct{}
}

// leg is a stretch of time and how fast it goes by.
type leg struct {
	until time.Time
	pace  float64 // business seconds per second
}

var _ clock.Source = (*pacer)(nil)

// longest is the real time after which a waiting goroutine looks again in any case.
const longest = 30 * time.Second

// newPacer makes a clock that stands still at from.
func newPacer(from time.Time) *pacer {
	return &pacer{from: from, base: from, since: time.Now(), legs: []leg{{}}, moved: make(chan struct{})}
}

// goes has time go by as the legs say from now on, and beyond them as fast as the
// last one. Legs that have passed do no harm.
func (p *pacer) goes(legs ...leg) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base, p.since = p.now()
	p.legs = legs
	close(p.moved)
	p.moved = make(chan struct{})
}

// now gives business and real time.
func (p *pacer) now() (business, read time.Time) {
	read = time.Now()
	t, left := p.base, read.Sub(p.since).Seconds()
	for i, l := range p.legs {
		room := max(0, l.until.Sub(t).Seconds())
		if i == len(p.legs)-1 || left*l.pace <= room {
			return t.Add(seconds(left * l.pace)), read
		}
		t, left = t.Add(seconds(room)), left-room/l.pace
	}
	return t, read
}

// until gives the real time until t as things stand, 0 when it has passed, and what
// tells that they have changed.
func (p *pacer) until(t time.Time) (time.Duration, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, _ := p.now()
	if !at.Before(t) {
		return 0, p.moved
	}
	var real float64
	for i, l := range p.legs {
		to := t
		if i < len(p.legs)-1 && l.until.Before(t) {
			to = l.until
		}
		if !at.Before(to) {
			continue
		}
		if l.pace <= 0 {
			return longest, p.moved
		}
		real += to.Sub(at).Seconds() / l.pace
		at = to
	}
	// A nanosecond more, so that rounding cannot make the last wait a spin.
	return min(seconds(min(real, longest.Seconds()))+1, longest), p.moved
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

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
		timer.Reset(d)
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

// Boot implements clock.Source.
func (p *pacer) Boot() time.Duration { return p.Now().Sub(p.from) }

// Synced implements clock.Source: nothing else could know better.
func (p *pacer) Synced() bool { return true }
