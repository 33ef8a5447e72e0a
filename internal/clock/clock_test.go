package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRealWaitEndsAtItsInstant(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c Real
		start := c.Now()
		if err := c.Wait(t.Context(), start.Add(95*time.Second), nil); err != nil {
			t.Fatal(err)
		}
		if got := c.Now().Sub(start); got != 95*time.Second {
			t.Errorf("waited %s", got)
		}
	})
}

func TestWaitInThePastReturnsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		for _, c := range []Clock{Real{}, NewRehearsal(start, 60)} {
			if err := c.Wait(t.Context(), time.Time{}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if gone := time.Since(start); gone != 0 {
			t.Errorf("waited %s", gone)
		}
	})
}

func TestWaitEndsOnHint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hint := make(chan struct{}, 1)
		start := time.Now()
		time.AfterFunc(7*time.Second, func() { hint <- struct{}{} })
		if err := (Real{}).Wait(t.Context(), start.Add(time.Hour), hint); err != nil {
			t.Fatal(err)
		}
		if gone := time.Since(start); gone != 7*time.Second {
			t.Errorf("waited %s", gone)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := NewRehearsal(time.Now(), 0.5).Wait(ctx, time.Now().Add(time.Hour), nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := (Real{}).Wait(ctx, time.Time{}, nil); err == nil {
			t.Error("an ended context is not told when the instant has passed too")
		}
	})
}

// TestWaitNoticesAStep is what keeps a clock set an hour forward from delaying
// the next wake-up by that hour.
func TestWaitNoticesAStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		step := time.Duration(0)
		now := func() time.Time {
			if time.Since(start) > 40*time.Second {
				step = time.Hour
			}
			return time.Now().Add(step)
		}
		err := wait(t.Context(), start.Add(30*time.Minute), nil, now, func(d time.Duration) time.Duration { return d })
		if err != nil {
			t.Fatal(err)
		}
		if gone := time.Since(start); gone != 2*reread {
			t.Errorf("noticed after %s, want %s", gone, 2*reread)
		}
	})
}

func TestRehearsalGoesAtItsPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		from := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
		c := NewRehearsal(from, 60)
		start := time.Now()
		if err := c.Wait(t.Context(), from.Add(5*time.Minute), nil); err != nil {
			t.Fatal(err)
		}
		gone := time.Since(start)
		if gone < 5*time.Second || gone > 5*time.Second+time.Millisecond {
			t.Errorf("5 min at pace 60 took %s", gone)
		}
		if c.Now().Sub(from) != c.Boot() {
			t.Errorf("Now and Boot part: %s, %s", c.Now().Sub(from), c.Boot())
		}
	})
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		from string // "" for an error
		pace float64
	}{
		{"2026-01-05T00:00:00Z@60", "2026-01-05T00:00:00Z", 60},
		{"2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z", 1},
		{"2026-01-05T01:00:00+01:00@0.5", "2026-01-05T00:00:00Z", 0.5},
		{"2026-01-05@60", "", 0},
		{"2026-01-05T00:00:00Z@0", "", 0},
		{"2026-01-05T00:00:00Z@-1", "", 0},
		{"2026-01-05T00:00:00Z@NaN", "", 0},
		{"2026-01-05T00:00:00Z@fast", "", 0},
		{"2026-01-05T00:00:00Z@", "", 0},
		{"@", "", 0},
		{"now", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			src, err := Parse(tt.text)
			if tt.from == "" {
				if err == nil {
					t.Errorf("accepted: %+v", src)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r := src.(*Rehearsal)
			if got := r.from.Format(time.RFC3339); got != tt.from || r.pace != tt.pace {
				t.Errorf("got %s at %v", got, r.pace)
			}
		})
	}
	if src, err := Parse(""); err != nil || src != (Real{}) {
		t.Errorf("got %v, %v", src, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("2026-01-05T00:00:00Z@60")
	f.Add("@/clock")
	f.Fuzz(func(t *testing.T, text string) {
		if src, err := Parse(text); err == nil {
			src.Now()
		}
	})
}

func TestRealClockReadsTheMachine(t *testing.T) {
	t.Parallel()
	var c Real
	if c.Boot() <= 0 {
		t.Error("no boot time")
	}
	if d := time.Since(c.Now()); d.Abs() > time.Minute { // somebody may set it just now
		t.Errorf("Now is off by %s", d)
	}
	c.Synced() // either answer is right; it must not need rights
}
