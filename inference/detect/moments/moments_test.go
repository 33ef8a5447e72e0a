package moments

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"millwright/inference/detect/crew"
)

func of(rows [][]float64, p int) *Moments {
	c := crew.New(0)
	defer c.Close()
	m := New(p)
	center := make([]float64, p)
	if len(rows) > 0 {
		copy(center, rows[0])
	}
	g := NewFloor(c).Gather(m, center)
	for i, r := range rows {
		g.Add(r, i > 0)
	}
	g.Close()
	return m
}

// direct computes them in two plain passes.
func direct(rows [][]float64, p int) *Moments {
	m := New(p)
	m.N = float64(len(rows))
	for _, r := range rows {
		for j, v := range r {
			m.Mean[j] += v / m.N
		}
	}
	for _, r := range rows {
		for i := range p {
			for j := i; j < p; j++ {
				m.Row(i)[j-i] += (r[i] - m.Mean[i]) * (r[j] - m.Mean[j])
			}
		}
	}
	return m
}

func near(t *rapid.T, got, want *Moments) {
	p := len(want.Mean)
	if got.N != want.N {
		t.Fatalf("%v vectors, not %v", got.N, want.N)
	}
	for i := range p {
		if math.Abs(got.Mean[i]-want.Mean[i]) > 1e-9*(1+math.Abs(want.Mean[i])) {
			t.Fatalf("mean %v, not %v", got.Mean[i], want.Mean[i])
		}
		for j := i; j < p; j++ {
			g, w := got.Row(i)[j-i], want.Row(i)[j-i]
			if math.Abs(g-w) > 1e-9*(1+math.Sqrt(want.Row(i)[0]*want.Row(j)[0])) {
				t.Fatalf("scatter %d,%d is %v, not %v", i, j, g, w)
			}
		}
	}
}

func TestPartsAddUpAndComeApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.IntRange(1, 5).Draw(t, "length")
		n := rapid.IntRange(2, 400).Draw(t, "vectors")
		cut := rapid.IntRange(1, n-1).Draw(t, "cut")
		offset := rapid.SampledFrom([]float64{0, 1, -1e4, 1e6}).Draw(t, "offset")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		rows := make([][]float64, n)
		for i := range rows {
			for range p {
				rows[i] = append(rows[i], offset+r.NormFloat64())
			}
		}
		a, b, all := of(rows[:cut], p), of(rows[cut:], p), direct(rows, p)
		sum := a.Clone()
		sum.Merge(b)
		near(t, sum, all)
		near(t, of(rows, p), all)
		if cut > n/2 { // what is left is most of it, as in training
			sum.Remove(b)
			near(t, sum, a)
		}
	})
}
