package detect

import "gonum.org/v1/gonum/floats"

// average is the weighted mean of the score over the rows before, on the grid. Rows
// that do not count stand at the usual score, and so do labels without a row: as with
// any control chart, one row after a pause is no finding.
type average struct {
	usual  float64
	weight []float64 // sum 1
	values *ring     // score - usual
}

func newAverage(span int, usual float64) *average {
	a := &average{usual: usual, weight: kernel(span), values: newRing(reach*span, 1)}
	floats.Scale(1/floats.Sum(a.weight), a.weight)
	return a
}

// add takes the next label's score and gives the mean as of that label.
func (a *average) add(v float64) float64 {
	a.values.push()[0] = v - a.usual
	sum := a.usual
	for i := range a.values.size() {
		sum += a.weight[i] * a.values.row(i)[0]
	}
	return sum
}

// skip passes n labels without a row.
func (a *average) skip(n int64) {
	for range min(n, int64(len(a.weight))) {
		a.values.push()[0] = 0
	}
}
