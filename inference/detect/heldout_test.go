package detect

import (
	"testing"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// TestHeldOutRowsTellFaultsThatAreLabelled trains on a history with a fault that is
// labelled: the fits to the rest of the history see it, and little else.
func TestHeldOutRowsTellFaultsThatAreLabelled(t *testing.T) {
	t.Parallel()
	p := plant{seed: 61, rows: 6000, fault: func(i int, cells []float64) {
		if i >= 3000 && i < 3200 {
			cells[6] += 0.8
		}
	}}
	f, s := p.frame(), p.settings()
	s.Labels.Anomaly = []frame.Range{{Start: f.Labels[3000], End: f.Labels[3199]}}
	var inside, alarms, outside, off int
	last := int64(0)
	s.HeldOut = func(r resultline.Row) {
		if r.Time <= last {
			t.Errorf("row %d after %d", r.Time, last)
		}
		last = r.Time
		switch {
		case r.Reason == resultline.MachineOff:
			off++
		case frame.Holds(s.Labels.Anomaly, r.Time):
			inside++
			alarms += r.Prediction
		default:
			outside += r.Prediction
		}
		if r.HasScore && (r.Score > 0.5) != r.Anomalous() {
			t.Errorf("%+v", r)
		}
	}
	m := train(t, f, s)
	if off != m.Trained.Off || inside < 100 || 10*alarms < 7*inside || outside > 60 {
		t.Errorf("%d of %d rows of the fault, %d others, %d off of %d", alarms, inside, outside, off, m.Trained.Off)
	}
}
