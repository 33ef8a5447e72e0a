package detect

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/resultline"
)

// Limit is where alarms begin, and how it came about.
type Limit struct {
	Median   float64 `json:"median"`   // of the smoothed scores of unlabelled rows
	Limit    float64 `json:"limit"`    // above it a row is anomalous
	Base     float64 `json:"base"`     // their 99 % quantile
	Weekly   float64 `json:"weekly"`   // episodes per week of the history at the limit
	Verified bool    `json:"verified"` // the history is long enough to say so
	Target   float64 `json:"target"`   // for it
	Capped   bool    `json:"capped"`   // the target could not be reached
	Restart  float64 `json:"restart"`  // above it a row of the restart time is anomalous
	Unseen   float64 `json:"unseen"`   // and a row at an operating point that training has not met
}

const (
	baseQuantile = 0.99
	raiseAtMost  = 1.3 // times the distance from median to base
	// sure is the chance that the rate behind the history's episodes is within the target.
	sure = 0.5
	// steps is how finely the limit is looked for.
	steps = 50
)

// scored is a row of the history with its smoothed score.
type scored struct {
	label int64
	state frame.State
	score float64 // NaN: does not count
	// apart: the row counts for episodes but not for where the search for the limit
	// begins, since it was trimmed or is of a mode that the fit did not know.
	apart bool
}

// atMost is the number of episodes to be expected, of which n came, that is not exceeded
// with the chance of sure: a quantile of the gamma distribution, which is what a Poisson
// process leaves open of its rate.
func atMost(n float64) float64 { return distuv.Gamma{Alpha: n + 1, Beta: 1}.Quantile(sure) }

// doubt is how much further out the next values may come than the spread of the history
// says, by Student's t: t(95 %, n-1) sqrt(1+1/n) / z(95 %), with n the number of
// independent values that the history's scores are worth.
func doubt(rows []scored) float64 {
	var v []float64
	for _, r := range rows {
		if !math.IsNaN(r.score) {
			v = append(v, r.score)
		}
	}
	var square, between float64
	all := stat.Mean(v, nil)
	for f := range folds {
		part := v[f*len(v)/folds : (f+1)*len(v)/folds]
		for _, x := range part {
			square += (x - all) * (x - all)
		}
		off := stat.Mean(part, nil) - all
		between += float64(len(part)) * off * off * folds / (folds - 1)
	}
	n := freedom(folds, square, between) + 1
	t := distuv.StudentsT{Sigma: 1, Nu: n - 1}.Quantile(0.95)
	return t * math.Sqrt(1+1/n) / distuv.UnitNormal.Quantile(0.95)
}

// restartExcess is how far above the limit, in units of its distance from the
// median, a row of the restart time has to be at least to be an anomaly.
const restartExcess = 3

// judgeRestarts sets the limit of the restart time: restarts are held against those
// of the history, whose highest score is peak, with the same room above it as the
// limit may have above its base.
func (l *Limit) judgeRestarts(peak float64) {
	l.Restart = l.Median + max(restartExcess*(l.Limit-l.Median), raiseAtMost*(peak-l.Median))
}

// restarting is the limit of rows of the restart time.
func (l Limit) restarting() Limit {
	l.Limit = l.Restart
	return l
}

// episodes counts the events that a limit would make of the history, by the rule
// that all of them are counted by.
func episodes(rows []scored, rate time.Duration, limit float64) int {
	m := event.New(event.RuleFor(time.Hour, rate, 0))
	n, last := 0, int64(0)
	for _, r := range rows {
		row := resultline.Row{Time: r.label, Reason: resultline.NoAnomalyDetected}
		switch {
		case r.state == frame.Stopped:
			row.Reason = resultline.MachineOff
		case r.score > limit:
			row.Prediction, row.Reason = 1, resultline.AnomalyDetected
		}
		for _, e := range m.Add(row) {
			if n == 0 || e.Start != last {
				n, last = n+1, e.Start
			}
		}
	}
	return n
}
