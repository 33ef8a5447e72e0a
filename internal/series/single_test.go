package series

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// drawEven draws rows that lie one in each bin from the one of label first on.
func drawEven(t *rapid.T, g Grid) (first int64, times []int64, values []float64) {
	first = rapid.Int64Range(-20, 20).Draw(t, "first") * int64(g.Rate)
	n := rapid.IntRange(1, 30).Draw(t, "rows")
	values = make([]float64, n)
	for i := range n {
		end := g.last(first + int64(i)*int64(g.Rate))
		times = append(times, end-rapid.Int64Range(0, int64(g.Rate)-1).Draw(t, "before the end"))
		values[i] = rapid.OneOf(
			rapid.Just(math.NaN()), rapid.Just(math.Inf(1)), rapid.Float64Range(-1e6, 1e6), rapid.Float64(),
		).Draw(t, "value")
	}
	return first, times, values
}

func TestSingleIsColumnForOneRowABin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, spec := drawGrid(t), drawSpec(t)
		first, times, values := drawEven(t, g)
		if !g.Even(times, first) {
			t.Fatalf("rows at %d are not even from %d on", times, first)
		}
		carry := Last{
			Time:  first + rapid.Int64Range(-10, 3).Draw(t, "carried")*int64(g.Rate),
			Value: rapid.Float64().Draw(t, "carried value"), OK: rapid.Bool().Draw(t, "some carried"),
		}
		got, want := make([]float64, len(times)), make([]float64, len(times))
		gotLast := spec.Single(got, times, values, g, first, carry)
		wantLast := spec.Column(want, times, values, g, first, carry)
		if gotLast != wantLast {
			t.Fatalf("leaves %+v, want %+v", gotLast, wantLast)
		}
		for i := range want { // of zeros the sign may differ: none is ever written
			if got[i] != want[i] && (got[i] == got[i] || want[i] == want[i]) {
				t.Fatalf("cell %d of %v: got %v, want %v", i, values, got[i], want[i])
			}
		}
	})
}

func TestEvenIsTheLabelsOfTheRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g := drawGrid(t)
		first, times, _ := drawEven(t, g)
		if i := rapid.IntRange(0, len(times)).Draw(t, "moved"); i < len(times) {
			times[i] += rapid.Int64Range(-2, 2).Draw(t, "by") * int64(g.Rate) / 2
		}
		want := true
		for i, at := range times {
			want = want && g.LabelOf(at) == first+int64(i)*int64(g.Rate)
		}
		if got := g.Even(times, first); got != want {
			t.Fatalf("rows at %v from %d on: got %v, want %v", times, first, got, want)
		}
	})
}
