// Package moments keeps the count, mean and scatter of vectors so that parts can
// be gathered apart, added and taken away again without losing digits. It knows
// nothing of where the vectors come from.
package moments

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// Moments of vectors of one length. They are enough for every linear model.
type Moments struct {
	N       float64   // how many vectors
	Mean    []float64 // their mean
	Scatter []float64 // Σ (x-Mean)(x-Mean)ᵀ, row after row; only the upper triangle counts
}

// New gives the moments of no vectors of length p.
func New(p int) *Moments {
	return &Moments{Mean: make([]float64, p), Scatter: make([]float64, p*p)}
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
	rank1(m.Scatter, sign*m.N*o.N/n, delta)
	floats.AddScaled(m.Mean, sign*o.N/n, delta)
	m.N = n
}

// rank1 adds alpha x xᵀ to the upper triangle of a.
func rank1(a []float64, alpha float64, x []float64) {
	p := len(x)
	blas64.Syr(alpha, blas64.Vector{N: p, Inc: 1, Data: x}, blas64.Symmetric{Uplo: blas.Upper, N: p, Stride: p, Data: a})
}
