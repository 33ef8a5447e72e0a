package series

import "math"

// Even tells whether the rows lie one in each bin, from the one of label first
// on: what a sensor gives that is sampled at the target rate.
func (g Grid) Even(times []int64, first int64) bool {
	end := g.last(first)
	for _, t := range times {
		if t > end || t <= end-int64(g.Rate) {
			return false
		}
		end += int64(g.Rate)
	}
	return true
}

// Single is Column for rows that are Even, one for each cell of dst. A bin with
// one value is that value, whatever the aggregate but the count.
func (s Spec) Single(dst []float64, times []int64, values []float64, g Grid, first int64, carry Last) Last {
	p := s.plan(g)
	if p.kind == kindCount {
		return s.Column(dst, times, values, g, first, carry)
	}
	at := -1 // the last row with a value that carry does not have
	values, times = values[:len(dst)], times[:len(dst)]
	for i, v := range values {
		if v == v {
			at = i
		} else {
			carry, at = lastAt(carry, times, values, at), -1
			label := first + int64(i)*int64(g.Rate)
			if p.held(carry, g.edge(label)) && carry.Time <= g.last(label) {
				v = carry.Value
			}
		}
		if v-v != 0 { // infinities must never leave
			v = math.NaN()
		}
		dst[i] = v
	}
	return lastAt(carry, times, values, at)
}

func lastAt(carry Last, times []int64, values []float64, at int) Last {
	if at < 0 {
		return carry
	}
	return Last{Time: times[at], Value: values[at], OK: true}
}
