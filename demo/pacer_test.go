//go:build !agent

package demo

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacerStandsStillUntilItIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(begin())
		time.Sleep(time.Hour)
		if !p.Now().Equal(begin()) || p.Boot() != 0 {
			t.Errorf("it is %s", p.Now())
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := p.Wait(ctx, begin().Add(time.Second), nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPacerGoesFastThenSlowly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(begin())
		p.goes(leg{begin().Add(time.Hour), 1800}, leg{begin().Add(2 * time.Hour), 90}, leg{pace: 1})
		for _, step := range []struct {
			real time.Duration
			want time.Duration
		}{
			{time.Second, 30 * time.Minute},
			{time.Second, time.Hour},
			{20 * time.Second, 90 * time.Minute},
			{20 * time.Second, 2 * time.Hour},
			{time.Minute, 2*time.Hour + time.Minute},
		} {
			time.Sleep(step.real)
			if got := p.Boot(); (got - step.want).Abs() > time.Millisecond {
				t.Errorf("it is %s after the start, want %s", got, step.want)
			}
		}
	})
}

// TestPacerWaitsAcrossLegs is what keeps a wake-up from being slept through when the
// limit is moved while somebody waits for it.
func TestPacerWaitsAcrossLegs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(begin())
		p.goes(leg{begin().Add(time.Hour), 1800}, leg{pace: 1})
		start := time.Now()
		time.AfterFunc(12*time.Second, func() { p.goes(leg{pace: 3600}) })
		if err := p.Wait(t.Context(), begin().Add(2*time.Hour), nil); err != nil {
			t.Fatal(err)
		}
		// An hour in 2 s, 10 s at a crawl, the rest within a second.
		if gone := time.Since(start); gone < 12900*time.Millisecond || gone > 13*time.Second {
			t.Errorf("waited %s", gone)
		}
		if p.Now().Before(begin().Add(2 * time.Hour)) {
			t.Errorf("it is %s", p.Now())
		}
	})
}

func TestPacerNeverGoesBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(begin())
		last := p.Now()
		for i := range 100 {
			p.goes(leg{begin().Add(time.Duration(i%7) * time.Hour), 7200}, leg{begin().Add(time.Hour), 360}, leg{pace: 1})
			time.Sleep(time.Duration(i) * time.Millisecond)
			if now := p.Now(); now.Before(last) {
				t.Fatalf("%s after %s", now, last)
			}
			last = p.Now()
		}
	})
}
