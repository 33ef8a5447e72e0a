// Package moments keeps the count, mean and scatter of vectors so that parts can
// be gathered apart, added and taken away again without losing digits. It knows
// nothing of where the vectors come from.
package moments

import (
	"gonum.org/v1/gonum/floats"
)

// Moments of vectors of one length. They are enough for every linear model.
type Moments struct {
	N       float64   // how many vectors
	Mean    []float64 // their mean
	Scatter []float64 // Σ (x-Mean)(x-Mean)ᵀ: the upper triangle, row after row
}

// New gives the moments of no vectors of length p.
func New(p int) *Moments {
	return &Moments{Mean: make([]float64, p), Scatter: make([]float64, p*(p+1)/2)}
}

// Row is the scatter of entry i with the entries i, i+1, and so on.
func (m *Moments) Row(i int) []float64 {
	p := len(m.Mean)
	at := i*p - i*(i-1)/2
	return m.Scatter[at : at+p-i : at+p-i]
}

// Clone gives a copy.
func (m *Moments) Clone() *Moments {
	c := New(len(m.Mean))
	c.Merge(m)
	return c
}

// Merge adds the vectors of o, by Chan's formula: with δ the distance of the means,
// the scatter of both is the sum of theirs plus δδᵀ n m/(n+m).
func (m *Moments) Merge(o *Moments) { m.combine(o, 1) }

// Remove takes away vectors that were added before.
func (m *Moments) Remove(o *Moments) { m.combine(o, -1) }

func (m *Moments) combine(o *Moments, sign float64) {
	n := m.N + sign*o.N
	if o.N == 0 {
		return
	}
	if n <= 0 {
		*m = *New(len(m.Mean))
		return
	}
	delta := make([]float64, len(m.Mean))
	floats.SubTo(delta, o.Mean, m.Mean)
	floats.AddScaled(m.Scatter, sign, o.Scatter)
	m.rank1(sign*m.N*o.N/n, delta, 0)
	floats.AddScaled(m.Mean, sign*o.N/n, delta)
	m.N = n
}

// rank1 adds alpha x xᵀ to the scatter of the entries from on.
func (m *Moments) rank1(alpha float64, x []float64, from int) {
	for i, v := range x {
		if v != 0 {
			floats.AddScaled(m.Row(from+i), alpha*v, x[i:])
		}
	}
}
