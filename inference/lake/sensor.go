package lake

import (
	"cmp"
	"math"
	"slices"
	"sort"

	"millwright/internal/sensorstat"
	"millwright/internal/series"
)

const (
	sampleSize = 512  // values kept to look for operating modes
	maxSpans   = 1024 // stretches of one part of a file without a large gap
)

// Sensor is what is known of one sensor's values in some files. What two of them
// come to together does not depend on their order.
type Sensor struct {
	Name         string  `json:"name"`
	Cells        int64   `json:"cells"`
	Values       int64   `json:"values"`                  // cells that are numbers
	Invalid      int64   `json:"invalid,omitempty"`       // cells that hold text
	InvalidDates int64   `json:"invalid_dates,omitempty"` // rows whose timestamp cannot be read
	Duplicates   int64   `json:"duplicates,omitempty"`    // values at a stamp that has one already
	Min          float64 `json:"min"`
	Max          float64 `json:"max"`

	Distinct []float64 `json:"distinct,omitempty"` // the different values, ascending, unless there are
	Many     bool      `json:"many,omitempty"`     // more than sensorstat.MaxCategories
	Ups      int64     `json:"ups,omitempty"`      // steps in the direction of time
	Downs    int64     `json:"downs,omitempty"`
	Runs     []Run     `json:"runs,omitempty"`  // what Ups and Downs were counted in, by time
	Spans    []Span    `json:"spans,omitempty"` // where it has values, without large gaps, by time
	Sample   []Sampled `json:"sample,omitempty"`
}

// Run is a stretch of values in the order of time: the first and the last.
type Run struct {
	From  int64   `json:"from"` // Unix ns
	First float64 `json:"first"`
	To    int64   `json:"to"`
	Last  float64 `json:"last"`
}

// Span is a stretch of time whose both ends have a value. Unix ns.
type Span struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Sampled is a value that was chosen by its stamp alone.
type Sampled struct {
	Rank  uint32  `json:"r"`
	Value float64 `json:"v"`
}

func (a Sampled) compare(b Sampled) int {
	return cmp.Or(cmp.Compare(a.Rank, b.Rank), cmp.Compare(a.Value, b.Value))
}

// rank scatters stamps evenly.
func rank(t int64) uint32 {
	x := uint64(t) + 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return uint32((x ^ x>>31) >> 32)
}

// gatherer fills Sensors with the rows of a part of a file.
type gatherer struct {
	sensors []*gathered
	ranks   []uint32
	chosen  []int
	last    int64 // stamp of the row before
	begun   bool
}

// gathered is a Sensor that is being filled.
type gathered struct {
	*Sensor
	limit  uint32  // ranks from here on are not kept
	latest float64 // looked up in Distinct last
}

func newGatherer(names []string) *gatherer {
	g := &gatherer{}
	for _, name := range names {
		g.sensors = append(g.sensors, &gathered{Sensor: &Sensor{Name: name}, limit: math.MaxUint32})
	}
	return g
}

// add takes rows in the order of time, with a column for each sensor.
func (g *gatherer) add(b *series.Batch) {
	n := b.Len()
	if n == 0 {
		return
	}
	repeated := !b.Sorted && !strictly(b.Times) || g.begun && b.Times[0] == g.last
	g.last, g.begun = b.Times[n-1], true
	var limit uint32
	for _, s := range g.sensors {
		limit = max(limit, s.limit)
	}
	g.ranks, g.chosen = g.ranks[:0], g.chosen[:0]
	for i, t := range b.Times {
		if r := rank(t); r < limit {
			g.ranks, g.chosen = append(g.ranks, r), append(g.chosen, i)
		}
	}
	for k, s := range g.sensors {
		s.add(b.Times, b.Columns[k], repeated)
		for i, row := range g.chosen {
			if v := b.Columns[k][row]; g.ranks[i] < s.limit && v == v {
				s.keep(g.ranks[i], v)
			}
		}
	}
}

// take is add for who hands on batches.
func (g *gatherer) take(b *series.Batch) error {
	g.add(b)
	return nil
}

func strictly(times []int64) bool {
	for i := 1; i < len(times); i++ {
		if times[i] <= times[i-1] {
			return false
		}
	}
	return true
}

// add takes a column.
func (s *gathered) add(times []int64, values []float64, repeated bool) {
	s.Cells += int64(len(values))
	i, j := 0, len(values)
	for i < j && values[i] != values[i] {
		i++
	}
	if i == j {
		return
	}
	for values[j-1] != values[j-1] {
		j--
	}
	if s.Values == 0 {
		s.Min, s.Max = values[i], values[i]
		s.Runs = []Run{{From: times[i], First: values[i], To: times[i] - 1, Last: values[i]}}
	}
	run := &s.Runs[0]
	if repeated {
		s.careful(times[i:j], values[i:j], run)
	} else {
		s.plain(values[i:j], run)
	}
	s.cover(times[i:j], values[i:j])
	run.To = times[j-1]
	if !s.Many {
		s.categories(values[i:j])
	}
}

// plain takes values whose stamps are all different.
func (s *gathered) plain(values []float64, run *Run) {
	lo, hi, last := s.Min, s.Max, run.Last
	var n, ups, downs int64
	for _, v := range values {
		if v != v {
			continue
		}
		n++
		if v > last {
			ups++
			hi = max(hi, v)
		} else if v < last {
			downs++
			lo = min(lo, v)
		}
		last = v
	}
	s.Values, s.Ups, s.Downs, s.Min, s.Max, run.Last = s.Values+n, s.Ups+ups, s.Downs+downs, lo, hi, last
}

// careful takes values of which some have the stamp of the one before.
func (s *gathered) careful(times []int64, values []float64, run *Run) {
	for i, v := range values {
		if v != v {
			continue
		}
		switch {
		case times[i] == run.To:
			s.Duplicates++
		case v > run.Last:
			s.Ups++
		case v < run.Last:
			s.Downs++
		}
		s.Values++
		s.Min, s.Max = min(s.Min, v), max(s.Max, v)
		run.To, run.Last = times[i], v
	}
}

// cover notes where there are values. Both ends of times have one.
func (s *gathered) cover(times []int64, values []float64) {
	const gap = int64(sensorstat.LargeGap)
	last := times[len(times)-1]
	if n := len(s.Spans); n > 0 && last-s.Spans[n-1].To <= gap {
		s.Spans[n-1].To = last
		return
	}
	for i, t := range times {
		if values[i] != values[i] {
			continue
		}
		if n := len(s.Spans); n > 0 && t-s.Spans[n-1].To <= gap {
			s.Spans[n-1].To = t
			if last-t <= gap {
				s.Spans[n-1].To = last
				return
			}
			continue
		}
		s.Spans = append(s.Spans, Span{t, t})
		if len(s.Spans) > maxSpans {
			s.Spans = closeSmallest(s.Spans)
		}
	}
}

// closeSmallest forgets the smallest gap.
func closeSmallest(spans []Span) []Span {
	best := 1
	for i := 2; i < len(spans); i++ {
		if spans[i].From-spans[i-1].To < spans[best].From-spans[best-1].To {
			best = i
		}
	}
	spans[best-1].To = spans[best].To
	return slices.Delete(spans, best, best+1)
}

func (s *gathered) categories(values []float64) {
	for _, v := range values {
		if v != v || v == s.latest && len(s.Distinct) > 0 {
			continue
		}
		s.latest = v
		at := sort.SearchFloat64s(s.Distinct, v)
		if at < len(s.Distinct) && s.Distinct[at] == v {
			continue
		}
		if len(s.Distinct) == sensorstat.MaxCategories {
			s.Distinct, s.Many = nil, true
			return
		}
		s.Distinct = slices.Insert(s.Distinct, at, v)
	}
}

// keep takes a value into the sample: those with the lowest ranks are in it.
func (s *gathered) keep(r uint32, v float64) {
	s.Sample = append(s.Sample, Sampled{r, v})
	if len(s.Sample) >= 2*sampleSize {
		s.trim()
	}
}

func (s *Sensor) trimSample() {
	slices.SortFunc(s.Sample, Sampled.compare)
	s.Sample = s.Sample[:min(len(s.Sample), sampleSize):min(len(s.Sample), sampleSize)]
}

func (s *gathered) trim() {
	s.trimSample()
	if len(s.Sample) == sampleSize {
		if top := s.Sample[sampleSize-1].Rank; top < math.MaxUint32 {
			s.limit = top + 1 // equal ranks are told apart by the value
		}
	}
}

// end gives what was gathered.
func (g *gatherer) end() []*Sensor {
	all := make([]*Sensor, len(g.sensors))
	for i, s := range g.sensors {
		s.trimSample()
		all[i] = s.Sensor
	}
	return all
}
