package sensorstat

import (
	"slices"
	"sort"
)

// cover is where a sensor has values: stretches in which no two neighbours are
// farther apart than LargeGap. It does not depend on the order of the values.
type cover struct{ spans []span }

type span struct{ from, to int64 } // Unix ns, both ends have a value

// add takes a stretch without a large gap in it.
func (c *cover) add(from, to int64) {
	const gap = int64(LargeGap)
	if n := len(c.spans); n > 0 { // most often it goes on where it ended
		if s := &c.spans[n-1]; from >= s.from && from-s.to <= gap {
			s.to = max(s.to, to)
			return
		}
	}
	// The spans i to j-1 are joined with it.
	i := sort.Search(len(c.spans), func(i int) bool { return from-c.spans[i].to <= gap })
	j := i
	for j < len(c.spans) && c.spans[j].from-to <= gap {
		from, to = min(from, c.spans[j].from), max(to, c.spans[j].to)
		j++
	}
	c.spans = slices.Replace(c.spans, i, j, span{from, to})
	if len(c.spans) > maxCovers {
		c.close()
	}
}

// close forgets the smallest gap.
func (c *cover) close() {
	best := 1
	for i := 2; i < len(c.spans); i++ {
		if c.spans[i].from-c.spans[i-1].to < c.spans[best].from-c.spans[best-1].to {
			best = i
		}
	}
	c.spans[best-1].to = c.spans[best].to
	c.spans = slices.Delete(c.spans, best, best+1)
}

// gaps gives the number of large gaps and the longest, in ns.
func (c *cover) gaps() (n int, longest int64) {
	for i := 1; i < len(c.spans); i++ {
		longest = max(longest, c.spans[i].from-c.spans[i-1].to)
	}
	return max(0, len(c.spans)-1), longest
}
