package detect

import "math"

// channels are a row's raw scores; NaN where the rows before it are missing.
type channels struct{ others, lagged, t2, q float64 }

// measures are what the members say of some vectors: raw scores, and how far each
// sensor is from what was expected, in units of its usual distance.
type measures struct {
	channels   []channels
	univariate []float64 // vector by sensor, as below: z
	others     []float64
	lagged     []float64 // valid where the vector is lagged
	rest       []float64 // beside the principal axes; valid where the vector is lagged
	z, beside  []float64 // vector by entry
}

// newMeasures makes room for n vectors of d sensors.
func newMeasures(n, d int) *measures {
	return &measures{
		channels: make([]channels, n), univariate: make([]float64, n*d), others: make([]float64, n*d),
		lagged: make([]float64, n*d), rest: make([]float64, n*d), z: make([]float64, n*(Lags+1)*d), beside: make([]float64, n*(Lags+1)*d),
	}
}

// measure measures vectors. Sensors that are missing have no part in the scores. Each
// row of a member's matrix is held against all vectors before the next, so that a large
// matrix is read once for all of them.
func (f *fit) measure(s *measures, vectors ...*vector) {
	d := f.d
	p := (Lags + 1) * d
	for k, v := range vectors {
		n := d
		if v.lagged {
			n = p
		}
		z := s.z[k*p : k*p+n]
		f.scale.apply(z, v.values[:n], v.mode)
		copy(s.univariate[k*d:(k+1)*d], z)
		s.channels[k] = channels{0, math.NaN(), math.NaN(), math.NaN()}
	}
	for j := range d {
		w := f.others.Weights[j*d : (j+1)*d]
		for k := range vectors {
			s.others[k*d+j] = dot(w, s.z[k*p:k*p+d]) / f.others.Spread[j]
		}
		w = f.lagged.Weights[j*p : (j+1)*p]
		for k, v := range vectors {
			if v.lagged {
				s.lagged[k*d+j] = dot(w, s.z[k*p:(k+1)*p]) / f.lagged.Spread[j]
			}
		}
	}
	for k, v := range vectors {
		c := &s.channels[k]
		c.others = meanSurprise(s.others[k*d:(k+1)*d], f.others.Known, v)
		if v.lagged {
			c.lagged = meanSurprise(s.lagged[k*d:(k+1)*d], f.lagged.Known, v)
		}
	}
	f.pca.measure(s, d, vectors)
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
