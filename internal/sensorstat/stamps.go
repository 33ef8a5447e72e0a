package sensorstat

import (
	"slices"
	"sort"
)

// stamps is a set of instants (Unix ns), kept as stretches of equal steps: a
// sensor that is read at a regular pace needs a few of them for years. What is
// farthest from the last instant is forgotten when there are too many.
type stamps struct {
	runs []run // ascending, apart from each other
	at   int   // the run of the last instant
}

type run struct{ first, step, n int64 }

func (r *run) last() int64 { return r.first + r.step*(r.n-1) }

// add takes an instant and tells whether it was there.
func (s *stamps) add(t int64) (seen bool) {
	if len(s.runs) == 0 {
		s.runs = append(s.runs, run{first: t, n: 1})
		return false
	}
	if r := &s.runs[s.at]; t > r.last() && (s.at+1 == len(s.runs) || t < s.runs[s.at+1].first) {
		s.after(t)
		return false
	}
	// The last run that begins at or before t.
	s.at = sort.Search(len(s.runs), func(i int) bool { return s.runs[i].first > t }) - 1
	if s.at < 0 {
		s.at = 0
		if !s.runs[0].before(t) {
			s.insert(0, run{first: t, n: 1})
		}
		return false
	}
	r := &s.runs[s.at]
	if t > r.last() {
		s.after(t)
		return false
	}
	if t == r.first || r.step > 0 && (t-r.first)%r.step == 0 {
		return true
	}
	left := (t-r.first)/r.step + 1
	right := run{first: r.first + left*r.step, step: r.step, n: r.n - left}
	r.n = left
	s.insert(s.at+1, right)
	s.insert(s.at+1, run{first: t, n: 1})
	return false
}

// after puts t behind the run at hand, into the room before the next one.
func (s *stamps) after(t int64) {
	r := &s.runs[s.at]
	switch {
	case r.n == 1:
		r.step, r.n = t-r.first, 2
	case t == r.first+r.step*r.n:
		r.n++
	case s.at+1 < len(s.runs) && s.runs[s.at+1].before(t):
		s.at++
	default:
		s.insert(s.at+1, run{first: t, n: 1})
		s.at++
	}
}

// before makes t the beginning of the run if the step fits.
func (r *run) before(t int64) bool {
	switch {
	case r.n == 1:
		r.step = r.first - t
	case r.first-r.step != t:
		return false
	}
	r.first = t
	r.n++
	return true
}

// insert keeps s.at on the run that it was on.
func (s *stamps) insert(i int, r run) {
	s.runs = slices.Insert(s.runs, i, r)
	if i <= s.at && len(s.runs) > 1 && i > 0 {
		s.at++
	}
	if len(s.runs) <= maxRuns {
		return
	}
	const half = maxRuns / 2
	if s.at >= half {
		s.runs = slices.Delete(s.runs, 0, half)
		s.at -= half
	} else {
		s.runs = slices.Delete(s.runs, len(s.runs)-half, len(s.runs))
	}
}
