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

	Sensors []float64 // degrees of freedom that each sensor's spread has
	known   []float64 // those along each axis
	beside  []float64 // per sensor: variance of what the axes leave over, of all its lags
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

// know takes the degrees of freedom that the sensors' spreads have. That of an axis is
// in between those of the sensors that it is made of.
func (f *pca) know(sensors []float64, d int) {
	f.Sensors = sensors
	f.known, f.beside = make([]float64, len(f.Spread)), make([]float64, d)
	p := (Lags + 1) * d
	for k := range f.known {
		var sum float64
		for i, a := range f.Axes[k*p : (k+1)*p] {
			sum += a * a / sensors[i%d]
		}
		f.known[k] = min(1/positive(sum), wellKnown)
	}
	for j, s := range f.Rest {
		f.beside[j] = (Lags + 1) * s * s
	}
}

// measure gives of the vectors that have lags how far out they lie along the axes,
// T2 = Σ (tₖ/sₖ)², and beside them, Q = ‖z - Σ tₖaₖ‖², both with every part told by its
// surprise, and what is left of the sensors, each in units of its spread.
func (f *pca) measure(s *measures, d int, vectors []*vector) {
	p := (Lags + 1) * d
	for k, v := range vectors {
		if v.lagged {
			s.channels[k].t2, s.channels[k].q = 0, 0
			copy(s.beside[k*p:(k+1)*p], s.z[k*p:(k+1)*p])
		}
	}
	for i, spread := range f.Spread {
		axis := f.Axes[i*p : (i+1)*p]
		for k, v := range vectors {
			if v.lagged {
				t := dot(axis, s.z[k*p:(k+1)*p])
				s.channels[k].t2 += surprise(t*t/(spread*spread), f.known[i])
				addScaled(s.beside[k*p:(k+1)*p], -t, axis)
			}
		}
	}
	for k, v := range vectors {
		if !v.lagged {
			continue
		}
		beside := s.beside[k*p : (k+1)*p]
		for j, r := range f.Rest {
			s.rest[k*d+j] = beside[j] / r
			var sum float64
			for i := j; i < p; i += d {
				sum += beside[i] * beside[i]
			}
			s.channels[k].q += f.beside[j] * surprise(sum/f.beside[j], f.Sensors[j])
		}
	}
}
