package series

import (
	"math"
	"math/big"
	"slices"
	"time"

	"millwright/internal/window"
	"pgregory.net/rapid"
)

// row is one row of a wide file in tests.
type row struct {
	time  int64
	cells []float64
}

// naive resamples by the words of the rulings, with maps and without regard to
// memory: group by label, sort by time, the first of equal timestamps wins.
func naive(rows []row, sensors int, g Grid, specs []Spec) (labels []int64, cells [][]float64) {
	values := make([]map[int64]float64, sensors)
	seen := map[int64]bool{}
	for s := range values {
		values[s] = map[int64]float64{}
	}
	for _, r := range rows {
		seen[naiveLabel(r.time, g)] = true
		for s, v := range r.cells {
			if _, again := values[s][r.time]; !again && !math.IsNaN(v) {
				values[s][r.time] = v
			}
		}
	}
	if len(seen) == 0 {
		return nil, nil
	}
	all := keys(seen)
	times := make([][]int64, sensors)
	for s := range times {
		times[s] = keys(values[s])
	}
	held := make([]Last, sensors)
	next := make([]int, sensors)
	for label := all[0]; label <= all[len(all)-1]; label += int64(g.Rate) {
		line := make([]float64, sensors)
		some := false
		for s := range line {
			var in []float64
			for ; next[s] < len(times[s]) && naiveLabel(times[s][next[s]], g) <= label; next[s]++ {
				t := times[s][next[s]]
				in = append(in, values[s][t])
				held[s] = Last{t, values[s][t], true}
			}
			line[s] = naiveCell(in, specs[s].Aggregate)
			if len(in) == 0 && naiveHolds(specs[s], g, held[s], label) {
				line[s] = held[s].Value
			}
			some = some || !math.IsNaN(line[s])
		}
		if seen[label] || some {
			labels, cells = append(labels, label), append(cells, line)
		}
	}
	return labels, cells
}

func naiveHolds(s Spec, g Grid, l Last, label int64) bool {
	if s.Fill == FillNone || s.Aggregate == AggregateSum || s.Aggregate == AggregateCount || !l.OK {
		return false
	}
	gap := s.MaxGap
	if gap == 0 {
		gap = max(3*g.Rate, time.Minute)
	}
	end := label
	if g.Label == window.LabelStart {
		end += int64(g.Rate)
	}
	return time.Duration(end-l.Time) <= gap
}

// naiveLabel is the label by exact arithmetic.
func naiveLabel(t int64, g Grid) int64 {
	q, m := new(big.Int).DivMod(big.NewInt(t), big.NewInt(int64(g.Rate)), new(big.Int))
	if g.Label == window.LabelEnd && m.Sign() != 0 {
		q.Add(q, big.NewInt(1))
	}
	return q.Mul(q, big.NewInt(int64(g.Rate))).Int64()
}

func naiveCell(v []float64, a Aggregate) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	sorted := slices.Sorted(slices.Values(v))
	switch a {
	case AggregateMin:
		return sorted[0]
	case AggregateMax:
		return sorted[len(v)-1]
	case AggregateFirst:
		return v[0]
	case AggregateLast:
		return v[len(v)-1]
	case AggregateMedian:
		if n := len(v); n%2 == 0 {
			return (sorted[n/2-1] + sorted[n/2]) / 2
		}
		return sorted[len(v)/2]
	case AggregateSum:
		return sum
	case AggregateCount:
		return float64(len(v))
	default:
		return sum / float64(len(v))
	}
}

func keys[V any](m map[int64]V) []int64 {
	out := make([]int64, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// text is what a file of these rows would look like.
func text(labels []int64, cells [][]float64) string {
	var b []byte
	for i := range labels {
		b = appendRow(b, labels[i], cells[i])
	}
	return string(b)
}

func drawGrid(t *rapid.T) Grid {
	return Grid{
		Rate:  rapid.SampledFrom([]time.Duration{time.Second, 5 * time.Second, time.Minute}).Draw(t, "rate"),
		Label: rapid.SampledFrom([]window.Label{window.LabelEnd, window.LabelStart}).Draw(t, "label"),
	}
}

func drawSpec(t *rapid.T) Spec {
	return Spec{
		Aggregate: rapid.SampledFrom(append(Aggregates(), "")).Draw(t, "aggregate"),
		Fill:      rapid.SampledFrom([]Fill{FillHold, FillNone, ""}).Draw(t, "fill"),
		MaxGap:    rapid.SampledFrom([]time.Duration{0, NoMaxGap, time.Second, 90 * time.Second}).Draw(t, "gap"),
	}
}

func drawValue(t *rapid.T) float64 {
	if rapid.IntRange(0, 3).Draw(t, "empty") == 0 {
		return math.NaN()
	}
	return float64(rapid.IntRange(-50, 50).Draw(t, "value")) / 10
}

// drawRows gives ascending rows around 1970, so that times of both signs occur,
// with steps from a fraction of a bin to gaps of many bins.
func drawRows(t *rapid.T, sensors int, g Grid) []row {
	at := rapid.Int64Range(-20*int64(g.Rate), 20*int64(g.Rate)).Draw(t, "start")
	rows := make([]row, rapid.IntRange(1, 80).Draw(t, "rows"))
	for i := range rows {
		switch rapid.IntRange(0, 9).Draw(t, "step") {
		case 0:
			at += rapid.Int64Range(1, 15*int64(g.Rate)).Draw(t, "far")
		case 1:
			at = naiveLabel(at+1, g) // exactly on a bin's edge
		default:
			at += rapid.Int64Range(1, int64(g.Rate)/4).Draw(t, "near")
		}
		rows[i] = row{time: at, cells: make([]float64, sensors)}
		for s := range rows[i].cells {
			rows[i].cells[s] = drawValue(t)
		}
	}
	for i := 1; i < len(rows); i++ { // the edge may step back
		rows[i].time = max(rows[i].time, rows[i-1].time+1)
	}
	return rows
}

// wideBatches cuts rows into batches at random places and marks the sorted ones.
func wideBatches(t *rapid.T, rows []row, sensors int) []*Batch {
	var out []*Batch
	last := int64(math.MinInt64)
	for len(rows) > 0 {
		n := rapid.IntRange(1, len(rows)).Draw(t, "batch")
		b := &Batch{Columns: make([][]float64, sensors), Sorted: true}
		for _, r := range rows[:n] {
			b.Sorted = b.Sorted && r.time > last
			last = r.time
			b.Times = append(b.Times, r.time)
			for s, v := range r.cells {
				b.Columns[s] = append(b.Columns[s], v)
			}
		}
		out, rows = append(out, b), rows[n:]
	}
	return out
}

// longBatches gives the same values as rows of one tag each.
func longBatches(t *rapid.T, rows []row) []*Batch {
	var out []*Batch
	b := &Batch{Columns: make([][]float64, 1)}
	for _, r := range rows {
		for s, v := range r.cells {
			b.Times = append(b.Times, r.time)
			b.Sensor = append(b.Sensor, int32(s))
			b.Columns[0] = append(b.Columns[0], v)
		}
		if rapid.Bool().Draw(t, "cut") {
			out, b = append(out, b), &Batch{Columns: make([][]float64, 1)}
		}
	}
	return append(out, b)
}
