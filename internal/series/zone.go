package series

import (
	"time"
	_ "time/tzdata" // gateways often have no zone files
)

// zone turns local times into instants. It remembers the stretch of local time
// around the last answer in which every time has exactly one instant.
type zone struct {
	loc      *time.Location
	from, to int64 // local seconds [from, to) for which offset holds
	offset   int64
}

// local is what a local time may mean.
type local struct {
	passes  int   // 0: the time does not exist; 2: it exists twice
	instant int64 // Unix seconds of the first (or only) pass
	overlap overlap
}

// overlap is a stretch of local time that exists twice.
type overlap struct {
	from, to int64 // local seconds [from, to)
	first    int64 // offset in the first pass, seconds east of UTC
	second   int64 // offset in the second pass
}

func (o overlap) length() int64 { return o.to - o.from }

// instant gives the Unix seconds of a local time in one of the passes, 1 or 2.
func (o overlap) instant(wall int64, pass int) int64 {
	if pass == 1 {
		return wall - o.first
	}
	return wall - o.second
}

func newZone(loc *time.Location) *zone {
	if loc == nil {
		loc = time.UTC
	}
	return &zone{loc: loc}
}

// name is "" for UTC.
func (z *zone) name() string {
	if z.loc == time.UTC {
		return ""
	}
	return z.loc.String()
}

func (z *zone) lookup(wall int64) local {
	if wall >= z.from && wall < z.to {
		return local{passes: 1, instant: wall - z.offset}
	}
	return z.search(wall)
}

// zoneSpan is a stretch of constant offset, [from, to) in Unix seconds.
type zoneSpan struct{ from, to, offset int64 }

const (
	// No place was ever further than this from UTC.
	maxOffset = 26 * 3600
	// Spans are looked for this far around a time, in steps that no span is
	// shorter than.
	spanReach = 4 * 86400
	spanStep  = 6 * 3600
)

// spans gives the spans around a local time. It asks for offsets only:
// time.Time.ZoneBounds is wrong on the last day of leap years beyond a zone's table.
func (z *zone) spans(wall int64) []zoneSpan {
	at, end := wall-spanReach, wall+spanReach
	out := []zoneSpan{{from: at, offset: z.offsetAt(at)}}
	for next := at + spanStep; next <= end; next += spanStep {
		last := &out[len(out)-1]
		if off := z.offsetAt(next); off != last.offset {
			last.to = z.change(next-spanStep, next, last.offset)
			out = append(out, zoneSpan{from: last.to, offset: off})
		}
	}
	out[len(out)-1].to = end
	return out
}

func (z *zone) offsetAt(unix int64) int64 {
	_, off := time.Unix(unix, 0).In(z.loc).Zone()
	return int64(off)
}

// change finds the instant in (from, to] at which the offset is no longer what
// it is at from.
func (z *zone) change(from, to, offset int64) int64 {
	for to-from > 1 {
		if mid := from + (to-from)/2; z.offsetAt(mid) == offset {
			from = mid
		} else {
			to = mid
		}
	}
	return to
}

func (z *zone) search(wall int64) local {
	spans := z.spans(wall)
	var found []int
	for i, s := range spans {
		if u := wall - s.offset; u >= s.from && u < s.to {
			found = append(found, i)
		}
	}
	switch len(found) {
	case 0:
		return local{}
	case 1:
		z.remember(spans, found[0])
		return local{passes: 1, instant: wall - z.offset}
	}
	a, b := spans[found[0]], spans[found[1]]
	return local{passes: 2, instant: wall - a.offset, overlap: overlap{from: b.from + b.offset, to: b.from + a.offset, first: a.offset, second: b.offset}}
}

// remember keeps the part of a span that no neighbour overlaps.
func (z *zone) remember(spans []zoneSpan, i int) {
	s := spans[i]
	z.offset = s.offset
	z.from, z.to = s.from+maxOffset, s.to-maxOffset
	if i > 0 {
		z.from = s.from + max(s.offset, spans[i-1].offset)
	}
	if i+1 < len(spans) {
		z.to = s.to + min(s.offset, spans[i+1].offset)
	}
}

// unique tells whether the local times [wall, wall+length) all have one
// meaning in one span, and the first instant.
func (z *zone) unique(wall, length int64) (instant int64, ok bool) {
	l := z.lookup(wall)
	if l.passes != 1 || wall < z.from || wall+length > z.to {
		return 0, false
	}
	return l.instant, true
}
