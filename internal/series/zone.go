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

// zoneSpan is one stretch of constant offset, [from, to) in Unix seconds.
type zoneSpan struct{ from, to, offset int64 }

const (
	farPast   = -1 << 60
	farFuture = 1 << 60
	// No place was ever further than this from UTC.
	maxOffset = 26 * 3600
)

func spanAt(t time.Time) zoneSpan {
	start, end := t.ZoneBounds()
	_, off := t.Zone()
	s := zoneSpan{from: farPast, to: farFuture, offset: int64(off)}
	if !start.IsZero() {
		s.from = start.Unix()
	}
	if !end.IsZero() {
		s.to = end.Unix()
	}
	return s
}

// search walks the spans that could hold the local time.
func (z *zone) search(wall int64) local {
	var found []zoneSpan
	at := wall - maxOffset
	for {
		s := spanAt(time.Unix(at, 0).In(z.loc))
		if u := wall - s.offset; u >= s.from && u < s.to {
			found = append(found, s)
		}
		if s.to > wall+maxOffset {
			break
		}
		at = s.to
	}
	switch len(found) {
	case 0:
		return local{}
	case 1:
		z.remember(found[0])
		return local{passes: 1, instant: wall - found[0].offset}
	}
	a, b := found[0], found[1]
	return local{passes: 2, instant: wall - a.offset, overlap: overlap{from: b.from + b.offset, to: b.from + a.offset, first: a.offset, second: b.offset}}
}

// remember keeps the part of a span that no neighbour overlaps.
func (z *zone) remember(s zoneSpan) {
	z.offset = s.offset
	z.from, z.to = farPast, farFuture
	if s.from != farPast {
		before := spanAt(time.Unix(s.from-1, 0).In(z.loc))
		z.from = s.from + max(s.offset, before.offset)
	}
	if s.to != farFuture {
		after := spanAt(time.Unix(s.to, 0).In(z.loc))
		z.to = s.to + min(s.offset, after.offset)
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
