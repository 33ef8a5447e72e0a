package detect

import (
	"math"
	"strings"
	"testing"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// notes are what results of a frame give rise to.
func notes(t *testing.T, m *Model, f *frame.Frame) []string {
	t.Helper()
	a, s := m.NewAdvice(), m.NewSession()
	for i, label := range f.Labels {
		if err := s.Add(label, f.Row(i), func(r resultline.Row, k Remark) error { a.Add(r.Time, k); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return a.Notes()
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 90, rows: 5000}.frame(), plant{}.settings())
	usual := plant{seed: 91, rows: 1500}
	if got := notes(t, m, usual.frame()); got != nil {
		t.Errorf("usual operation: %q", got)
	}
	fast := usual
	fast.fault = func(i int, cells []float64) {
		if i > 700 && i < 1200 && cells[0] > 1300 {
			cells[0] += 900
		}
	}
	if got := notes(t, m, fast.frame()); len(got) != 1 || !strings.Contains(got[0], "train again") {
		t.Errorf("an operating point that is new: %q", got)
	}
	silent := usual
	silent.fault = func(i int, cells []float64) {
		if i > 700 && i < 1100 {
			cells[0] = math.NaN()
		}
	}
	if got := notes(t, m, silent.frame()); len(got) != 1 || !strings.Contains(got[0], `drive\speed has been silent`) {
		t.Errorf("the off sensor is silent: %q", got)
	}
}

// TestRestartsAreScored has each restart's score fall from high without standing at the
// threshold.
func TestRestartsAreScored(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 92, rows: 6000}.frame(), plant{}.settings())
	s := m.NewSession()
	f := plant{seed: 93, rows: 3000}.frame()
	rows, pinned := 0, 0
	for i, label := range f.Labels {
		err := s.Add(label, f.Row(i), func(r resultline.Row, k Remark) error {
			if k.State == frame.Restarting {
				rows++
				if r.Score == 0.5 {
					pinned++
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows == 0 || pinned > 0 {
		t.Errorf("%d of %d rows stand at the threshold", pinned, rows)
	}
}
