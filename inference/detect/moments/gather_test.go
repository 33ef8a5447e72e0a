package moments

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"millwright/inference/detect/crew"
)

// stream is vectors of rows with their lags, in runs of several lengths.
type stream struct {
	d, lags int
	vectors [][]float64
	follows []bool
}

func newStream(seed uint64, d, lags, runs int) *stream {
	s := &stream{d: d, lags: lags}
	r := rand.New(rand.NewPCG(seed, 1))
	level := make([]float64, d)
	for run := range runs {
		var rows [][]float64
		length := []int{1, 2, 3, 4, 5, 40, chunk - lags, chunk + 1, 3 * chunk}[r.IntN(9)]
		if run == 0 {
			length = 2
		}
		for range length + lags {
			row := make([]float64, d)
			for j := range row {
				level[j] = 0.9*level[j] + r.NormFloat64()
				row[j] = 10*float64(j) + level[j]
			}
			rows = append(rows, row)
		}
		for i := lags; i < len(rows); i++ {
			var v []float64
			for back := range lags + 1 {
				v = append(v, rows[i-back]...)
			}
			s.vectors, s.follows = append(s.vectors, v), append(s.follows, i > lags)
		}
	}
	return s
}

func (s *stream) moments(c *crew.Crew) *Moments {
	m := New((s.lags + 1) * s.d)
	center := make([]float64, s.d)
	for j := range center {
		center[j] = 10*float64(j) + 0.1
	}
	g := NewFloor(c).Gather(m, center)
	for i, v := range s.vectors {
		g.Add(v, s.follows[i])
	}
	g.Close()
	return m
}

// The sums over shifted rows are those that adding up all products would give.
func TestLagsAreThoseOfTheDirectSum(t *testing.T) {
	t.Parallel()
	c := crew.New(0)
	defer c.Close()
	for _, shape := range []struct{ d, lags, runs int }{{1, 3, 30}, {2, 3, 60}, {11, 3, 12}, {9, 1, 12}, {17, 0, 12}, {3, 3, 1}} {
		s := newStream(uint64(shape.d), shape.d, shape.lags, shape.runs)
		p := (shape.lags + 1) * shape.d
		got, want := s.moments(c), direct(s.vectors, p)
		if got.N != want.N {
			t.Fatalf("%v: %v vectors, not %v", shape, got.N, want.N)
		}
		for i := range p {
			if d := math.Abs(got.Mean[i] - want.Mean[i]); d > 1e-12*(1+math.Abs(want.Mean[i])) {
				t.Errorf("%v: mean %d is off by %g", shape, i, d)
			}
			for j := i; j < p; j++ {
				far := math.Abs(got.Row(i)[j-i]-want.Row(i)[j-i]) / (1 + math.Sqrt(want.Row(i)[0]*want.Row(j)[0]))
				if far > 1e-12 {
					t.Errorf("%v: scatter %d, %d is off by %g of its size", shape, i, j, far)
				}
			}
		}
	}
}

// Sums are the same to the last bit however many goroutines there are. GOMAXPROCS is
// of the whole process, so this test has it alone.
func TestSumsDoNotDependOnTheCores(t *testing.T) {
	s := newStream(5, 20, 3, 20)
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	var want *Moments
	for _, n := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(n)
		c := crew.New(0)
		got := s.moments(c)
		c.Close()
		if want == nil {
			want = got
		}
		if !slices.Equal(got.Scatter, want.Scatter) || !slices.Equal(got.Mean, want.Mean) {
			t.Errorf("with %d goroutines the sums are others", n)
		}
	}
}

func BenchmarkGather(b *testing.B) {
	for _, d := range []int{25, 300} {
		b.Run(fmt.Sprint(d), func(b *testing.B) {
			c := crew.New(0)
			defer c.Close()
			v := make([]float64, 4*d)
			for i := range v {
				v[i] = float64(i * 7 % 11)
			}
			g := NewFloor(c).Gather(New(4*d), make([]float64, d))
			for b.Loop() {
				g.Add(v, true)
			}
			g.Close()
		})
	}
}
