package detect

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas/blas64"
)

func dot(a, b []float64) float64 {
	return blas64.Dot(blas64.Vector{N: len(a), Inc: 1, Data: a}, blas64.Vector{N: len(b), Inc: 1, Data: b})
}

// addScaled adds alpha b to a.
func addScaled(a []float64, alpha float64, b []float64) {
	blas64.Axpy(alpha, blas64.Vector{N: len(b), Inc: 1, Data: b}, blas64.Vector{N: len(a), Inc: 1, Data: a})
}

// root is the square root of a variance, never so small that dividing by it makes
// a finding of rounding.
func root(v float64) float64 { return math.Sqrt(max(v, 1e-8)) }

// quantile gives the q-quantile of values, interpolated between the two nearest,
// and 0 for none. It sorts values.
func quantile(values []float64, q float64) float64 {
	slices.Sort(values)
	return sortedQuantile(values, q)
}

func sortedQuantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	at := q * float64(len(values)-1)
	i := min(int(at), len(values)-1)
	next := min(i+1, len(values)-1)
	return values[i] + (at-float64(i))*(values[next]-values[i])
}
