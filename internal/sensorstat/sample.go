package sensorstat

import (
	"slices"
	"time"
)

// sample keeps values at even distances over the whole series: when it is full,
// every other one goes and the distance doubles. What it holds does not depend
// on how the series was cut into batches.
type sample struct {
	values []float64
	next   int64 // ordinal of the value to be taken next
	seen   int64 // ordinals so far
	stride int64
}

// add takes values of which NaN are passed over.
func (s *sample) add(values []float64) {
	end := s.seen + int64(len(values))
	for s.next < end {
		v := values[s.next-s.seen]
		if v != v {
			s.next++
			continue
		}
		s.keep(v)
	}
	s.seen = end
}

func (s *sample) keep(v float64) {
	if len(s.values) == sampleSize {
		for i := range sampleSize / 2 {
			s.values[i] = s.values[2*i]
		}
		s.values = s.values[:sampleSize/2]
		s.stride *= 2
	}
	s.stride = max(s.stride, 1)
	s.values = append(s.values, v)
	s.next += s.stride
}

// Interval finds the usual time between two rows.
type Interval struct {
	steps sample
	last  int64
	begun bool
	buf   []float64
}

// Add takes the stamps of rows (Unix ns) in the order of the file.
func (p *Interval) Add(times []int64) {
	if len(times) == 0 {
		return
	}
	p.buf = p.buf[:0]
	if !p.begun {
		p.last, p.begun, times = times[0], true, times[1:]
	}
	if s := &p.steps; s.next >= s.seen+int64(len(times)) { // nothing of this batch is taken
		s.seen += int64(len(times))
	} else {
		last := p.last
		for _, t := range times {
			p.buf = append(p.buf, float64(max(t-last, last-t)))
			last = t
		}
		s.add(p.buf)
	}
	if n := len(times); n > 0 {
		p.last = times[n-1]
	}
}

// Typical is the median of the times between rows, 0 when there are not two rows
// at different times.
func (p *Interval) Typical() time.Duration {
	steps := slices.DeleteFunc(slices.Clone(p.steps.values), func(v float64) bool { return v == 0 })
	if len(steps) == 0 {
		return 0
	}
	slices.Sort(steps)
	return time.Duration(steps[len(steps)/2])
}
