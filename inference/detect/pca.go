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

// measure gives T2 = Σ (tₖ/sₖ)² over the axes and Q = ‖z - Σ tₖaₖ‖² = ‖z‖² - Σ tₖ²
// of the vectors that have lags, and what is left of their sensors, each in units of
// its spread.
func (f *pca) measure(s *measures, d int, vectors []*vector) {
	p := (Lags + 1) * d
	for k, v := range vectors {
		if v.lagged {
			z := s.z[k*p : (k+1)*p]
			s.channels[k].t2, s.channels[k].q = 0, dot(z, z)
			copy(s.rest[k*d:(k+1)*d], z)
		}
	}
	for i, spread := range f.Spread {
		axis := f.Axes[i*p : (i+1)*p]
		for k, v := range vectors {
			if !v.lagged {
				continue
			}
			t := dot(axis, s.z[k*p:(k+1)*p])
			s.channels[k].t2 += t * t / (spread * spread)
			s.channels[k].q -= t * t
			addScaled(s.rest[k*d:(k+1)*d], -t, axis[:d])
		}
	}
	for k, v := range vectors {
		if !v.lagged {
			continue
		}
		s.channels[k].q = max(s.channels[k].q, 0)
		for j, r := range f.Rest {
			s.rest[k*d+j] /= r
		}
	}
}
