package detect

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// ridge foretells every sensor from the other sensors and, where the vectors have
// them, the rows before, its own past too. With P = (C+λI)⁻¹ and C the vectors' second
// moments, what the ridge regression of entry j on all others leaves is (Pz)ⱼ/Pⱼⱼ: one
// matrix gives all regressions.
type ridge struct {
	Weights []float64 // sensor by entry: the residual of sensor j is Weights[j]·z
	Spread  []float64 // standard deviation of each sensor's residual
	Known   []float64 // degrees of freedom that it has
}

// fitRidge takes the second moments (p by p) of vectors whose first d entries are the
// sensors.
func fitRidge(c []float64, p, d int, lambda float64) (*ridge, error) {
	inv, err := invert(c, p, lambda)
	if err != nil {
		return nil, fmt.Errorf("fit ridge: %w", err)
	}
	r := &ridge{Weights: make([]float64, d*p)}
	for j := range d {
		row := r.Weights[j*p : (j+1)*p]
		for k := range row {
			row[k] = inv.At(j, k) / inv.At(j, j)
		}
	}
	r.Spread = r.spread(c, p, d)
	return r, nil
}

// spread gives the standard deviations of the residuals over vectors with the
// second moments c: the root of wᵀCw.
func (r *ridge) spread(c []float64, p, d int) []float64 {
	s := make([]float64, d)
	cw := make([]float64, p)
	for j := range d {
		w := r.Weights[j*p : (j+1)*p]
		for i := range cw {
			cw[i] = dot(c[i*p:(i+1)*p], w)
		}
		s[j] = root(dot(w, cw))
	}
	return s
}

// apply gives each sensor's residual.
func (r *ridge) apply(z []float64) []float64 {
	p := len(z)
	e := make([]float64, len(r.Weights)/p)
	for j := range e {
		e[j] = dot(r.Weights[j*p:(j+1)*p], z)
	}
	return e
}

// invert gives (C+λI)⁻¹.
func invert(c []float64, p int, lambda float64) (*mat.SymDense, error) {
	a := mat.NewSymDense(p, append([]float64(nil), c...))
	for i := range p {
		a.SetSym(i, i, a.At(i, i)+lambda)
	}
	var chol mat.Cholesky
	if !chol.Factorize(a) {
		return nil, fmt.Errorf("the sensors' covariance (%d entries) is not positive definite", p)
	}
	var inv mat.SymDense
	if err := chol.InverseTo(&inv); err != nil {
		return nil, fmt.Errorf("the sensors' covariance (%d entries): %w", p, err)
	}
	return &inv, nil
}
