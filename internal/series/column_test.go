package series

import (
	"math"
	"testing"
	"time"

	"millwright/internal/window"
	"pgregory.net/rapid"
)

func TestColumnGivesTheNaiveCells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, spec := drawGrid(t), drawSpec(t)
		rows := drawRows(t, 1, g)
		labels, cells := naive(rows, 1, g, []Spec{spec})
		want := map[int64]float64{}
		for i, l := range labels {
			want[l] = cells[i][0]
		}
		var times []int64
		var values []float64
		for _, r := range rows {
			times, values = append(times, r.time), append(values, r.cells[0])
		}
		// Windows one after the other, each with its own rows only, must say what the whole says.
		span := rapid.IntRange(1, 9).Draw(t, "labels")
		var carry Last
		next := 0
		for first := labels[0]; first <= labels[len(labels)-1]; first += int64(span) * int64(g.Rate) {
			dst := make([]float64, span)
			to := next
			for to < len(times) && naiveLabel(times[to], g) < first+int64(span)*int64(g.Rate) {
				to++
			}
			from, beyond := next, to
			if rapid.Bool().Draw(t, "more") { // rows outside the window change nothing
				from, beyond = max(0, next-3), min(len(times), to+3)
			}
			carry = spec.Column(dst, times[from:beyond], values[from:beyond], g, first, carry)
			next = to
			for i, got := range dst {
				label := first + int64(i)*int64(g.Rate)
				if label > labels[len(labels)-1] {
					break
				}
				w, ok := want[label]
				if !ok {
					w = math.NaN()
				}
				if math.Float64bits(got) != math.Float64bits(w) && got == got || (got == got) != (w == w) {
					t.Fatalf("label %d: got %v, want %v", label, got, w)
				}
			}
		}
	})
}

func TestColumnHoldsByTheRuling(t *testing.T) {
	t.Parallel()
	sec := int64(time.Second)
	minute := Grid{Rate: time.Minute}
	for name, c := range map[string]struct {
		spec  Spec
		grid  Grid
		times []int64
		vals  []float64
		carry Last
		want  []string
	}{
		"held for three bins": {Spec{}, minute, []int64{30 * sec}, []float64{7}, Last{}, []string{"7", "7", "7", "", ""}},
		"at the very gap":     {Spec{MaxGap: 2 * time.Minute}, minute, []int64{60 * sec}, []float64{7}, Last{}, []string{"7", "7", "7", "", ""}},
		"no limit":            {Spec{MaxGap: NoMaxGap}, minute, []int64{1}, []float64{7}, Last{}, []string{"7", "7", "7", "7", "7"}},
		"fill none":           {Spec{Fill: FillNone}, minute, []int64{1}, []float64{7}, Last{}, []string{"7", "", "", "", ""}},
		"the raw value, not the mean": {
			Spec{},
			minute,
			[]int64{1 * sec, 2 * sec},
			[]float64{1, 3},
			Last{},
			[]string{"2", "3", "3", "", ""},
		},
		"sum and count are never held": {Spec{Aggregate: AggregateCount}, minute, []int64{1}, []float64{7}, Last{}, []string{"1", "", "", "", ""}},
		"carry from before":            {Spec{}, minute, nil, nil, Last{-60 * sec, 4, true}, []string{"4", "4", "", "", ""}},
		"row on the start belongs before": {
			Spec{},
			minute,
			[]int64{0},
			[]float64{4},
			Last{},
			[]string{"4", "4", "4", "", ""},
		},
		"label start: row on the start is inside": {
			Spec{Fill: FillNone},
			Grid{Rate: time.Minute, Label: window.LabelStart},
			[]int64{60 * sec, 120*sec - 1, 120 * sec},
			[]float64{1, 3, 9},
			Last{},
			[]string{"2", "9", "", "", ""},
		},
		"overflow is empty, and not held": {Spec{Aggregate: AggregateSum}, minute, []int64{1, 2}, []float64{math.MaxFloat64, math.MaxFloat64}, Last{}, []string{"", "", "", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst := make([]float64, 5)
			c.spec.Column(dst, c.times, c.vals, c.grid, int64(time.Minute), c.carry)
			for i, v := range dst {
				if got := string(AppendFloat(nil, v)); got != c.want[i] {
					t.Errorf("bin %d: got %q, want %q", i, got, c.want[i])
				}
			}
		})
	}
}

func TestSpecsAreCheckedInWords(t *testing.T) {
	t.Parallel()
	for _, bad := range []Spec{{Aggregate: "avg"}, {Fill: "linear"}, {MaxGap: -1}} {
		if bad.Validate() == nil {
			t.Errorf("%+v passes", bad)
		}
	}
	for _, a := range Aggregates() {
		if err := (Spec{Aggregate: a}).Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestMedianIsTheMiddleOfTheSortedValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-9, 9), 1, 200).Draw(t, "values")
		for i := range v {
			if rapid.Bool().Draw(t, "round") { // many equal ones
				v[i] = math.Round(v[i])
			}
		}
		want := naiveCell(v, AggregateMedian)
		if got := medianOf(v); got != want {
			t.Fatalf("median %v, want %v", got, want)
		}
	})
}

func BenchmarkColumn(b *testing.B) {
	const rows = 3600
	times, values := make([]int64, rows), make([]float64, rows)
	for i := range times {
		times[i] = int64(i+1) * int64(time.Second)
		values[i] = float64(i%97) / 10
	}
	dst := make([]float64, 60)
	for _, a := range []Aggregate{AggregateMean, AggregateMax, AggregateMedian} {
		b.Run(string(a), func(b *testing.B) {
			b.SetBytes(8 * rows)
			for b.Loop() {
				Spec{Aggregate: a}.Column(dst, times, values, Grid{Rate: time.Minute}, int64(time.Minute), Last{})
			}
		})
	}
}
