package detect

import (
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

// Restarts that take so long that their rows are several in a hundred are still seen for
// what they are, and one fault after one of them makes none of them longer.
func TestRestartsThatTakeLong(t *testing.T) {
	t.Parallel()
	const rate = 30 * time.Minute
	tr := &trainer{s: Settings{Rate: rate}, rules: frame.Rules{Rate: rate, Restart: time.Hour}}
	var scores []float64
	add := func(state frame.State, k class, score float64) {
		tr.labels = append(tr.labels, int64(len(tr.labels)+1)*int64(rate))
		tr.states, tr.class, scores = append(tr.states, state), append(tr.class, k), append(scores, score)
	}
	for restart := range 8 {
		add(frame.Stopped, idle, 0)
		for range 2 {
			add(frame.Restarting, restarting, 2)
		}
		for row := range 100 {
			score := 0.1 + 0.004*float64(row)
			if row < 3 || restart == 5 && row < 6 {
				score = 0.65 // below log 2, since such rows are what sets the calibration's level
			}
			add(frame.Running, learnt, score)
		}
	}
	if got := tr.settling(scores); got != 3*rate {
		t.Errorf("%s, want %s", got, 3*rate)
	}
	tr.rules.Restart = maxRestartTime
	if got := tr.settling(scores); got != 0 {
		t.Errorf("beyond the longest: %s", got)
	}
	tr.rules.Restart, tr.s.Restart = time.Hour, time.Hour
	if got := tr.settling(scores); got != 0 {
		t.Errorf("where the user has chosen: %s", got)
	}
}
