package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/clock"
)

// book is schedulers and the executions that were inserted.
type book struct {
	mu         sync.Mutex
	schedulers []Scheduler
	wakes      []Wake
	asked      int // for windows
	err        error
}

func (b *book) Schedulers(context.Context) ([]Scheduler, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.schedulers), b.err
}

func (b *book) Windows(_ context.Context, scheduler string, from, to int64) (have []Stretch, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	for _, w := range b.wakes {
		if w.Scheduler == scheduler && from <= w.Start && w.Start < to {
			have = append(have, Stretch{w.Start, w.End})
		}
	}
	return have, nil
}

func (b *book) Insert(_ context.Context, wakes []Wake) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range wakes {
		if !slices.ContainsFunc(b.wakes, func(o Wake) bool { return o.Scheduler == w.Scheduler && o.Start == w.Start }) {
			b.wakes = append(b.wakes, w)
		}
	}
	return nil
}

// at is a clock that stands still.
type stood struct{ now time.Time }

func (s *stood) Now() time.Time { return s.now }

func (s *stood) Wait(ctx context.Context, t time.Time, _ <-chan struct{}) error {
	s.now = t
	return ctx.Err()
}

func TestMissedRunsComeAfterDueOnes(t *testing.T) {
	t.Parallel()
	b := &book{}
	for i := range 3 {
		b.schedulers = append(b.schedulers, Scheduler{ID: fmt.Sprint("s", i), Frequency: five, Delay: time.Duration(i) * time.Minute, Ran: []Span{{From: noon().Add(-100 * time.Hour)}}})
	}
	c := &stood{noon().Add(time.Minute)}
	l := NewLoop(b, c, LoopOptions{Batch: 100}, zap.NewNop())
	passes := 0
	for {
		next, err := l.Pass(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if passes++; next.After(c.now) {
			break
		}
	}
	for i, w := range b.wakes {
		if w.MadeUp == (i < 3) {
			t.Fatalf("%d: %+v", i, w)
		}
		if w.MadeUp && (w.At.Before(c.now.Add(-24*time.Hour)) || i > 3 && w.At.Before(b.wakes[i-1].At)) {
			t.Fatalf("%d: %+v", i, w)
		}
	}
	if want := 3 * 289; passes != 9 || len(b.wakes) < want-3 || len(b.wakes) > want {
		t.Errorf("%d passes, %d runs", passes, len(b.wakes))
	}
	b.asked = 0
	if next, err := l.Pass(t.Context()); err != nil || b.asked != 0 || next != noon().Add(90*time.Second) {
		t.Errorf("%d questions with nothing to do, next at %s, %v", b.asked, next, err)
	}
}

func TestSeveralLoopsInsertEachWindowOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &book{}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // an hour and 40 minutes
		defer cancel()
		business := clock.NewRehearsal(noon(), 600)
		var wg sync.WaitGroup
		loops := make([]*Loop, 3)
		for i := range loops {
			loops[i] = NewLoop(b, business, LoopOptions{}, zap.NewNop())
			wg.Go(func() {
				if err := loops[i].Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
			})
		}
		time.Sleep(1010 * time.Millisecond) // 12:10:06
		b.mu.Lock()
		b.schedulers = []Scheduler{{ID: "a", Frequency: five, Delay: time.Minute, Ran: []Span{{From: business.Now()}}}}
		b.mu.Unlock()
		loops[0].Nudge()
		time.Sleep(4 * time.Second)
		b.mu.Lock()
		b.err = errors.New("the database is away")
		b.mu.Unlock()
		time.Sleep(2 * time.Second)
		b.mu.Lock()
		b.err = nil
		b.mu.Unlock()
		wg.Wait()
		var starts []int64
		made := 0
		for _, w := range b.wakes {
			starts = append(starts, w.Start)
			if w.MadeUp {
				made++
			}
		}
		slices.Sort(starts)
		if len(starts) != 17 || starts[0] != noon().Add(10*time.Minute).UnixNano() || starts[16]-starts[0] != 16*int64(five) || made < 2 || made > 4 {
			t.Errorf("%d windows from %s, %d made up", len(starts), time.Unix(0, starts[0]).UTC(), made)
		}
	})
}
