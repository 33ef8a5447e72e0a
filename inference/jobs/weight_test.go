package jobs

import (
	"testing"
	"time"

	"millwright/inference/store"
)

// What trainings were measured to take at the most: 360 MB with 300 sensors in three
// modes, 190 MB with half a million rows.
func TestWeightIsAboveWhatWasMeasured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		sensors   int
		rows      float64
		low, high int64 // MiB
	}{
		{300, 12_000, 400, 800},
		{8, 500_000, 190, 400},
		{12, 12_000, 64, 128},
		{25, 1_500_000, 400, 800},
	} {
		if w := weight(c.sensors, c.rows) >> 20; w < c.low || w > c.high {
			t.Errorf("%d sensors, %.0f rows: %d MiB", c.sensors, c.rows, w)
		}
	}
}

func TestRowsOnTheGridAreThoseOfTheTrainingRange(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, 1+n, 0, 0, 0, 0, time.UTC) }
	s := store.Span{DataStart: day(0), DataEnd: day(100), Rows: 100 * 86400}
	v := store.ModelVersion{VersionDetail: store.VersionDetail{SamplingRate: "PT5M"}}
	if n := gridRows(s, v); n != 100*288+1 {
		t.Error(n)
	}
	v.TrainingStart, v.TrainingEnd = day(-50), day(10)
	if n := gridRows(s, v); n != 10*288+1 {
		t.Error(n)
	}
	v.TrainingStart, v.TrainingEnd = day(200), day(210)
	if n := gridRows(s, v); n != 0 {
		t.Error(n)
	}
	v.SamplingRate = ""
	if n := gridRows(s, v); n != 100*86400 {
		t.Error(n)
	}
}

func TestRowsAreCutWhereTheOlderOnesAreTheShareThatIsLearnt(t *testing.T) {
	t.Parallel()
	e := extent{rows: 100, start: 1000, hours: []int{10, 0, 30, 40, 20}, end: 1000 + int64(5*time.Hour)}
	for share, want := range map[float64]int64{0.8: 4, 0.79: 3, 0.4: 3, 0.1: 2, 0.05: 0} {
		if got := e.cut(share); got != 1000+want*int64(time.Hour) {
			t.Errorf("%g: hour %d, not %d", share, (got-1000)/int64(time.Hour), want)
		}
	}
}
