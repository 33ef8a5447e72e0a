package sensorstat

import (
	"maps"
	"slices"
	"strings"

	"millwright/internal/series"
)

// Set gathers the statistics of a component's sensors. It is not for use by
// several goroutines.
type Set struct {
	sensors map[string]*sensor
	tracks  map[string]*track // by the sensors of a row
}

// NewSet makes a Set that has seen nothing.
func NewSet() *Set {
	return &Set{sensors: map[string]*sensor{}, tracks: map[string]*track{}}
}

func (s *Set) sensor(name string) *sensor {
	v := s.sensors[name]
	if v == nil {
		v = newSensor(name)
		s.sensors[name] = v
	}
	return v
}

// Invalid tells of n cells of a sensor that hold text which is no number. They
// are among those that batches have as missing.
func (s *Set) Invalid(name string, n int64) { s.sensor(name).invalid += n }

// InvalidDates tells of n rows that should have had a value of the sensor and
// whose timestamp cannot be read.
func (s *Set) InvalidDates(name string, n int64) { s.sensor(name).invalidDates += n }

// Names are the sensors met, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.sensors)) }

// Sensors gives the statistics of every sensor, by name.
func (s *Set) Sensors() []Statistics {
	all := make([]Statistics, 0, len(s.sensors))
	for _, name := range s.Names() {
		all = append(all, s.sensors[name].statistics())
	}
	return all
}

// Rows takes the batches of one file.
type Rows struct {
	set        *Set
	long       bool
	named      []string
	sensors    []*sensor // by column or, in the long layout, by tag; nil: left out
	before     []int64   // cells of each sensor before this file
	track      *track    // wide layout
	shared     shared
	duplicates int64
	byTag      tags
}

// Rows begins a file.
func (s *Set) Rows(layout series.Layout) *Rows {
	return &Rows{set: s, long: layout == series.Long}
}

// Name says which sensor each column is, or each tag; "" for those that are left
// out. In the long layout it is called again as tags appear.
func (r *Rows) Name(sensors []string) {
	for _, name := range sensors[len(r.sensors):] {
		r.named = append(r.named, name)
		if name == "" {
			r.sensors, r.before = append(r.sensors, nil), append(r.before, 0)
			continue
		}
		v := r.set.sensor(name)
		if r.long && v.own == nil {
			v.own = &track{}
		}
		r.sensors, r.before = append(r.sensors, v), append(r.before, v.rows)
	}
	if r.long || r.track != nil {
		return
	}
	key := strings.Join(sensors, "\x00")
	if r.track = r.set.tracks[key]; r.track == nil {
		r.track = &track{}
		r.set.tracks[key] = r.track
	}
}

// Add takes a batch of which every column, or tag, was named.
func (r *Rows) Add(b *series.Batch) {
	if r.long {
		r.byTag.each(b, len(r.sensors), func(tag int, times []int64, values []float64) {
			if s := r.sensors[tag]; s != nil {
				r.shared.begin(times, false)
				r.duplicates += s.own.add(&r.shared)
				s.add(values, &r.shared)
			}
		})
		return
	}
	if b.Len() == 0 || r.track == nil {
		return
	}
	r.shared.begin(b.Times, b.Sorted)
	r.duplicates += r.track.add(&r.shared)
	for i, s := range r.sensors {
		if s != nil {
			s.add(b.Columns[i], &r.shared)
		}
	}
}

// Duplicates is how many rows of the file had a stamp that the file, or an
// earlier one with the same sensors, had before; in the long layout values.
func (r *Rows) Duplicates() int64 { return r.duplicates }

// Text says that a column turned out to hold nothing but text: it is no sensor,
// and its cells are not missing values.
func (r *Rows) Text(column int) {
	s := r.sensors[column]
	if s == nil {
		return
	}
	if s.rows = r.before[column]; s.rows == 0 && s.values == 0 {
		delete(r.set.sensors, s.name)
	}
}

// track knows the stamps of rows that have the same sensors.
type track struct{ stamps stamps }

func (t *track) add(b *shared) (duplicates int64) {
	b.duplicates = b.duplicates[:0]
	for i, at := range b.times {
		if t.stamps.add(at) {
			b.duplicates = append(b.duplicates, int32(i))
		}
	}
	return int64(len(b.duplicates))
}

// begin takes the stamps of a batch.
func (b *shared) begin(times []int64, sorted bool) {
	b.times, b.sorted = times, sorted
	if sorted {
		b.lo, b.hi = times[0], times[len(times)-1]
		return
	}
	b.lo, b.hi = slices.Min(times), slices.Max(times)
}

// tags sorts the rows of a batch of the long layout by tag.
type tags struct {
	count  []int32
	times  []int64
	values []float64
}

func (g *tags) each(b *series.Batch, n int, do func(tag int, times []int64, values []float64)) {
	g.count = slices.Grow(g.count[:0], n+1)[:n+1]
	clear(g.count)
	for _, tag := range b.Sensor {
		g.count[tag+1]++
	}
	for i := range n {
		g.count[i+1] += g.count[i]
	}
	rows := b.Len()
	g.times, g.values = slices.Grow(g.times[:0], rows)[:rows], slices.Grow(g.values[:0], rows)[:rows]
	for i, tag := range b.Sensor {
		at := g.count[tag]
		g.times[at], g.values[at] = b.Times[i], b.Columns[0][i]
		g.count[tag]++
	}
	from := int32(0)
	for tag, to := range g.count[:n] {
		if to > from {
			do(tag, g.times[from:to], g.values[from:to])
		}
		from = to
	}
}
