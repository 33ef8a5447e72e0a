package detect

import (
	"math"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/resultline"
)

// Limit is where alarms begin, and how it came about.
type Limit struct {
	Median   float64 `json:"median"`   // of the smoothed scores of unlabelled rows
	Limit    float64 `json:"limit"`    // above it a row is anomalous
	Base     float64 `json:"base"`     // their 99 % quantile, from which the limit was raised
	Weekly   float64 `json:"weekly"`   // episodes per week of the history at the limit
	Verified bool    `json:"verified"` // the history is long enough to say so
	Capped   bool    `json:"capped"`   // the target could not be reached
	Restart  float64 `json:"restart"`  // above it a row of the restart time is anomalous
}

const safety = 0.5
const (
	baseQuantile = 0.99
	raiseAtMost  = 1.3 // times the distance from median to base
)

// scored is a row of the history with its smoothed score.
type scored struct {
	label   int64
	state   frame.State
	score   float64 // NaN: does not count
	trimmed bool
}

// restartExcess is how far above the limit, in units of its distance from the
// median, a row of the restart time has to be at least to be an anomaly.
const restartExcess = 3

// judgeRestarts sets the limit of the restart time: restarts are held against those
// of the history, whose highest score is peak, with the same room above it as the
// limit has above its base.
func (l *Limit) judgeRestarts(peak float64) {
	l.Restart = l.Median + max(restartExcess*(l.Limit-l.Median), raiseAtMost*(peak-l.Median))
}

// findLimit raises the limit from the base until the history has no more episodes a
// week than the target.
func findLimit(rows []scored, rate time.Duration, s Settings) Limit {
	var v, kept []float64
	for _, r := range rows {
		if !math.IsNaN(r.score) {
			v = append(v, r.score)
			if !r.trimmed {
				kept = append(kept, r.score)
			}
		}
	}
	running := time.Duration(len(v)) * rate
	l := Limit{Base: quantile(v, baseQuantile), Median: sortedQuantile(v, 0.5)}
	l.Base = max(l.Base, l.Median+1e-6)
	l.Limit = l.Base
	low := quantile(kept, baseQuantile)
	l.Verified = running >= s.MinHistory
	weeks := running.Hours() / (24 * 7)
	l.Weekly = episodes(rows, rate, l.Limit) / weeks
	if !l.Verified {
		return l
	}
	for step := 0.0; step <= 1; step += 0.02 {
		l.Limit = low + step*(l.Median+raiseAtMost*(l.Base-l.Median)-low)
		if l.Weekly = episodes(rows, rate, l.Limit) / weeks; l.Weekly <= s.FalseAlarmsWeekly*safety {
			break
		}
	}
	l.Capped = l.Weekly > s.FalseAlarmsWeekly
	return l
}

// episodes counts the events that a limit would make of the history, by the rule
// that all of them are counted by.
func episodes(rows []scored, rate time.Duration, limit float64) float64 {
	m := event.New(event.RuleFor(time.Hour, rate, 0))
	seen := map[string]bool{}
	for _, r := range rows {
		row := resultline.Row{Time: r.label, Reason: resultline.NoAnomalyDetected}
		switch {
		case r.state == frame.Stopped:
			row.Reason = resultline.MachineOff
		case r.score > limit:
			row.Prediction, row.Reason = 1, resultline.AnomalyDetected
		}
		for _, e := range m.Add(row) {
			seen[e.ID] = true
		}
	}
	return float64(len(seen))
}
