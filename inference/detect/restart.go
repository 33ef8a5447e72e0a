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
	// minRestarts is how many restarts it takes to learn from them.
	minRestarts = 5
)

// settling tells how much longer than the restart time the machine takes to come
// back to normal: up to the last row for which half of the history's restarts are
// above a score that one normal row in a hundred passes.
func (t *trainer) settling(scores []float64) time.Duration {
	longest := int((maxRestartTime - t.rules.Restart) / t.s.Rate)
	if t.s.Restart != 0 || longest <= 0 {
		return 0
	}
	after := make([][]float64, longest)
	age := -1
	for i, score := range scores {
		switch {
		case t.states[i] == frame.Restarting:
			age = 0
			continue
		case t.states[i] == frame.Stopped || i > 0 && t.labels[i]-t.labels[i-1] != int64(t.s.Rate):
			age = -1
		}
		if age < 0 || age >= longest {
			continue
		}
		if t.class[i] >= learnt {
			after[age] = append(after[age], score)
		}
		age++
	}
	rows := 0
	for i, v := range after {
		if len(v) < minRestarts || quantile(v, 0.5) < math.Ln2 {
			break
		}
		rows = i + 1
	}
	return time.Duration(rows) * t.s.Rate
}
