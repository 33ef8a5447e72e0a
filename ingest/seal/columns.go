package seal

import (
	"maps"
	"math"
	"slices"
	"time"

	"millwright/internal/segment"
	"millwright/internal/series"
)

// columns are the sensors of a stream's windows. They are made anew, never
// changed, when a sensor becomes known; lanes may share them.
type columns struct {
	names   []string
	specs   []series.Spec
	gaps    []int64 // ns for which a value is held: -1 never, math.MaxInt64 without limit
	index   map[string]int
	header  []byte
	longest int64 // of gaps
}

// newColumns takes the schema's sensors in its order, else all that are known
// in byte order (ruling 3).
func newColumns(s Stream, known map[string]int64) *columns {
	names := s.Schema
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(known))
	}
	c := &columns{names: names, index: make(map[string]int, len(names)), longest: -1, header: []byte("Timestamp")}
	for i, name := range names {
		spec := s.spec(name)
		c.specs = append(c.specs, spec)
		c.gaps = append(c.gaps, gap(spec, s.grid()))
		c.longest = max(c.longest, c.gaps[i])
		c.index[name] = i
		c.header = append(append(c.header, ','), name...)
	}
	c.header = append(c.header, '\n')
	return c
}

// alike are columns that lanes share, by scheduler and header: machines are
// often of one kind, and there may be thousands.
type alike map[[2]string]*columns

// mostAlike bounds those kept, some of which no lane has any more.
const mostAlike = 256

// of makes the columns of a stream with these sensors known, or finds them.
func (a alike) of(s Stream, known map[string]int64) *columns {
	fresh := newColumns(s, known)
	key := [2]string{s.Scheduler, string(fresh.header)}
	if old := a[key]; old != nil && slices.Equal(old.specs, fresh.specs) && slices.Equal(old.gaps, fresh.gaps) {
		return old
	}
	if len(a) >= mostAlike {
		clear(a)
	}
	a[key] = fresh
	return fresh
}

// gap is for how long a sensor's value is held, in ns. A sum or count of no
// values is never filled.
func gap(s series.Spec, g series.Grid) int64 {
	switch {
	case s.Fill == series.FillNone, s.Aggregate == series.AggregateSum, s.Aggregate == series.AggregateCount:
		return -1
	case s.MaxGap == 0:
		return int64(g.DefaultMaxGap())
	case s.MaxGap == series.NoMaxGap:
		return math.MaxInt64
	default:
		return int64(s.MaxGap)
	}
}

// heldUntil is the last bin's end (Unix ns) that may show a tail's value.
func (l *lane) heldUntil(t segment.Tail) int64 {
	g := gap(l.spec(t.Sensor), l.grid())
	switch {
	case g < 0 || len(l.Schema) > 0 && !slices.Contains(l.Schema, t.Sensor):
		return math.MinInt64
	case g == math.MaxInt64:
		return g
	default:
		return t.Time + g
	}
}

// horizon is the oldest instant (Unix ns) whose values a bin that ends at edge
// may show.
func (c *columns) horizon(edge int64) int64 {
	switch {
	case c.longest < 0:
		return edge
	case c.longest == math.MaxInt64 || time.Duration(c.longest) > 100*365*24*time.Hour:
		return math.MinInt64 / 2
	default:
		return edge - c.longest
	}
}
