package take

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"
)

// An event brings a hint; folders made later are watched once they were listed.
func TestHints(t *testing.T) {
	t.Parallel()
	s := newSite(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.taker.Watch(ctx) }()
	hint := func(what string, act func()) {
		t.Helper()
		s.list()
		deadline := time.After(2 * time.Minute)
		for !s.taker.watch.active() { // the watches are set on Watch's goroutine
			select {
			case <-deadline:
				t.Fatalf("%s: no watch", what)
			case <-time.After(time.Millisecond):
			}
		}
		for {
			select {
			case <-s.taker.Hints(): // of what was before
				continue
			case <-time.After(100 * time.Millisecond):
			}
			break
		}
		start := time.Now()
		act()
		select {
		case <-s.taker.Hints():
			t.Logf("%s: hint after %s", what, time.Since(start))
		case <-deadline:
			t.Fatalf("%s: no hint", what)
		}
	}
	hint("new file", func() { s.put("a.csv", head) })
	hint("growing file", func() { s.put("a.csv", head+line(1)) })
	hint("new folder", func() {
		if err := os.Mkdir(s.path("pump-8"), 0o750); err != nil {
			t.Error(err)
		}
	})
	hint("file in the new folder", func() { s.put("pump-8/a.csv", head) })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("watch ended with %v", err)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	start := time.Now()
	const ms, s = time.Millisecond, time.Second
	for _, tc := range []struct {
		name          string
		took          time.Duration
		unsettled     bool
		again         time.Duration
		events, found bool
		want          time.Duration
	}{
		{"nothing, events", ms, false, 0, true, false, 5 * s},
		{"nothing, no events", ms, false, 0, false, false, 5 * s},
		{"nothing in a large folder, events", 10 * ms, false, 0, true, false, 30 * s},
		{"nothing in a large folder, no events", 10 * ms, false, 0, false, false, 10 * s},
		{"a file settles in 2 s", ms, true, 2 * s, true, false, 2 * s},
		{"a file settles now", ms, true, 0, true, false, 50 * ms},
		{"a file settles in a minute", ms, true, 60 * s, true, false, 5 * s},
		{"a file settles in 2 s, slow listing", 200 * ms, true, 2 * s, true, false, 10 * s},
		{"a very slow listing", 5 * s, true, 2 * s, true, false, 30 * s},
		{"drops were found", ms, false, 0, true, true, s},
	} {
		if got := (pace{}).next(start, tc.took, tc.unsettled, tc.again, tc.events, tc.found).Sub(start); got != tc.want {
			t.Errorf("%s: next after %s, want %s", tc.name, got, tc.want)
		}
	}
}
