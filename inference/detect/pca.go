package detect

import (
	"errors"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// pca keeps the directions in which normal vectors vary. T2 tells how far a vector
// lies out along them, Q how far it lies beside them.
type pca struct {
	Axes   []float64 // component by entry, orthonormal rows
	Spread []float64 // standard deviation along each
	Rest   []float64 // per sensor: standard deviation of what the axes leave over
}

// kept is the share of the variance that the axes take in.
const kept = 0.9

// fitPCA takes the second moments (p by p) of vectors whose first d entries are the
// sensors.
func fitPCA(c []float64, p, d int) (*pca, error) {
	var eig mat.EigenSym
	if !eig.Factorize(mat.NewSymDense(p, append([]float64(nil), c...)), true) {
		return nil, errors.New("fit principal components: no convergence")
	}
	values := eig.Values(nil) // ascending
	var vectors mat.Dense
	eig.VectorsTo(&vectors)
	var total, sum float64
	for _, v := range values {
		total += max(v, 0)
	}
	f := &pca{Rest: make([]float64, d)}
	for k := range slices.Backward(values) {
		if sum >= kept*total {
			break
		}
		sum += max(values[k], 0)
		axis := mat.Col(nil, k, &vectors)
		f.Axes = append(f.Axes, axis...)
		f.Spread = append(f.Spread, root(values[k]))
	}
	// Cov of the rest is C - VΛVᵀ.
	for j := range d {
		v := c[j*p+j]
		for k, s := range f.Spread {
			v -= s * s * f.Axes[k*p+j] * f.Axes[k*p+j]
		}
		f.Rest[j] = root(v)
	}
	return f, nil
}

// project gives T2 = Σ (tₖ/sₖ)² over the axes and Q = ‖z - Σ tₖaₖ‖², and writes what
// is left of the sensors, each in units of its spread. rest has room for z.
func (f *pca) project(left, rest, z []float64) (t2, q float64) {
	p := len(z)
	copy(rest, z)
	for k, s := range f.Spread {
		axis := f.Axes[k*p : (k+1)*p]
		t := dot(axis, z)
		t2 += t * t / (s * s)
		addScaled(rest, -t, axis)
	}
	for j := range left {
		left[j] = rest[j] / f.Rest[j]
	}
	return t2, dot(rest, rest)
}
