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
	c := New()
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
	if n := int(most.Load()); n > runtime.GOMAXPROCS(0) {
		t.Errorf("%d at a time", n)
	}
	c.Close()
}

func TestEachGivesTheFirstError(t *testing.T) {
	t.Parallel()
	one, two := errors.New("one"), errors.New("two")
	err := Each(t.Context(), 9, func(i int) error {
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
	if err := Each(t.Context(), 0, nil); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Each(ctx, 3, func(int) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
