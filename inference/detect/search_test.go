package detect

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/detect/frame"
)

// TestTheLimitForAnotherTargetIsThatOfATraining holds the whole file of a model whose
// limit was found again against that of a training for the same target.
func TestTheLimitForAnotherTargetIsThatOfATraining(t *testing.T) {
	t.Parallel()
	bumps := func(i int, cells []float64) {
		if i%400 > 380 {
			cells[6] += 0.2 * float64(i%7)
		}
	}
	f := plant{seed: 41, rows: 9000, holes: 0.02, fault: bumps}.frame()
	short := plant{seed: 42, rows: 1500}.frame()
	s := plant{}.settings()
	s.Labels.Normal = []frame.Range{{Start: f.Labels[3000], End: f.Labels[3500]}, {Start: f.Labels[8900], End: f.Labels[8901]}}
	limits := map[float64]bool{}
	for name, at := range map[string]*frame.Frame{"long": f, "short": short} {
		var first *Model
		for _, target := range []float64{1, 0.05, 0.3, 3, 12} {
			s.FalseAlarmsWeekly = target
			want := train(t, at, s)
			if first == nil {
				first = want
			}
			back := new(Model)
			if err := back.UnmarshalBinary(encoded(t, first)); err != nil {
				t.Fatal(err)
			}
			got, err := back.WithFalseAlarms(target)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(encoded(t, got), encoded(t, want)) {
				t.Errorf("%s, target %g: %+v %+v, a training gives %+v %+v", name, target, got.Limit(), got.Trained.Above, want.Limit(), want.Trained.Above)
			}
			if at == f {
				limits[got.Limit().Limit] = true
			}
		}
	}
	if len(limits) < 3 {
		t.Errorf("the targets come to %d limits: nothing was shown", len(limits))
	}
}

func TestTheLimitOfAnUpdateCanBeFoundAgain(t *testing.T) {
	t.Parallel()
	f := plant{seed: 43, rows: 12000}.frame()
	s := plant{}.settings()
	cut := f.Labels[6000]
	base := train(t, f.Between(0, cut), s)
	for _, to := range []int{7000, 12000} { // too few rows for a limit of their own, and enough
		with := func(target float64) *Model {
			s := s
			s.FalseAlarmsWeekly = target
			m, err := Update(t.Context(), base, f.Between(cut, f.Labels[to-1]), s, zap.NewNop())
			if err != nil {
				t.Fatal(err)
			}
			return m
		}
		got, err := with(1).WithFalseAlarms(0.1)
		if err != nil {
			t.Fatal(err)
		}
		want := with(0.1).Limit()
		if to == 7000 { // the base's
			again, err := base.WithFalseAlarms(0.1)
			if err != nil {
				t.Fatal(err)
			}
			want = again.Limit()
		}
		if got.Limit() != want {
			t.Errorf("to %d: %+v, not %+v", to, got.Limit(), want)
		}
	}
}

func TestTargetsThatCannotBeAndModelsThatDoNotKnow(t *testing.T) {
	t.Parallel()
	m := train(t, plant{seed: 44, rows: 3000}.frame(), plant{}.settings())
	for _, target := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if _, err := m.WithFalseAlarms(target); err == nil || errors.Is(err, ErrNoSearch) {
			t.Errorf("%g: %v", target, err)
		}
	}
	m.search = nil // as in an older file
	old := new(Model)
	if err := old.UnmarshalBinary(encoded(t, m)); err != nil {
		t.Fatal(err)
	}
	if _, err := old.WithFalseAlarms(2); !errors.Is(err, ErrNoSearch) {
		t.Error(err)
	}
	if same, err := old.WithFalseAlarms(old.Limit().Target); err != nil || same != old {
		t.Error(err)
	}
}

func TestTheSearchIsSmall(t *testing.T) {
	t.Parallel()
	s := plant{}.settings()
	f := plant{seed: 45, rows: 9000}.frame()
	for i := range 20 {
		s.Labels.Normal = append(s.Labels.Normal, frame.Range{Start: f.Labels[400*i], End: f.Labels[400*i+100]})
	}
	m := train(t, f, s)
	text, err := json.Marshal(m.search)
	if err != nil || len(text) > 8<<10 {
		t.Errorf("%d bytes for %s of rows (%v)", len(text), 9000*5*time.Minute, err)
	}
}
