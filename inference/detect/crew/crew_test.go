package crew

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
)

func TestWorkIsPutInPlaceInOrder(t *testing.T) {
	t.Parallel()
	for cores, want := range map[int]int{0: runtime.GOMAXPROCS(0), 1: 1, 2: 1, 1000: max(1, runtime.GOMAXPROCS(0)-1)} {
		inOrder(t, New(cores), want)
	}
}

func inOrder(t *testing.T, c *Crew, want int) {
	t.Helper()
	if c.Size() != want {
		t.Errorf("%d hands, not %d", c.Size(), want)
	}
	var placed []int
	var working, most atomic.Int32
	for i := range 200 {
		c.Do(func(int) {
			if n := working.Add(1); n > most.Load() {
				most.Store(n)
			}
			for range i % 7 {
				runtime.Gosched()
			}
			working.Add(-1)
		}, func(int) { placed = append(placed, i) })
	}
	c.Wait()
	if len(placed) != 200 || !slices.IsSorted(placed) {
		t.Errorf("in place: %v", placed)
	}
	if n := int(most.Load()); n > c.Size() {
		t.Errorf("%d at a time", n)
	}
	c.Close()
}

func TestEachKeepsToTheCores(t *testing.T) {
	t.Parallel()
	var working, most atomic.Int32
	if err := Each(t.Context(), 1, 50, func(int) error {
		most.Store(max(most.Load(), working.Add(1)))
		runtime.Gosched()
		working.Add(-1)
		return nil
	}); err != nil || most.Load() != 1 {
		t.Errorf("%d at a time on one core (%v)", most.Load(), err)
	}
}

func TestEachGivesTheFirstError(t *testing.T) {
	t.Parallel()
	one, two := errors.New("one"), errors.New("two")
	err := Each(t.Context(), 0, 9, func(i int) error {
		switch i {
		case 3:
			return one
		case 7:
			return two
		}
		return nil
	})
	if !errors.Is(err, one) {
		t.Error(err)
	}
	if err := Each(t.Context(), 0, 0, nil); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Each(ctx, 0, 3, func(int) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
