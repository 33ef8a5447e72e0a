package validate

import (
	"cmp"
	"maps"
	"slices"
	"sort"

	"millwright/internal/segment"
	"millwright/internal/window"
)

// table is when the rows of a component came, by slots of five minutes, of which
// every window has a whole number.
type table struct {
	slots map[int64]*slot // by start, Unix ns
	full  bool            // there were more slots than maxSlots
}

// maxSlots bounds a table: 19 years of rows.
const maxSlots = 2_000_000

// slot is what came for five minutes.
type slot struct {
	arrivals  []arrival // by time
	begins    int32     // files whose first row of all is here
	continues int32     // other files
	bytes     float64   // of the files, in proportion to their rows
}

// arrival is rows that came at one time.
type arrival struct {
	at   int64 // Unix ns
	rows int64
	last int64 // newest row, Unix ns
}

// maxArrivals bounds a slot's memory: neighbours are taken together as if they
// had come with the later one.
const maxArrivals = 8

func newTable() *table { return &table{slots: map[int64]*slot{}} }

func (s *slot) add(a arrival) {
	i, found := slices.BinarySearchFunc(s.arrivals, a, func(x, y arrival) int { return cmp.Compare(x.at, y.at) })
	if found {
		s.arrivals[i].rows += a.rows
		s.arrivals[i].last = max(s.arrivals[i].last, a.last)
		return
	}
	s.arrivals = slices.Insert(s.arrivals, i, a)
	if len(s.arrivals) <= maxArrivals {
		return
	}
	best := 1
	for k := 2; k < len(s.arrivals); k++ {
		if s.arrivals[k].at-s.arrivals[k-1].at < s.arrivals[best].at-s.arrivals[best-1].at {
			best = k
		}
	}
	s.arrivals[best].rows += s.arrivals[best-1].rows
	s.arrivals[best].last = max(s.arrivals[best].last, s.arrivals[best-1].last)
	s.arrivals = slices.Delete(s.arrivals, best-1, best)
}

// counter counts a file's rows by slot.
type counter struct {
	label window.Label
	table *table
	slots map[int64]*tally
	start int64 // of the slot at hand
	last  *tally
}

type tally struct{ rows, last int64 }

// slotOf is the start of the slot that a row at t counts for.
func (c *counter) slotOf(t int64) int64 {
	if c.label == window.LabelStart {
		t++
	}
	return segment.SlotOf(t)
}

func (c *counter) slot(start int64) *tally {
	if c.last == nil || c.start != start {
		c.last, c.start = c.slots[start], start
		if c.last == nil {
			c.last = &tally{last: -1 << 63}
			c.slots[start] = c.last
		}
	}
	return c.last
}

// add takes the rows of a batch that mask names; nil: all.
func (c *counter) add(times []int64, mask []bool, sorted bool) {
	if mask == nil && sorted {
		for len(times) > 0 {
			start := c.slotOf(times[0])
			n := sort.Search(len(times), func(i int) bool { return c.slotOf(times[i]) > start })
			t := c.slot(start)
			t.rows += int64(n)
			t.last = max(t.last, times[n-1])
			times = times[n:]
		}
		return
	}
	for i, at := range times {
		if mask == nil || mask[i] {
			t := c.slot(c.slotOf(at))
			t.rows++
			t.last = max(t.last, at)
		}
	}
}

// arrive hands all rows of the file to the table, with so many bytes each; came
// tells when a row came.
func (c *counter) arrive(came func(row int64) int64, bytes float64) {
	for i, start := range slices.Sorted(maps.Keys(c.slots)) {
		s := c.table.slots[start]
		if s == nil {
			if len(c.table.slots) >= maxSlots {
				c.table.full = true
				return
			}
			s = &slot{}
			c.table.slots[start] = s
		}
		if i == 0 {
			s.begins++
		} else {
			s.continues++
		}
		t := c.slots[start]
		s.bytes += bytes * float64(t.rows)
		s.add(arrival{at: came(t.last), rows: t.rows, last: t.last})
	}
}
