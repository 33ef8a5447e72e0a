package sensorstat

import "math"

// sensor is what is known of one sensor's values so far.
type sensor struct {
	name         string
	rows         int64 // cells met
	values       int64 // of them numbers
	invalid      int64 // of the others: no empty cells but text
	invalidDates int64
	duplicates   int64
	min, max     float64
	cover        cover
	sample       sample

	distinct []float64 // the different values, at most one more than MaxCategories
	latest   float64   // the last value that was looked up in distinct

	ups, downs int64 // steps in the direction of time
	time       int64 // of the last value
	value      float64
	begun      bool

	own *track // long layout
}

func newSensor(name string) *sensor {
	return &sensor{name: name, min: math.Inf(1), max: math.Inf(-1)}
}

// shared is what the columns of a batch have in common.
type shared struct {
	times      []int64
	sorted     bool // ascending
	lo, hi     int64
	duplicates []int32 // rows whose stamp was there before
}

// add takes the column of a batch. It is called for every value there is: what
// is settled early (most sensors have more than a few values and go both up and
// down) costs nothing afterwards.
func (s *sensor) add(values []float64, b *shared) {
	missing, lo, hi := 0, s.min, s.max
	for _, v := range values {
		if v < lo {
			lo = v
		}
		if v > hi {
			hi = v
		}
		if v != v {
			missing++
		}
	}
	s.min, s.max = lo, hi
	s.rows += int64(len(values))
	s.sample.add(values)
	if missing == len(values) {
		return
	}
	s.values += int64(len(values) - missing)
	if len(s.distinct) <= MaxCategories {
		s.categories(values)
	}
	if s.ups < decided || s.downs < decided {
		s.steps(values, b.times)
	}
	s.covered(values, b, missing > 0)
	for _, i := range b.duplicates {
		if v := values[i]; v == v {
			s.duplicates++
		}
	}
}

func (s *sensor) categories(values []float64) {
	for _, v := range values {
		if v == s.latest && len(s.distinct) > 0 || v != v {
			continue
		}
		if s.latest = v; !contains(s.distinct, v) {
			if s.distinct = append(s.distinct, v); len(s.distinct) > MaxCategories {
				return
			}
		}
	}
}

func contains(values []float64, v float64) bool {
	for _, w := range values {
		if v == w {
			return true
		}
	}
	return false
}

// steps counts in which direction the values go as time goes on. Both counts stop
// to matter once the lower one is decided.
func (s *sensor) steps(values []float64, times []int64) {
	for i, v := range values {
		if v != v {
			continue
		}
		t := times[i]
		if up, down := v > s.value, v < s.value; s.begun && (up || down) && t != s.time {
			if up == (t > s.time) {
				s.ups++
			} else {
				s.downs++
			}
			if s.ups >= decided && s.downs >= decided {
				return
			}
		}
		s.time, s.value, s.begun = t, v, true
	}
}

// covered notes where the batch has values.
func (s *sensor) covered(values []float64, b *shared, holes bool) {
	lo, hi := b.lo, b.hi
	switch {
	case !holes:
	case b.sorted:
		i, j := 0, len(values)-1
		for values[i] != values[i] {
			i++
		}
		for values[j] != values[j] {
			j--
		}
		lo, hi = b.times[i], b.times[j]
	default:
		lo, hi = math.MaxInt64, math.MinInt64
		for i, v := range values {
			if v == v {
				lo, hi = min(lo, b.times[i]), max(hi, b.times[i])
			}
		}
	}
	if hi-lo <= int64(LargeGap) && hi >= lo {
		s.cover.add(lo, hi)
		return
	}
	for i, v := range values {
		if v == v {
			s.cover.add(b.times[i], b.times[i])
		}
	}
}
