package detect

import (
	"context"
	"math"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
	"millwright/internal/resultline"
)

// history is what the fits to the other folds say of each row.
type history struct {
	known       known
	rows        []scored
	scores      []float64 // of each row alone
	calibration Calibration
	restartPeak float64 // highest mean score in a restart time
}

// history makes a pass that scores each row with the fit to the other folds.
func (t *trainer) history(ctx context.Context, sums [][]*moments.Moments, lambda penalty) (history, error) {
	t.pass("fits and scores")
	fits, k, err := crossFit(ctx, t.s.Cores, sums, len(t.basis.columns), lambda, t.frozen)
	if err != nil {
		return history{}, err
	}
	if err := t.leaveOut(sums, fits, &k, lambda); err != nil {
		return history{}, err
	}
	raw, met, err := t.raw(ctx, fits, knownModes(sums))
	if err != nil {
		return history{}, err
	}
	h := history{known: k, calibration: t.calibration, rows: make([]scored, len(raw)), scores: make([]float64, len(raw))}
	if h.calibration.Median == nil {
		h.calibration = t.calibrate(raw)
	}
	running, restart := newAverage(t.spans.Score, h.calibration.Usual), newAverage(t.spans.Score, h.calibration.Usual)
	for i := range raw {
		h.scores[i] = h.calibration.score(raw[i])
		apart := !met[i] || t.class[i] == trimmed && !frame.Holds(t.s.Labels.Normal, t.labels[i])
		h.rows[i] = scored{t.labels[i], t.states[i], math.NaN(), apart}
		if i > 0 {
			gap := (t.labels[i]-t.labels[i-1])/int64(t.s.Rate) - 1
			running.skip(gap)
			restart.skip(gap)
		}
		switch {
		case t.class[i] >= learnt:
			h.rows[i].score = running.add(h.scores[i])
			restart.skip(1)
		case t.class[i] == restarting:
			h.restartPeak = max(h.restartPeak, restart.add(h.scores[i]))
			running.skip(1)
		default:
			running.skip(1)
			restart.skip(1)
		}
	}
	return h, nil
}

// calibrate takes the rows that count.
func (t *trainer) calibrate(raw []channels) Calibration {
	counted := make([]channels, 0, len(raw))
	for i, c := range raw {
		if t.class[i] >= learnt {
			counted = append(counted, c)
		}
	}
	return calibrate(counted, t.s.without)
}

// leaveOut changes fits as the settings have it.
func (t *trainer) leaveOut(sums [][]*moments.Moments, fits []*fit, k *known, lambda penalty) error {
	if t.s.without.folds {
		f, err := newFit(except(sums, -1), len(t.basis.columns), lambda, t.frozen)
		if err != nil {
			return err
		}
		for i := range fits {
			fits[i] = f
		}
	}
	if t.s.without.surprise {
		all := slices.Repeat([]float64{wellKnown}, len(t.basis.columns))
		*k = known{all, all, all}
	}
	for _, f := range fits {
		f.know(*k)
	}
	return nil
}

// knownModes tells of each fold which modes the other folds know well enough to judge
// its rows: a mode that the history has but once says nothing, in the fold that has
// it, of how a fit that knows it would do.
func knownModes(sums [][]*moments.Moments) [][]bool {
	known := make([][]bool, len(sums))
	for f := range sums {
		for _, m := range except(sums, f) {
			known[f] = append(known[f], m.N >= shrink)
		}
	}
	return known
}

// heldOut gives the results that the history has by a limit. Unlike in the search for
// it, rows of labelled anomalies have a part in the mean score, as when rows are scored.
func (t *trainer) heldOut(past history, limit Limit) {
	running, restart := newAverage(t.spans.Score, past.calibration.Usual), newAverage(t.spans.Score, past.calibration.Usual)
	for i, score := range past.scores {
		if i > 0 {
			gap := (t.labels[i]-t.labels[i-1])/int64(t.s.Rate) - 1
			running.skip(gap)
			restart.skip(gap)
		}
		row, x := resultline.Row{Time: t.labels[i], Reason: resultline.NoAnomalyDetected, HasScore: true}, 0.0
		switch t.states[i] {
		case frame.Stopped:
			running.skip(1)
			restart.skip(1)
			t.s.HeldOut(resultline.Row{Time: t.labels[i], Reason: resultline.MachineOff})
			continue
		case frame.Restarting:
			running.skip(1)
			x = limit.restarting().excess(restart.add(bounded(score)))
		default:
			restart.skip(1)
			x = limit.excess(running.add(bounded(score)))
		}
		if t.class[i] == idle {
			x = min(x, 1) // too little is known
		}
		if row.Score, row.Prediction = printed(x); row.Prediction == 1 {
			row.Reason = resultline.AnomalyDetected
		}
		t.s.HeldOut(row)
	}
}
