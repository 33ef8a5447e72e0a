package lake_test

import (
	"testing"
	"time"

	"millwright/inference/lake"
)

func TestDaysAreThoseOfUTC(t *testing.T) {
	t.Parallel()
	const dayNanos = int64(24 * time.Hour)
	for ns, want := range map[int64]int64{0: 0, 1: 0, -1: -1, dayNanos: 1, dayNanos - 1: 0, -dayNanos: -1, -dayNanos - 1: -2} {
		if got := lake.DayOf(ns); got != want {
			t.Errorf("%d: %d, want %d", ns, got, want)
		}
	}
}
