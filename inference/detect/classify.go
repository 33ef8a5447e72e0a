package detect

import (
	"context"
	"fmt"
	"math"
	"time"

	"millwright/inference/detect/frame"
)

// classify says what each row counts for and deals the learnt ones to the folds.
func (t *trainer) classify(ctx context.Context) error {
	around := time.Duration(t.spans.Score) * t.s.Rate
	var anomalies []frame.Range
	for _, r := range t.s.Labels.Anomaly {
		anomalies = append(anomalies, r.Widen(around))
	}
	t.labels, t.states, t.class = t.labels[:0], t.states[:0], t.class[:0]
	n := 0
	t.pass("rows that count")
	err := t.rows(ctx, func(_ int, r frame.Row) error {
		k := learnt
		switch {
		case r.State == frame.Stopped || !t.enough(r.Values):
			k = idle
		case frame.Holds(t.s.Labels.Anomaly, r.Label), frame.Holds(anomalies, r.Label) && !frame.Holds(t.s.Labels.Normal, r.Label):
			k = labelled
		case r.State == frame.Restarting:
			k = restarting
		default:
			n++
		}
		t.labels, t.states, t.class = append(t.labels, r.Label), append(t.states, r.State), append(t.class, k)
		return nil
	})
	if err != nil {
		return err
	}
	if least := 10 * len(t.basis.columns); n < least {
		after := ""
		if s, ok := t.src.(newer); ok {
			after = fmt.Sprintf(" after %s, to which the base model reaches", time.Unix(0, s.after).UTC().Format(time.RFC3339))
		}
		return fmt.Errorf("%d rows to learn from%s: it takes at least %d", n, after, least)
	}
	t.fold = make([]uint8, len(t.class))
	at := 0
	for i, k := range t.class {
		t.fold[i] = uint8(min(at*folds/n, folds-1))
		if k == learnt {
			at++
		}
	}
	return nil
}

// enough tells whether at least half of the sensors and the mode's have a value.
func (t *trainer) enough(values []float64) bool {
	n := 0
	for _, c := range t.basis.columns {
		if !math.IsNaN(values[c]) {
			n++
		}
	}
	pilot := values[t.basis.columns[t.basis.modes.Sensor]]
	return 2*n >= len(t.basis.columns) && (t.basis.modes.Count() == 1 || !math.IsNaN(pilot))
}
