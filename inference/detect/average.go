package detect

import "math"

// average is the weighted mean of the score over the rows before, on the grid: rows
// that do not count have weight 0, and so have labels without a row.
type average struct {
	weight []float64
	values *ring
}

func newAverage(span int) *average {
	return &average{weight: kernel(span), values: newRing(reach*span, 1)}
}

// add takes the next label's score, NaN for a row that does not count, and gives the
// mean as of that label, NaN when no row counts.
func (a *average) add(v float64) float64 {
	a.values.push()[0] = v
	var sum, weight float64
	for i := range a.values.size() {
		if x := a.values.row(i)[0]; !math.IsNaN(x) {
			sum += a.weight[i] * x
			weight += a.weight[i]
		}
	}
	return sum / weight
}

// skip passes n labels without a row.
func (a *average) skip(n int64) {
	for range min(n, int64(len(a.weight))) {
		a.values.push()[0] = math.NaN()
	}
}
