package detect

import (
	"math"
	"time"

	"millwright/inference/detect/frame"
)

const (
	// restartTime is how long a machine is not judged as usual after off.
	restartTime = time.Hour
	// maxRestartTime is how far the history may lengthen that.
	maxRestartTime = 4 * time.Hour
	// settlings is how often at most the history may lengthen it: once restarts are
	// not learnt, what is left of them stands out further. Each time costs a fit.
	settlings = 3
	// minRestarts is how many restarts it takes to learn from them.
	minRestarts = 5
)

// unsettled is the share of the history's restarts that are still to be above what is
// usual, for a row after them to count as part of the restart.
const unsettled = 0.25

// settling tells how much longer than the restart time the machine takes to come
// back to normal: up to the last row for which a quarter of the history's restarts are
// above a score that one in a hundred passes of the rows further from off than any
// restart may take. Nearer rows have no say in that score: where restarts take long they
// are more than one in a hundred, and would pass for what is usual.
func (t *trainer) settling(scores []float64) time.Duration {
	longest := int((maxRestartTime - t.rules.Restart) / t.s.Rate)
	if t.s.Restart != 0 || longest <= 0 {
		return 0
	}
	after := make([][]float64, longest)
	var settled []float64
	age := -1
	for i, score := range scores {
		switch {
		case t.states[i] == frame.Restarting:
			age = 0
			continue
		case t.states[i] == frame.Stopped || i > 0 && t.labels[i]-t.labels[i-1] != int64(t.s.Rate):
			age = -1
		}
		counts := t.class[i] >= learnt
		if age < 0 || age >= longest {
			if counts {
				settled = append(settled, score)
			}
			continue
		}
		if counts {
			after[age] = append(after[age], score)
		}
		age++
	}
	rows, usual := 0, math.Ln2
	if len(settled) > 0 {
		usual = quantile(settled, baseQuantile)
	}
	for i, v := range after {
		if len(v) < minRestarts || quantile(v, 1-unsettled) < usual {
			break
		}
		rows = i + 1
	}
	return time.Duration(rows) * t.s.Rate
}
