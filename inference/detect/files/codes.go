package files

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// Coded is a sensor that has a code now and then instead of a reading. It is left out
// before rows are put on the grid: in a mean with readings it would not be known again.
type Coded struct {
	Sensor   frame.Name
	Codes    []float64
	Readings int
}

const (
	// codeAway is how far from all readings a code lies, in widths of nearly all of them.
	codeAway = 10
	// nearly all readings lie between the 0.5 % and the 99.5 % quantile.
	codeEnds = 0.005
	// codeShare is how much of a sensor's values codes may be.
	codeShare = 1. / 3
	// suspectShare is how much of them a value may be that nobody has agreed on as a code.
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
	every  int             // values for one that is kept
	sample []float64       // evenly spaced
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
	if s.every == 0 {
		s.every = 1
	}
	s.seen++
	if (s.seen-1)%s.every != 0 {
		return
	}
	if s.sample = append(s.sample, v); len(s.sample) < codeSample {
		return
	}
	for i := range codeSample / 2 {
		s.sample[i] = s.sample[2*i]
	}
	s.sample = s.sample[:codeSample/2]
	s.every *= 2
}

// ends are where believable readings end; nowhere where they hardly ever move.
func ends(sorted []float64) (low, high float64) {
	at := func(q float64) float64 { return sorted[int(math.Round(q*float64(len(sorted)-1)))] }
	if len(sorted) > 0 {
		low, high = at(codeEnds), at(1-codeEnds)
	}
	width := high - low
	if !(width > 0) || math.IsInf(width, 0) {
		return math.Inf(-1), math.Inf(1)
	}
	return low - codeAway*width, high + codeAway*width
}

// found gives the codes among the values, and how many values they are.
func (s *values) found() (codes []float64, n int) {
	slices.Sort(s.sample)
	low, high := ends(s.sample)
	for _, v := range slices.Sorted(maps.Keys(s.codes)) {
		if s.codes[v] > 1 && (v < low || v > high) {
			codes, n = append(codes, v), n+s.codes[v]
		}
	}
	if float64(n) > codeShare*float64(n+s.seen) {
		return nil, 0
	}
	slices.SortStableFunc(codes, func(a, b float64) int { return cmp.Compare(s.codes[b], s.codes[a]) })
	return codes, n
}

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
		low, high := ends(others)
		if v != 0 && times > 2 && float64(times) <= suspectShare*float64(len(s.sample)) && (v < low || v > high) {
			return v, times * s.every
		}
	}
	return 0, 0
}

// gather looks at a batch's values. columns are those of the Source, -1 for none.
func (s *Source) gather(b *series.Batch, columns []int) {
	for len(s.values) < len(s.names) {
		s.values = append(s.values, values{})
	}
	each(b, columns, func(c int, v *float64) {
		if !math.IsNaN(*v) {
			s.values[c].add(*v)
		}
	})
}

// each gives the values of a batch with their columns.
func each(b *series.Batch, columns []int, fn func(column int, v *float64)) {
	for k := range b.Columns {
		for i := range b.Columns[k] {
			at := k
			if b.Sensor != nil {
				at = int(b.Sensor[i])
			}
			if at < len(columns) && columns[at] >= 0 {
				fn(columns[at], &b.Columns[k][i])
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
			s.coded = append(s.coded, Coded{s.names[j], codes, n})
		} else if v, n := s.values[j].suspect(); n > 0 {
			s.notes = append(s.notes, suspicion(s.names[j], v, n))
		}
	}
	s.values = nil
}

// Coded are the sensors in which codes were found. Options.Codes has them known instead.
func (s *Source) Coded() []Coded { return s.coded }

// void takes codes out of a batch.
func (s *Source) void(b *series.Batch, columns []int) {
	each(b, columns, func(c int, v *float64) {
		if slices.Contains(s.codes[c], *v) {
			*v = math.NaN()
		}
	})
}

// anyCodes tells whether there is something to take out.
func (s *Source) anyCodes() bool {
	return slices.ContainsFunc(s.codes, func(c []float64) bool { return len(c) > 0 })
}
