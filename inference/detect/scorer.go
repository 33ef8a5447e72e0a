package detect

import (
	"math"

	"millwright/inference/detect/frame"
	"millwright/internal/resultline"
)

// Scorer gives the results of a machine's rows, one after another. What it says of
// a row depends on the model and the Context rows up to it.
type Scorer struct {
	m        *Model
	features *features
	r        *measures
	running  *average // of running rows
	restart  *average // of rows of the restart time
	blame    *ring    // each row's contributions
	shares   []float64
	label    int64
	row      resultline.Row
	remark   Remark
}

// Remark tells more of the newest row.
func (s *Scorer) Remark() Remark { return s.remark }

// NewScorer makes a Scorer that has seen no rows.
func (m *Model) NewScorer() *Scorer {
	d := len(m.basis.columns)
	s := &Scorer{
		m: m, features: newFeatures(&m.basis), r: newMeasures(1, d),
		running: newAverage(m.basis.spans.Score, m.calibration.Usual), restart: newAverage(m.basis.spans.Score, m.calibration.Usual),
		blame: newRing(m.basis.spans.Score, d), shares: make([]float64, d),
	}
	for _, c := range m.basis.columns {
		s.row.Diagnostics = append(s.row.Diagnostics, resultline.Share{Name: m.names[c].String()})
	}
	return s
}

// Add takes the next row and gives its result, valid until the next call.
func (s *Scorer) Add(r frame.Row) resultline.Row {
	if s.label != 0 {
		gap := (r.Label-s.label)/int64(s.m.rules.Rate) - 1
		s.running.skip(gap)
		s.restart.skip(gap)
	}
	s.label = r.Label
	v := s.features.add(r)
	s.remark = Remark{State: r.State, Blind: r.Blind}
	if r.State == frame.Stopped {
		s.running.skip(1)
		s.restart.skip(1)
		s.blame.clear()
		return resultline.Row{Time: r.Label, Reason: resultline.MachineOff}
	}
	if r.Fresh {
		s.blame.clear()
	}
	s.remark = s.m.remark(r, v)
	s.m.fit.measure(s.r, v)
	score := bounded(s.m.calibration.score(s.r.channels[0]))
	if s.remark.Unseen {
		score = bounded(s.m.limit.familiar(score))
	}
	var x float64
	if r.State == frame.Restarting {
		s.running.skip(1)
		x = s.m.limit.restarting().excess(s.restart.add(score))
	} else {
		s.restart.skip(1)
		x = s.m.limit.excess(s.running.add(score))
	}
	if s.remark.Capped {
		x = min(x, 1)
	}
	s.contribute(v)
	s.row.Time, s.row.HasScore = r.Label, true
	s.row.Score, s.row.Prediction = printed(x)
	s.row.Reason = resultline.NoAnomalyDetected
	if s.row.Prediction == 1 {
		s.row.Reason = resultline.AnomalyDetected
	}
	s.share(s.row.Diagnostics)
	return s.row
}

// excess is the distance from the median in units of the limit's: above 1 a row is
// anomalous.
func (l Limit) excess(score float64) float64 {
	return max(0, (score-l.Median)/max(l.Limit-l.Median, 1e-6))
}

// printed gives the score x/(1+x) in five decimals, as the line will show it, and
// the prediction, which follows what is shown: an excess above 1 is never rounded
// down to the threshold.
func printed(x float64) (score float64, prediction int) {
	x = bounded(x)
	score = math.Round(1e5*(x/(1+x))) / 1e5
	if x > 1 {
		return min(max(score, 0.50001), 1), 1
	}
	return min(score, 0.5), 0
}

// remark tells what a row was scored in. On its way from one mode to another the smoothed
// pilot passes values that no mode has, and a single reading may be off: both have to be.
func (m *Model) remark(r frame.Row, v *vector) Remark {
	modes := m.basis.modes
	guessed := v.guessed && modes.Count() > 1
	return Remark{
		State: r.State, Blind: r.Blind, Mode: v.mode, Pilot: v.pilot, Guessed: guessed, Unseen: modes.Unseen(v.pilot) && modes.Unseen(v.reading),
		Missing: len(v.present) - v.count, Capped: guessed || 2*v.count < len(v.present),
	}
}
