package detect

import (
	"context"
	"math"

	"millwright/inference/detect/crew"
	"millwright/inference/detect/moments"
)

// fit is what was learnt: where each mode lies, and the members.
type fit struct {
	scale  Scale
	d      int
	others *ridge // each sensor from the others
	lagged *ridge // each sensor from the others and Lags rows before, its own too
	pca    *pca   // of rows with their lags
}

// lambdas are the ridges that are tried; sensors are in units of their spread.
func lambdas() []float64 { return []float64{1e-3, 1e-2, 1e-1, 1} }

// newRegressions fits the ridges to the moments of each mode's vectors, on their own scale or
// on that of a frozen fit.
func newRegressions(modes []*moments.Moments, d int, lambda penalty, frozen *fit) (*fit, error) {
	f := &fit{d: d}
	if f.scale = scaleOf(modes, d); frozen != nil {
		f.scale = frozen.scale
	}
	c, _ := f.scale.pool(modes)
	p := (Lags + 1) * d
	var err error
	if f.others, err = fitRidge(corner(c, p, d), d, d, lambda.Others); err != nil {
		return nil, err
	}
	if f.lagged, err = fitRidge(c, p, d, lambda.Lagged); err != nil {
		return nil, err
	}
	return f, nil
}

// newFit fits all members.
func newFit(modes []*moments.Moments, d int, lambda penalty, frozen *fit) (*fit, error) {
	f, err := newRegressions(modes, d, lambda, frozen)
	if err != nil {
		return nil, err
	}
	c, _ := f.scale.pool(modes)
	f.pca, err = fitPCA(c, (Lags+1)*d, d)
	return f, err
}

// spreads are the standard deviations of the members' residuals on rows that the
// fit has not seen, widened for sensors that wander.
type spreads struct{ others, lagged []float64 }

// wanderer is how much wider than its spread a residual is taken to be that keeps to
// one value within each part of the history and has another in every part. Then as
// many values as there are folds are all that is known of it, and the next one lies
// within what Student's t says of them: t(99 %, folds-1) sqrt(1+1/folds) / z(99 %).
const wanderer = 4.541 * 1.118 / 2.326

// crossFit fits to all folds but one, for each of them. The spreads, which the fits
// take over, are those of each half of the history under the fit to the other half:
// rows to be scored lie about as far off.
func crossFit(ctx context.Context, folds [][]*moments.Moments, d int, lambda penalty, frozen *fit) ([]*fit, spreads, error) {
	p := (Lags + 1) * d
	fits := make([]*fit, len(folds))
	others, lagged := newWander(d), newWander(d)
	err := crew.Each(ctx, len(folds), func(i int) (err error) {
		fits[i], err = newFit(except(folds, i), d, lambda, frozen)
		return err
	})
	if err != nil {
		return nil, spreads{}, err
	}
	if frozen != nil {
		for _, f := range fits {
			f.others.Spread, f.lagged.Spread = frozen.others.Spread, frozen.lagged.Spread
		}
		return fits, spreads{frozen.others.Spread, frozen.lagged.Spread}, nil
	}
	halves := [][]*moments.Moments{except(folds[:2], -1), except(folds[2:], -1)}
	for i := range halves {
		f, err := newRegressions(halves[1-i], d, lambda, frozen)
		if err != nil {
			return nil, spreads{}, err
		}
		c, n := f.scale.pool(halves[i])
		mean := f.scale.mean(halves[i])
		others.add(n, f.others, corner(c, p, d), mean[:d])
		lagged.add(n, f.lagged, c, mean)
	}
	s := spreads{others.spread(), lagged.spread()}
	for _, f := range fits {
		f.others.Spread, f.lagged.Spread = s.others, s.lagged
	}
	return fits, s, nil
}

// wander sums up, over the folds, each residual's square and the square of its mean
// in the fold.
type wander struct{ n, square, between []float64 }

func newWander(d int) *wander {
	return &wander{make([]float64, 1), make([]float64, d), make([]float64, d)}
}

func (w *wander) add(n float64, r *ridge, c, mean []float64) {
	w.n[0] += n
	d := len(w.square)
	for j, s := range r.spread(c, len(mean), d) {
		w.square[j] += n * s * s
		m := dot(r.Weights[j*len(mean):(j+1)*len(mean)], mean)
		w.between[j] += n * m * m
	}
}

// spread is the root of the mean square, widened by the share that lies between folds.
func (w *wander) spread() []float64 {
	s := make([]float64, len(w.square))
	for j := range s {
		share := min(w.between[j]/positive(w.square[j]), 1)
		s[j] = root(w.square[j]/w.n[0]) * (1 + share*(wanderer-1))
	}
	return s
}

// corner is the part of a p by p matrix that belongs to the first d entries.
func corner(c []float64, p, d int) []float64 {
	out := make([]float64, d*d)
	for i := range d {
		copy(out[i*d:(i+1)*d], c[i*p:])
	}
	return out
}

// penalty is the ridge of each regression.
type penalty struct{ Others, Lagged float64 }

// choosePenalty gives the penalties with the least residuals on rows that the fit
// has not seen. Second moments are enough to know them: the residual w·z has the
// variance wᵀCw, with C of the rows held out. What counts is Σ log spread, so that
// every sensor has the same say.
func choosePenalty(ctx context.Context, folds [][]*moments.Moments, d int) (penalty, error) {
	p := (Lags + 1) * d
	type tried struct{ others, lagged [4]float64 }
	by := make([]tried, len(folds))
	err := crew.Each(ctx, len(folds), func(i int) error {
		rest := except(folds, i)
		s := scaleOf(rest, d)
		c, n := s.pool(rest)
		held, m := s.pool(folds[i])
		if n == 0 || m == 0 {
			return nil
		}
		for k, l := range lambdas() {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			a, err := fitRidge(corner(c, p, d), d, d, l)
			if err != nil {
				return err
			}
			b, err := fitRidge(c, p, d, l)
			if err != nil {
				return err
			}
			by[i].others[k] = logSum(a.spread(corner(held, p, d), d, d))
			by[i].lagged[k] = logSum(b.spread(held, p, d))
		}
		return nil
	})
	if err != nil {
		return penalty{}, err
	}
	var all tried
	for _, t := range by {
		for k := range t.others {
			all.others[k] += t.others[k]
			all.lagged[k] += t.lagged[k]
		}
	}
	return penalty{lambdas()[least(all.others[:])], lambdas()[least(all.lagged[:])]}, nil
}

// except adds up the moments of all folds but one, mode by mode.
func except(folds [][]*moments.Moments, but int) []*moments.Moments {
	sum := make([]*moments.Moments, len(folds[0]))
	for m := range sum {
		sum[m] = moments.New(len(folds[0][m].Mean))
		for i := range folds {
			if i != but {
				sum[m].Merge(folds[i][m])
			}
		}
	}
	return sum
}

func logSum(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += math.Log(x)
	}
	return sum
}

func least(v []float64) int {
	best := 0
	for i := range v {
		if v[i] < v[best] {
			best = i
		}
	}
	return best
}
