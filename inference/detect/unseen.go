package detect

import (
	"context"
	"math"

	"millwright/inference/detect/crew"
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
func (t *trainer) strangers(ctx context.Context, sums [][]*moments.Moments, k known, lambda penalty) (map[int]*stranger, error) {
	count := t.basis.modes.Count()
	all := map[int]*stranger{}
	if count < 2 {
		return all, nil
	}
	outermost, fits := []int{0, count - 1}, make([]*fit, 2)
	err := crew.Each(ctx, t.s.Cores, len(outermost), func(i int) (err error) {
		rest := except(sums, -1)
		if mode := outermost[i]; rest[mode].N >= shrink {
			rest[mode] = moments.New(len(rest[mode].Mean))
			fits[i], err = newFit(rest, len(t.basis.columns), lambda, t.frozen)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, f := range fits {
		if f != nil {
			f.know(k)
			all[outermost[i]] = &stranger{fit: f, neighbour: []int{1, count - 2}[i]}
		}
	}
	return all, nil
}

// Of a long history the strangers are asked about a part, in stretches of rows.
const (
	strangeRows    = 200_000
	strangeStretch = 4096
)

// strange makes a pass for the mean scores of the outermost modes' rows by fits that do
// not know them.
func (t *trainer) strange(ctx context.Context, sums [][]*moments.Moments, past history, lambda penalty) ([]float64, error) {
	strangers, err := t.strangers(ctx, sums, past.known, lambda)
	if err != nil || len(strangers) == 0 {
		return nil, err
	}
	t.pass("unseen operating points")
	raw, every := make([]channels, len(t.class)), 1+len(t.class)/strangeRows
	c := crew.New(t.s.Cores)
	defer c.Close()
	w := newWork(c, len(t.basis.columns))
	err = t.vectors(ctx, func(i int, v *vector) error {
		if s := strangers[v.mode]; s != nil && t.class[i] >= learnt && i/strangeStretch%every == 0 {
			mode := v.mode
			v.mode = s.neighbour
			w.add(s.fit, v, &raw[i])
			v.mode = mode
		}
		return nil
	})
	w.send()
	c.Wait()
	if err != nil {
		return nil, err
	}
	var scores []float64
	mean := newAverage(t.spans.Score, past.calibration.Usual)
	for i, r := range raw {
		if i > 0 {
			mean.skip((t.labels[i]-t.labels[i-1])/int64(t.s.Rate) - 1)
		}
		if r == (channels{}) {
			mean.skip(1)
		} else {
			scores = append(scores, mean.add(past.calibration.score(r)))
		}
	}
	return scores, nil
}

// judgeStrangers sets the limit of operating points that training has not met: what all
// but one in a hundred of the strangers' rows keep to.
func (l *Limit) judgeStrangers(usual float64) { l.Unseen = max(l.Limit, usual) }

// familiar brings the score of a row at an operating point that training has not met to
// the measure of the others, so that one limit holds for both.
func (l Limit) familiar(score float64) float64 {
	if score <= l.Median {
		return score
	}
	return l.Median + (score-l.Median)*(l.Limit-l.Median)/math.Max(l.Unseen-l.Median, 1e-6)
}
