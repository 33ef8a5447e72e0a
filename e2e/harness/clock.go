package harness

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Clock is the agent's business clock, kept in a file that builds with -tags
// testclock read. It goes on over restarts of the agent.
type Clock struct {
	t    testing.TB
	path string

	mu     sync.Mutex
	real   time.Time // when running time was set
	at     time.Time // running time then
	pace   float64
	step   time.Duration
	synced bool
}

// NewClock makes a clock that stands at the instant at and goes pace times as
// fast as real time; 0 lets it stand still.
func NewClock(t testing.TB, at time.Time, pace float64) *Clock {
	c := &Clock{t: t, path: filepath.Join(t.TempDir(), "clock"), real: time.Now(), at: at, pace: pace}
	c.write()
	return c
}

// Flag is what the agent's --rehearse takes.
func (c *Clock) Flag() string { return "@" + c.path }

// Now is the wall time that the agent sees.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running().Add(c.step).UTC()
}

// Advance lets d pass at once. The agent sees no step.
func (c *Clock) Advance(d time.Duration) { c.change(func() { c.at = c.at.Add(d) }) }

// Until lets time pass at once until running time is t.
func (c *Clock) Until(t time.Time) {
	c.change(func() {
		if t.After(c.at) {
			c.at = t
		}
	})
}

// Step sets wall time forward or back by d, as root or NTP would.
func (c *Clock) Step(d time.Duration) { c.change(func() { c.step += d }) }

// Pace changes how fast time goes.
func (c *Clock) Pace(pace float64) { c.change(func() { c.pace = pace }) }

// Synced sets what the kernel says of the clock.
func (c *Clock) Synced(synced bool) { c.change(func() { c.synced = synced }) }

func (c *Clock) running() time.Time {
	return c.at.Add(time.Duration(float64(time.Since(c.real)) * c.pace))
}

// change first brings running time up to now, so that it never goes back.
func (c *Clock) change(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.real = c.running(), time.Now()
	f()
	c.write()
}

func (c *Clock) write() {
	line := fmt.Sprintf("%s %s %g %s", c.real.UTC().Format(time.RFC3339Nano), c.at.UTC().Format(time.RFC3339Nano), c.pace, c.step)
	if c.synced {
		line += " synced"
	}
	if err := os.WriteFile(c.path+".tmp", []byte(line+"\n"), 0o600); err != nil {
		c.t.Error(err)
	}
	if err := os.Rename(c.path+".tmp", c.path); err != nil {
		c.t.Error(err)
	}
}
