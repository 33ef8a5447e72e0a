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

// newFit fits all members to the moments of each mode's vectors, on their own scale or on
// that of a frozen fit.
func newFit(modes []*moments.Moments, d int, lambda penalty, frozen *fit) (*fit, error) {
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
	f.pca, err = fitPCA(c, p, d)
	return f, err
}

// crossFit fits to all folds but one, for each of them, and tells how well each
// sensor's residuals are known. With a frozen fit that stays as it was.
func crossFit(ctx context.Context, cores int, folds [][]*moments.Moments, d int, lambda penalty, frozen *fit) ([]*fit, known, error) {
	fits := make([]*fit, len(folds))
	err := crew.Each(ctx, cores, len(folds), func(i int) (err error) {
		fits[i], err = newFit(except(folds, i), d, lambda, frozen)
		return err
	})
	if err != nil {
		return nil, known{}, err
	}
	k := frozen.known()
	if frozen == nil {
		k = knownOf(folds, fits, d)
	}
	return fits, k, nil
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
func choosePenalty(ctx context.Context, cores int, folds [][]*moments.Moments, d int) (penalty, error) {
	p := (Lags + 1) * d
	type tried struct{ others, lagged [4]float64 }
	by := make([]tried, len(folds))
	err := crew.Each(ctx, cores, len(folds), func(i int) error {
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
