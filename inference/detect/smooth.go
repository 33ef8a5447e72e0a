package detect

import "math"

// kernel gives the weights of an exponentially weighted mean of a span of rows,
// newest first: (1-α)^i with α = 2/(span+1), cut off after reach spans. A mean is
// the weighted sum over the sum of the weights of the rows that count, so it is a
// function of those rows alone and does not depend on where one began to read.
func kernel(span int) []float64 {
	decay := 1 - 2/(float64(span)+1)
	w := make([]float64, reach*span)
	for i := range w {
		w[i] = math.Pow(decay, float64(i))
	}
	return w
}

// ring keeps the newest rows of numbers.
type ring struct {
	width int
	cells []float64
	depth int
	n     int // rows ever pushed
}

func newRing(depth, width int) *ring {
	return &ring{width: width, depth: depth, cells: make([]float64, depth*width)}
}

// push makes room for the next row and gives it to be filled in.
func (r *ring) push() []float64 {
	at := r.n % r.depth
	r.n++
	return r.cells[at*r.width : (at+1)*r.width]
}

// row gives the row i before the newest one (0: the newest).
func (r *ring) row(i int) []float64 {
	at := (r.n - 1 - i) % r.depth
	return r.cells[at*r.width : (at+1)*r.width]
}

// size is how many rows there are.
func (r *ring) size() int { return min(r.n, r.depth) }

// clear forgets all rows.
func (r *ring) clear() { r.n = 0 }
