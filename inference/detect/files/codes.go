package files

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// Coded is a sensor that has a code now and then instead of a reading. It is left out
// before rows are put on the grid: in a mean with readings it would not be known again.
type Coded struct {
	Sensor   frame.Name
	Readings int
	Codes    []float64
}

const (
	// codeAway is how far from nearly all readings a code lies, in widths of those.
	codeAway = 1
	// suspectAway is the same of values that nobody has agreed on as codes.
	suspectAway = 3
	// nearly all readings lie between the 0.5 % and the 99.5 % quantile.
	codeEnds = 0.005
	// codeShare is how much of a sensor's values codes may be.
	codeShare = 1. / 3
	// suspectShare is how much of them such another value may be.
	suspectShare = 0.05
	// codeSample is how many values of a sensor are looked at, at the most.
	codeSample = 4096
)

// isCode tells values that devices write when they have no reading.
func isCode(v float64) bool {
	switch v {
	case -999, 999, -9999, 9999, -99999, 99999, -999999, 999999, 65535, 32767, -32768, 4294967295, 2147483647, -2147483648:
		return true
	}
	return false
}

// values are what is kept of a sensor's values as they stand in the files.
type values struct {
	seen   int             // codes are not among them
	sample []float64       // each with the same chance
	chance rand.PCG        // the same for the same values
	codes  map[float64]int // how often each came
}

func (s *values) add(v float64) {
	if math.Abs(v) >= 999 && isCode(v) {
		if s.codes == nil {
			s.codes = map[float64]int{}
		}
		s.codes[v]++
		return
	}
	s.seen++
	if len(s.sample) < codeSample {
		s.sample = append(s.sample, v)
	} else if at := s.chance.Uint64() % uint64(s.seen); at < codeSample {
		s.sample[at] = v
	}
}

// ends are where readings end, away widths from nearly all of them; nowhere where they
// hardly ever move.
func ends(sorted []float64, away float64) (low, high float64) {
	at := func(q float64) float64 { return sorted[int(math.Round(q*float64(len(sorted)-1)))] }
	if len(sorted) > 0 {
		low, high = at(codeEnds), at(1-codeEnds)
	}
	width := high - low
	if !(width > 0) || math.IsInf(width, 0) {
		return math.Inf(-1), math.Inf(1)
	}
	return low - away*width, high + away*width
}

// found gives the codes among the values, the most frequent first, and how many values
// they are. A sensor whose readings reach out to where a code lies has none there.
func (s *values) found() (codes []float64, n int) {
	slices.Sort(s.sample)
	low, high := ends(s.sample, codeAway)
	for _, v := range slices.Sorted(maps.Keys(s.codes)) {
		near := 0
		for _, o := range s.sample {
			if v < low && o < (v+low)/2 || v > high && o > (v+high)/2 {
				near++
			}
		}
		if s.codes[v] > 1 && (v < low || v > high) && 10*near*s.each() < s.codes[v] {
			codes, n = append(codes, v), n+s.codes[v]
		}
	}
	if float64(n) > codeShare*float64(n+s.seen) {
		return nil, 0
	}
	slices.SortStableFunc(codes, func(a, b float64) int { return cmp.Compare(s.codes[b], s.codes[a]) })
	return codes, n
}

// each is how many values one of the sample stands for.
func (s *values) each() int { return s.seen / max(len(s.sample), 1) }

// suspect gives a value that comes again and again far outside all others, and about how
// often, though no device is known to write it for want of a reading. 0 is none: machines
// that stand have it.
func (s *values) suspect() (v float64, n int) {
	slices.Sort(s.sample)
	if len(s.sample) == 0 {
		return 0, 0
	}
	for _, v := range []float64{s.sample[0], s.sample[len(s.sample)-1]} {
		others := slices.DeleteFunc(slices.Clone(s.sample), func(o float64) bool { return o == v })
		times := len(s.sample) - len(others)
		low, high := ends(others, suspectAway)
		if v != 0 && times > 2 && float64(times) <= suspectShare*float64(len(s.sample)) && (v < low || v > high) {
			return v, times * s.each()
		}
	}
	return 0, 0
}

// gather looks at a batch of a file. columns are the Source's of the sensors met so far.
func (s *Source) gather(b *series.Batch, p *part, raw []string, columns []int) []int {
	if len(columns) < len(raw) {
		s.know(p, raw)
		columns = s.columns(p.Component, raw)
		s.values = append(s.values, make([]values, len(s.names)-len(s.values))...)
	}
	fault := make([]bool, b.Len())
	if len(s.o.Faults) > 0 {
		for i, t := range b.Times {
			fault[i] = frame.Holds(s.o.Faults, t)
		}
	}
	each(b, columns, func(c, row int, v *float64) {
		if !math.IsNaN(*v) && !fault[row] {
			s.values[c].add(*v)
		}
	})
	return columns
}

// each gives the values of a batch with their columns and rows.
func each(b *series.Batch, columns []int, fn func(column, row int, v *float64)) {
	for k := range b.Columns {
		for i := range b.Columns[k] {
			at := k
			if b.Sensor != nil {
				at = int(b.Sensor[i])
			}
			if at < len(columns) && columns[at] >= 0 {
				fn(columns[at], i, &b.Columns[k][i])
			}
		}
	}
}

// findCodes goes through what was gathered when all files have been looked through.
func (s *Source) findCodes() {
	s.codes = make([][]float64, len(s.names))
	for j := range s.values {
		codes, n := s.values[j].found()
		if n > 0 {
			s.codes[j] = codes
			s.coded = append(s.coded, Coded{s.names[j], n, codes})
		} else if v, n := s.values[j].suspect(); n > 0 {
			s.notes = append(s.notes, fmt.Sprintf("%s: %g comes about %d times, far outside all other values: if it stands for no reading, csv.bad_values takes it for missing", s.names[j], v, n))
		}
	}
	s.values = nil
}

// Coded are the sensors in which codes were found. Options.Codes has them known instead.
func (s *Source) Coded() []Coded { return s.coded }

// void takes codes out of a batch.
func (s *Source) void(b *series.Batch, columns []int) {
	each(b, columns, func(c, _ int, v *float64) {
		if slices.Contains(s.codes[c], *v) {
			*v = math.NaN()
		}
	})
}

// anyCodes tells whether there is something to take out.
func (s *Source) anyCodes() bool {
	return slices.ContainsFunc(s.codes, func(c []float64) bool { return len(c) > 0 })
}
