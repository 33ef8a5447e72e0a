package files

import (
	"maps"
	"math"
	"slices"
	"time"
)

// days are numbers of rows by day, in days since 1970.
type days map[int64]int

const day = int64(24 * time.Hour)

func (d days) add(times []int64) {
	last, n := int64(math.MinInt64), 0
	for _, t := range times {
		if at := dayOf(t); at != last {
			if n > 0 {
				d[last] += n
			}
			last, n = at, 0
		}
		n++
	}
	if n > 0 {
		d[last] += n
	}
}

func dayOf(t int64) int64 {
	d := t / day
	if t < d*day {
		d--
	}
	return d
}

// What makes rows strays: that they are few beside all others, and lie farther from
// them than those reach.
const (
	strayShare = 1000 // one of so many rows may be one
	oddShare   = 10   // of more than that somebody should know
	strayLeast = 100  // rows that others have to be
	strayGap   = 30   // days at the least
)

// bounds gives the first and the last day of the rows without those that are far from all
// others and at most one in share of them.
func (d days) bounds(share int) (first, last int64) {
	at := slices.Sorted(maps.Keys(d))
	rows := 0
	for _, n := range d {
		rows += n
	}
	for len(at) > 1 {
		// The widest gap parts them.
		cut := 1
		for i := 2; i < len(at); i++ {
			if at[i]-at[i-1] > at[cut]-at[cut-1] {
				cut = i
			}
		}
		few, rest := at[:cut], at[cut:]
		if d.rows(few) > d.rows(rest) {
			few, rest = rest, few
		}
		n := d.rows(few)
		if rows -= n; rows < strayLeast || n > max(1, rows/share) || at[cut]-at[cut-1] <= max(strayGap, rest[len(rest)-1]-rest[0]) {
			break
		}
		at = rest
	}
	if len(at) == 0 {
		return 0, 0
	}
	return at[0], at[len(at)-1]
}

func (d days) rows(at []int64) (n int) {
	for _, k := range at {
		n += d[k]
	}
	return n
}

// findStrays leaves out rows whose stamps are far from all others, as a wrong clock
// makes them.
func (s *Source) findStrays() {
	first, last := s.days.bounds(strayShare)
	s.low, s.high = first*day-int64(s.o.Rate), (last+1)*day+int64(s.o.Rate)
	for _, p := range s.parts {
		for _, t := range []int64{p.first, p.last} {
			if t < s.low || t > s.high {
				s.note(p, "rows of %s are left out, as all others lie far from them: correct their timestamps", dateOf(t))
			}
		}
	}
	low, high := s.days.bounds(oddShare)
	for _, p := range s.parts {
		if low > first && p.first >= s.low && dayOf(p.first) < low {
			s.note(p, "its oldest rows, from %s on, are far from most others, which begin on %s: correct their timestamps, or leave them out, where they are wrong", dateOf(p.first), dateOf(low*day))
		}
		if high < last && p.last <= s.high && dayOf(p.last) > high {
			s.note(p, "its newest rows, up to %s, are far from most others, which end on %s: correct their timestamps, or leave them out, where they are wrong", dateOf(p.last), dateOf(high*day))
		}
	}
}

// Span gives the oldest and the newest stamp, without strays; last is before first where
// there are no rows.
func (s *Source) Span() (first, last int64) {
	first, last = math.MaxInt64, math.MinInt64
	for _, p := range s.parts {
		if p.last >= s.low {
			first = min(first, max(p.first, s.low))
		}
		if p.first <= s.high {
			last = max(last, min(p.last, s.high))
		}
	}
	return first, last
}

func dateOf(t int64) string { return time.Unix(0, t).UTC().Format(time.DateOnly) }
