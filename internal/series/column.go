package series

import (
	"math"
	"sort"
)

// Last is the latest value of a sensor before some instant: what a gap after it
// is filled with. OK is false when there is none.
type Last struct {
	Time  int64 // Unix ns
	Value float64
	OK    bool
}

// Column resamples one sensor whose rows are all in memory. times ascend
// without repeats; values has one value for each of them, NaN for none. dst[i]
// becomes the cell of label first + i*Rate, NaN for an empty one. Rows before
// the first bin only count as last values, rows after the last bin not at all.
// carry is the last value before times. Column returns the one before the end
// of the last bin, or carry when nothing newer came.
func (s Spec) Column(dst []float64, times []int64, values []float64, g Grid, first int64, carry Last) Last {
	p := s.plan(g)
	var scratch []float64
	after := g.last(first - int64(g.Rate))
	i := sort.Search(len(times), func(k int) bool { return times[k] > after })
	carry = newest(carry, times[:i], values[:i])
	for b := range dst {
		label := first + int64(b)*int64(g.Rate)
		end := g.last(label)
		j := i
		for j < len(times) && times[j] <= end {
			j++
		}
		carry = newest(carry, times[i:j], values[i:j])
		run := values[i:j]
		i = j
		if p.kind == kindMedian {
			scratch = appendValues(scratch[:0], run)
			dst[b] = medianOf(scratch)
		} else {
			var a acc
			p.kind.add(&a, run)
			dst[b] = p.kind.cell(a)
		}
		if dst[b] != dst[b] && lastValue(run) < 0 && p.held(carry, g.edge(label)) && carry.Time <= end {
			dst[b] = carry.Value
		}
		if math.IsInf(dst[b], 0) {
			dst[b] = math.NaN()
		}
	}
	return carry
}

// newest is the last value of a run of rows, or carry when the run has none.
func newest(carry Last, times []int64, values []float64) Last {
	if k := lastValue(values); k >= 0 {
		return Last{Time: times[k], Value: values[k], OK: true}
	}
	return carry
}
