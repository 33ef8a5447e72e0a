package detect

import (
	"math"

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
func crossFit(folds [][]*moments.Moments, d int, lambda penalty, frozen *fit) ([]*fit, known, error) {
	fits := make([]*fit, len(folds))
	for i := range folds {
		f, err := newFit(except(folds, i), d, lambda, frozen)
		if err != nil {
			return nil, known{}, err
		}
		fits[i] = f
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
func choosePenalty(folds [][]*moments.Moments, d int) (penalty, error) {
	p := (Lags + 1) * d
	others, lagged := make([]float64, len(lambdas())), make([]float64, len(lambdas()))
	for i := range folds {
		rest := except(folds, i)
		s := scaleOf(rest, d)
		c, n := s.pool(rest)
		held, m := s.pool(folds[i])
		if n == 0 || m == 0 {
			continue
		}
		for k, l := range lambdas() {
			a, err := fitRidge(corner(c, p, d), d, d, l)
			if err != nil {
				return penalty{}, err
			}
			b, err := fitRidge(c, p, d, l)
			if err != nil {
				return penalty{}, err
			}
			others[k] += logSum(a.spread(corner(held, p, d), d, d))
			lagged[k] += logSum(b.spread(held, p, d))
		}
	}
	return penalty{lambdas()[least(others)], lambdas()[least(lagged)]}, nil
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

// channels are a row's raw scores; NaN where the rows before it are missing.
type channels struct{ others, lagged, t2, q float64 }

// residuals are how far each sensor of a row is from what was expected, in units of
// its usual distance.
type residuals struct {
	univariate []float64 // z
	others     []float64
	lagged     []float64 // valid when the row is lagged
	rest       []float64 // beside the principal axes; valid when the row is lagged
	z, scratch []float64
}

func newResiduals(d int) *residuals {
	p := (Lags + 1) * d
	return &residuals{make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, p), make([]float64, p)}
}

// measure gives the raw scores of a vector. Sensors that are missing have no part.
func (f *fit) measure(r *residuals, v *vector) channels {
	nan := math.NaN()
	c := channels{nan, nan, nan, nan}
	z := r.z[:f.d]
	if v.lagged {
		z = r.z
	}
	f.scale.apply(z, v.values[:len(z)], v.mode)
	copy(r.univariate, z)
	f.others.residuals(r.others, z[:f.d])
	c.others = meanSurprise(r.others, f.others.Known, v)
	if v.lagged {
		f.lagged.residuals(r.lagged, z)
		c.lagged = meanSurprise(r.lagged, f.lagged.Known, v)
		c.t2, c.q = f.pca.project(r.rest, r.scratch, z)
	}
	return c
}

func meanSurprise(e, known []float64, v *vector) float64 {
	var sum float64
	for j, x := range e {
		if v.present[j] {
			sum += surprise(x*x, known[j])
		}
	}
	return sum / float64(max(v.count, 1))
}
