package clock

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rehearsal is a business clock that ran from an instant at a multiple of real
// time. It never steps.
type Rehearsal struct {
	from    time.Time
	pace    float64
	started time.Time // with a monotonic reading
}

var _ Source = (*Rehearsal)(nil)

// NewRehearsal starts a clock at from that goes pace times as fast as real time.
func NewRehearsal(from time.Time, pace float64) *Rehearsal {
	return &Rehearsal{from: from.Round(0).UTC(), pace: pace, started: time.Now()}
}

// Course tells when it was which time first, business and real, and how many times
// as fast it goes.
func (r *Rehearsal) Course() (from, started time.Time, pace float64) {
	return r.from, r.started, r.pace
}

// Now implements Clock.
func (r *Rehearsal) Now() time.Time { return r.from.Add(r.Boot()) }

// Wait implements Clock.
func (r *Rehearsal) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	return wait(ctx, t, hint, r.Now, func(left time.Duration) time.Duration {
		// One nanosecond more, so that rounding cannot make the last sleep a spin.
		return time.Duration(min(float64(left)/r.pace, float64(reread))) + 1
	})
}

// Boot is the business time since the start.
func (r *Rehearsal) Boot() time.Duration {
	return time.Duration(float64(time.Since(r.started)) * r.pace)
}

// Synced is always true: nothing else could know better.
func (r *Rehearsal) Synced() bool { return true }

// Parse reads what --rehearse takes: "" is the real clock, T@N a rehearsal from
// the instant T (RFC 3339) at N times the pace, T alone the same at N = 1. Builds
// for tests also take @FILE, a clock that steps when FILE says so.
func Parse(text string) (Source, error) {
	if text == "" {
		return Real{}, nil
	}
	from, pace, paced := strings.Cut(text, "@")
	if from == "" {
		return stepping(pace)
	}
	t, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return nil, fmt.Errorf("read the rehearsal's start %q: write it like 2026-01-05T00:00:00Z@60", from)
	}
	if !paced {
		return NewRehearsal(t, 1), nil
	}
	n, err := parsePace(pace)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("read the rehearsal's pace %q: give a number above 0, such as 60 for a minute per second", pace)
	}
	return NewRehearsal(t, n), nil
}

func parsePace(text string) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0, err
	}
	if n < 0 || n > 1e6 || math.IsNaN(n) {
		return 0, errors.New("not from 0 to 1000000")
	}
	return n, nil
}
