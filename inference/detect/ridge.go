package detect

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// ridge foretells every sensor from the other sensors, and from their lags where the
// vectors have them. A sensor's own lags are left out: they would foretell a stuck or
// drifting sensor all too well.
//
// A vector is blocks of d sensors, the newest first. With P = (C+λI)⁻¹, C the vectors'
// second moments, and b the entries of sensor j in all blocks, what the ridge
// regression of those on all others leaves is (P_bb)⁻¹(Pz)_b. Its first entry is the
// residual; one matrix gives all regressions.
type ridge struct {
	Weights []float64 // sensor by entry: the residual of sensor j is Weights[j]·z
	Spread  []float64 // standard deviation of each sensor's residual
}

// fitRidge takes the second moments (p by p) of vectors of blocks of d sensors.
func fitRidge(c []float64, p, d int, lambda float64) (*ridge, error) {
	inv, err := invert(c, p, lambda)
	if err != nil {
		return nil, fmt.Errorf("fit ridge: %w", err)
	}
	r := &ridge{Weights: make([]float64, d*p), Spread: make([]float64, d)}
	blocks := p / d
	own, first := mat.NewSymDense(blocks, nil), mat.NewVecDense(blocks, nil)
	first.SetVec(0, 1)
	for j := range d {
		for a := range blocks {
			for b := a; b < blocks; b++ {
				own.SetSym(a, b, inv.At(a*d+j, b*d+j))
			}
		}
		var chol mat.Cholesky
		var share mat.VecDense // first row of (P_bb)⁻¹
		if !chol.Factorize(own) || chol.SolveVecTo(&share, first) != nil {
			return nil, fmt.Errorf("fit ridge: sensor %d follows from its own past", j)
		}
		row := r.Weights[j*p : (j+1)*p]
		for k := range row {
			for a := range blocks {
				row[k] += share.AtVec(a) * inv.At(a*d+j, k)
			}
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
