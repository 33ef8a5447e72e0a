package moments

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// chunk is how many vectors are gathered before they are worked off together.
const chunk = 128

// Gatherer adds vectors to Moments a chunk at a time, which is faster than one by
// one and no less exact: each chunk is centred on its own mean.
type Gatherer struct {
	to   *Moments
	rows []float64
	n    int
}

// Gather makes a Gatherer that adds to m.
func Gather(m *Moments) *Gatherer { return &Gatherer{to: m} }

// Add takes a copy of x.
func (g *Gatherer) Add(x []float64) {
	if g.rows == nil {
		g.rows = make([]float64, chunk*len(x))
	}
	copy(g.rows[g.n*len(x):], x)
	if g.n++; g.n == chunk {
		g.Flush()
	}
}

// Flush brings what was added into the Moments.
func (g *Gatherer) Flush() {
	if g.n == 0 {
		return
	}
	p := len(g.to.Mean)
	m := New(p)
	m.N = float64(g.n)
	for i := range g.n {
		floats.Add(m.Mean, g.rows[i*p:(i+1)*p])
	}
	floats.Scale(1/m.N, m.Mean)
	for i := range g.n {
		floats.Sub(g.rows[i*p:(i+1)*p], m.Mean)
	}
	a := blas64.General{Rows: g.n, Cols: p, Stride: p, Data: g.rows[:g.n*p]}
	blas64.Syrk(blas.Trans, 1, a, 0, blas64.Symmetric{Uplo: blas.Upper, N: p, Stride: p, Data: m.Scatter})
	g.to.Merge(m)
	g.n = 0
}
