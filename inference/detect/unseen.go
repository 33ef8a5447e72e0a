package detect

import (
	"math"

	"millwright/inference/detect/moments"
)

// stranger is how a mode looks to a fit that does not know it: what normal rows at an
// operating point that training has not met score.
type stranger struct {
	fit       *fit
	neighbour int // the mode that its rows are taken for
}

// strangers leaves the outermost modes out, one at a time, and has them judged by the rest
// of the history. With one mode there is none.
func (t *trainer) strangers(sums [][]*moments.Moments, lambda penalty, k known) (map[int]*stranger, error) {
	count := t.basis.modes.Count()
	all := map[int]*stranger{}
	if count < 2 {
		return all, nil
	}
	for mode, neighbour := range map[int]int{0: 1, count - 1: count - 2} {
		rest := except(sums, -1)
		if rest[mode].N < shrink {
			continue
		}
		rest[mode] = moments.New(len(rest[mode].Mean))
		f, err := newFit(rest, len(t.basis.columns), lambda, t.frozen)
		if err != nil {
			return nil, err
		}
		f.know(k)
		all[mode] = &stranger{fit: f, neighbour: neighbour}
	}
	return all, nil
}

// measure gives what the stranger's fit makes of a row of its mode.
func (s *stranger) measure(r *residuals, v *vector) channels {
	mode := v.mode
	v.mode = s.neighbour
	c := s.fit.measure(r, v)
	v.mode = mode
	return c
}

// judgeStrangers sets the limit of operating points that training has not met: what all
// but one in a hundred of the strangers' rows keep to.
func (l *Limit) judgeStrangers(scores []float64) {
	l.Unseen = max(l.Limit, quantile(scores, baseQuantile))
}

// familiar brings the score of a row at an operating point that training has not met to
// the measure of the others, so that one limit holds for both.
func (l Limit) familiar(score float64) float64 {
	if score <= l.Median {
		return score
	}
	return l.Median + (score-l.Median)*(l.Limit-l.Median)/math.Max(l.Unseen-l.Median, 1e-6)
}
