package detect

import (
	"testing"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// TestOperatingPointsThatAreNew trains on two of three speeds; twice the highest is no operating point.
func TestOperatingPointsThatAreNew(t *testing.T) {
	t.Parallel()
	two := func(f *frame.Frame) *frame.Frame {
		g := &frame.Frame{Columns: f.Columns}
		for i, label := range f.Labels {
			if v := f.Row(i)[0]; v < 750 || v > 1150 {
				g.Append(label, f.Row(i))
			}
		}
		return g
	}
	m := train(t, two(plant{seed: 110, rows: 9000}.frame()), plant{}.settings())
	if m.limit.Unseen <= m.limit.Limit {
		t.Fatalf("%+v", m.limit)
	}
	alarms := func(m *Model, p plant) (unseen, rows int) {
		f := p.frame()
		s := m.NewSession()
		for i, label := range f.Labels {
			err := s.Add(label, f.Row(i), func(r resultline.Row, k Remark) error {
				if k.Unseen && k.State == frame.Running {
					rows++
					unseen += r.Prediction
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		return unseen, rows
	}
	healthy := plant{seed: 111, rows: 4000}
	strict := *m
	strict.limit.Unseen = m.limit.Limit
	got, rows := alarms(m, healthy)
	with, _ := alarms(&strict, healthy)
	if rows < 500 || got*2 > with && got > rows/10 {
		t.Errorf("%d of %d rows at the new speed are anomalous, %d with the limit of the others", got, rows, with)
	}
	overspeed := healthy
	overspeed.fault = func(_ int, cells []float64) {
		if cells[0] > 1200 {
			cells[0] *= 2
		}
	}
	if got, rows = alarms(m, overspeed); got < rows/2 {
		t.Errorf("%d of %d rows of overspeed are anomalous", got, rows)
	}
}
