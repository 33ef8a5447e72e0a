package sensorstat

import (
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/series"
)

// drawRows draws stamps and two columns with holes, categories and slopes.
func drawRows(t *rapid.T) (times []int64, columns [][]float64) {
	n := rapid.IntRange(1, 700).Draw(t, "rows")
	step := rapid.SampledFrom([]int64{minute, int64(time.Second), 7 * int64(time.Hour)}).Draw(t, "step")
	at := int64(0)
	columns = make([][]float64, 2)
	kind := rapid.IntRange(0, 3).Draw(t, "kind")
	for i := range n {
		switch rapid.IntRange(0, 40).Draw(t, "move") {
		case 0:
			at -= 3 * step
		case 1:
		case 2:
			at += 40 * step
		default:
			at += step
		}
		times = append(times, at)
		for c := range columns {
			v := float64(rapid.IntRange(0, 12).Draw(t, "value"))
			switch {
			case rapid.IntRange(0, 9).Draw(t, "hole") == 0:
				v = math.NaN()
			case kind == 1:
				v = float64(i)
			case kind == 2:
				v *= math.Sqrt(float64(i))
			}
			columns[c] = append(columns[c], v)
		}
	}
	return times, columns
}

func gather(times []int64, columns [][]float64, cuts []int) ([]Statistics, int64, time.Duration) {
	set := NewSet()
	rows := set.Rows(series.Wide)
	rows.Name([]string{"a", "b"})
	var interval Interval
	from := 0
	for _, to := range append(cuts, len(times)) {
		if to <= from {
			continue
		}
		b := &series.Batch{Times: times[from:to], Columns: [][]float64{columns[0][from:to], columns[1][from:to]}}
		b.Sorted = true
		for i := from + 1; i < to; i++ {
			b.Sorted = b.Sorted && times[i] > times[i-1]
		}
		rows.Add(b)
		interval.Add(b.Times)
		from = to
	}
	return set.Sensors(), rows.Duplicates(), interval.Typical()
}

func TestBatchesDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		times, columns := drawRows(t)
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(times)), 0, 20).Draw(t, "cuts")
		slices.Sort(cuts)
		whole, n, every := gather(times, columns, nil)
		parts, m, other := gather(times, columns, cuts)
		if !reflect.DeepEqual(whole, parts) || n != m || every != other {
			t.Fatalf("in one batch:\n%+v %d %s\nin several:\n%+v %d %s", whole, n, every, parts, m, other)
		}
	})
}

func TestStampsAreASet(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s stamps
		seen := map[int64]bool{}
		at := int64(0)
		for range rapid.IntRange(0, 400).Draw(t, "rows") {
			at += rapid.SampledFrom([]int64{5, 5, 5, 5, -5, -20, 0, 1, 55}).Draw(t, "step")
			if got := s.add(at); got != seen[at] {
				t.Fatalf("%d: seen is %v, want %v; %v", at, got, seen[at], s.runs)
			}
			seen[at] = true
			if !slices.IsSortedFunc(s.runs, func(a, b run) int { return int(a.last() - b.first) }) {
				t.Fatalf("runs overlap: %v", s.runs)
			}
		}
	})
}

func TestStampsStaySmall(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]func(i int64) int64{
		"regular":      func(i int64) int64 { return i * minute },
		"newest first": func(i int64) int64 { return -i * minute },
		"jitter":       func(i int64) int64 { return i*minute + i*i%977 },
		"jitter back":  func(i int64) int64 { return -i*minute + i*i%977 },
		"in between":   func(i int64) int64 { return i * 7919 % 1_000_003 },
	} {
		var s stamps
		for i := range int64(50_000) {
			if s.add(step(i)) {
				t.Fatalf("%s: %d was not there", name, step(i))
			}
			if len(s.runs) > maxRuns || s.at >= len(s.runs) {
				t.Fatalf("%s: %d runs, at %d", name, len(s.runs), s.at)
			}
		}
		if !s.add(step(49_999)) {
			t.Errorf("%s: the last stamp is forgotten", name)
		}
	}
}

func TestCoverKnowsNoOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const hour = int64(time.Hour)
		at := rapid.SliceOfN(rapid.Int64Range(0, 400), 1, 60).Draw(t, "hours")
		var c cover
		for _, h := range at {
			c.add(h*hour, h*hour)
		}
		slices.Sort(at)
		n, longest := 0, int64(0)
		for i := 1; i < len(at); i++ {
			if gap := (at[i] - at[i-1]) * hour; gap > int64(LargeGap) {
				n++
				longest = max(longest, gap)
			}
		}
		if gotN, gotLongest := c.gaps(); gotN != n || gotLongest != longest {
			t.Fatalf("%d gaps up to %d, want %d up to %d: %v", gotN, gotLongest, n, longest, c.spans)
		}
	})
}

func TestCoverStaysSmall(t *testing.T) {
	t.Parallel()
	var c cover
	for i := range int64(1000) {
		c.add(i*3*int64(LargeGap), i*3*int64(LargeGap))
	}
	if n, _ := c.gaps(); n != maxCovers-1 {
		t.Errorf("%d gaps, want the most that are kept", n)
	}
}

func BenchmarkAdd(b *testing.B) {
	for name, f := range map[string]func(i int) float64{
		"noise":    noise(7),
		"counter":  func(i int) float64 { return float64(i) },
		"category": func(i int) float64 { return float64(i / 100 % 4) },
	} {
		b.Run(name, func(b *testing.B) {
			set := NewSet()
			rows := set.Rows(series.Wide)
			batch := &series.Batch{Sorted: true}
			var names []string
			for c := range 30 {
				names = append(names, string(rune('a'+c)))
				var v []float64
				for i := range 512 {
					v = append(v, f(i))
				}
				batch.Columns = append(batch.Columns, v)
			}
			rows.Name(names)
			batch.Times = make([]int64, 512)
			at := int64(0)
			b.SetBytes(512 * 30 * 8)
			for b.Loop() {
				for i := range batch.Times {
					at += int64(time.Second)
					batch.Times[i] = at
				}
				rows.Add(batch)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/512/30, "ns/value")
		})
	}
}
