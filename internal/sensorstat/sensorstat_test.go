package sensorstat

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/internal/series"
)

const minute = int64(time.Minute)

// fill makes n rows a step apart and gives the statistics of the sensor that f makes.
func fill(n int, step time.Duration, f func(i int) float64) Statistics {
	set := NewSet()
	rows := set.Rows(series.Wide)
	rows.Name([]string{"s"})
	var times []int64
	var values []float64
	for i := range n {
		times = append(times, int64(i)*int64(step))
		values = append(values, f(i))
	}
	rows.Add(&series.Batch{Times: times, Columns: [][]float64{values}, Sorted: true})
	return set.Sensors()[0]
}

func noise(seed uint64) func(int) float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	return func(int) float64 { return r.NormFloat64() }
}

func TestFindingsAndGrades(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	const days20 = 20 * 24 * 60
	for _, c := range []struct {
		name  string
		n     int
		step  time.Duration
		value func(int) float64
		grade Grade
		want  string // among the reasons, "" for none
	}{
		{"good", days20, time.Minute, noise(1), High, ""},
		{"short", 13 * 24 * 60, time.Minute, noise(1), Low, "less than 14 days"},
		{"no data", 100, time.Minute, func(int) float64 { return nan }, Low, "no data"},
		{"static", days20, time.Minute, func(int) float64 { return 7 }, Low, "never changes"},
		{"counter", days20, time.Minute, func(i int) float64 { return float64(i / 3) }, Low, "only increases"},
		{"counter set back", days20, time.Minute, func(i int) float64 { return float64(i % 9000) }, Low, "only increases"},
		{"falling", days20, time.Minute, func(i int) float64 { return float64(-i) }, Low, "only decreases"},
		{"saw", days20, time.Minute, func(i int) float64 { return float64(i % 90) }, High, ""},
		{"switch", days20, time.Minute, func(i int) float64 { return float64(i / 700 % 2) }, Medium, "categorical, 2 values"},
		{"twelve steps", days20, time.Minute, func(i int) float64 { return float64(i * 7 % 12) }, Medium, "categorical, 12 values"},
		{"thirteen steps", days20, time.Minute, func(i int) float64 { return float64(i * 7 % 13) }, High, ""},
		{"sine", days20, time.Minute, func(i int) float64 { return math.Sin(float64(i) / 100) }, High, ""},
		{"missing", days20, time.Minute, func(i int) float64 {
			if i%4 == 1 {
				return nan
			}
			return math.Cos(float64(i))
		}, Medium, "25.0 % missing"},
		{"weekly", 30, 36 * time.Hour, noise(2), Medium, "29 gaps over a day, the longest 1 day"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st := fill(c.n, c.step, c.value)
			why := strings.Join(st.Reasons, "; ")
			if st.Grade != c.grade || c.want == "" && why != "" || !strings.Contains(why, c.want) {
				t.Errorf("grade %s because of %q, want %s because of %q", st.Grade, why, c.grade, c.want)
			}
		})
	}
}

func TestModes(t *testing.T) {
	t.Parallel()
	normal, uniform := noise(3), rand.New(rand.NewPCG(4, 4))
	for _, c := range []struct {
		name string
		f    func(i int) float64
		want bool
	}{
		{"one heap", normal, false},
		{"uniform", func(int) float64 { return uniform.Float64() }, false},
		{"slope", func(i int) float64 { return float64(i) }, false},
		{"two heaps", func(i int) float64 { return float64(i/50%2)*12 + normal(i) }, true},
		{"three heaps", func(i int) float64 { return float64(i/50%3)*12 + normal(i) }, true},
		{"two heaps that touch", func(i int) float64 { return float64(i/50%2)*3 + normal(i) }, false},
		{"a few outliers", func(i int) float64 {
			if i%60 == 0 {
				return 50
			}
			return normal(i)
		}, false},
	} {
		s := sample{}
		for i := range 20_000 {
			s.add([]float64{c.f(i)})
		}
		if got := severalModes(s.values); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestDuplicatesInAnyOrder(t *testing.T) {
	t.Parallel()
	set := NewSet()
	add := func(times ...int64) int64 {
		rows := set.Rows(series.Wide)
		rows.Name([]string{"a", "", "b"})
		one, two := make([]float64, len(times)), make([]float64, len(times))
		for i := range two {
			two[i] = math.NaN()
		}
		rows.Add(&series.Batch{Times: times, Columns: [][]float64{one, one, two}, Sorted: slices.IsSorted(times)})
		return rows.Duplicates()
	}
	for i, c := range []struct {
		times []int64
		want  int64
	}{
		{[]int64{1, 2, 3, 4}, 0},
		{[]int64{4, 3, 2, 1}, 4},
		{[]int64{5, 6, 6, 7}, 1},
		{[]int64{-3, 0, 7, 8}, 1},
	} {
		if got := add(c.times...); got != c.want {
			t.Errorf("file %d: %d duplicates, want %d", i, got, c.want)
		}
	}
	if st := set.Sensors(); st[0].Duplicates.Count != 6 || st[1].Duplicates.Count != 0 {
		t.Errorf("%d and %d values at repeated stamps, want 6 and 0", st[0].Duplicates.Count, st[1].Duplicates.Count)
	}
}

func TestLongLayout(t *testing.T) {
	t.Parallel()
	set := NewSet()
	rows := set.Rows(series.Long)
	rows.Name([]string{"a", "b"})
	rows.Add(&series.Batch{Times: []int64{1, 1, 2, 2}, Sensor: []int32{0, 1, 0, 1}, Columns: [][]float64{{1, 10, 2, math.NaN()}}})
	rows.Name([]string{"a", "b", "", "c"})
	rows.Add(&series.Batch{Times: []int64{2, 3, 9}, Sensor: []int32{0, 2, 3}, Columns: [][]float64{{2, 5, 6}}})
	if got := fmt.Sprint(set.Names()); got != "[a b c]" {
		t.Fatalf("sensors %s", got)
	}
	st := set.Sensors()
	if st[0].Values != 3 || st[0].Duplicates.Count != 1 || st[1].Missing.Count != 1 || st[1].Max != 10 || st[2].Values != 1 || rows.Duplicates() != 1 {
		t.Errorf("%+v", st)
	}
}

func TestTextColumnsAreNoSensors(t *testing.T) {
	t.Parallel()
	set := NewSet()
	nan := math.NaN()
	for range 2 {
		rows := set.Rows(series.Wide)
		rows.Name([]string{"a", "note"})
		rows.Add(&series.Batch{Times: []int64{1}, Columns: [][]float64{{1}, {nan}}, Sorted: true})
		rows.Text(1)
	}
	if got := fmt.Sprint(set.Names()); got != "[a]" {
		t.Errorf("sensors %s, want [a]", got)
	}
}

func TestInvalidIsNotMissing(t *testing.T) {
	t.Parallel()
	set := NewSet()
	rows := set.Rows(series.Wide)
	rows.Name([]string{"a"})
	nan := math.NaN()
	rows.Add(&series.Batch{Times: []int64{1, 2, 3, 4}, Columns: [][]float64{{1, nan, nan, 2}}, Sorted: true})
	set.Invalid("a", 1)
	set.InvalidDates("a", 1)
	st := set.Sensors()[0]
	if st.Missing.Count != 1 || st.Invalid != (Share{1, 25}) || st.InvalidDates != (Share{1, 20}) {
		t.Errorf("%+v", st)
	}
	var q Quality
	q.Add(st)
	if q != (Quality{Sensors: 1, ShortRange: 1, WithMissing: 1, Missing: 1, WithInvalid: 1, Invalid: 1, UnsupportedDates: 1}) {
		t.Errorf("%+v", q)
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		times []int64
		want  int64
	}{
		{nil, 0},
		{[]int64{5}, 0},
		{[]int64{5, 5, 5}, 0},
		{[]int64{0, minute, 2 * minute, 9 * minute}, minute},
		{[]int64{9 * minute, 2 * minute, minute, 0}, minute},
	} {
		var p Interval
		p.Add(c.times)
		if got := p.Typical(); got != time.Duration(c.want) {
			t.Errorf("%v: %s", c.times, got)
		}
	}
}
