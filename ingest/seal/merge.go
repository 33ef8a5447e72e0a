package seal

import (
	"cmp"
	"math"
	"slices"

	"millwright/internal/segment"
	"millwright/internal/series"
)

// merged puts the rows of several parts into time order and picks one value
// per timestamp. It holds the timestamps of all rows, and of the values one
// sensor's at a time, so that its memory does not grow with the sensors.
//
// When every part has one section, all sensors share the order, which is made
// once; else it is made for each sensor.
type merged struct {
	parts  []part
	shared bool
	last   bool // the path taken last wins

	runs  []run
	times []int64 // of all rows, as they stand in the runs
	row   []int32 // rows in time order, preferred ones first; nil when times ascend strictly
	heads []int32 // where in row a further timestamp begins
	kept  []int64 // the distinct timestamps, ascending
	clean bool    // no two rows, of what was arranged so far, share a timestamp and sensor

	raw, values []float64
	rank, order []int32
}

// run is the rows of one section.
type run struct {
	part  int
	place place
	from  int // its first row in times
}

// begin takes further parts. The error may be a *readError, here and below.
func (m *merged) begin(parts []part, last bool) error {
	m.parts, m.last, m.clean, m.shared = parts, last, true, true
	for i := range parts {
		m.shared = m.shared && len(parts[i].sections) == 1
	}
	if !m.shared {
		return nil
	}
	m.runs = m.runs[:0]
	for i := range parts {
		m.runs = append(m.runs, run{part: i})
	}
	return m.arrange()
}

// column gives a sensor's rows, ascending without repeats; NaN stands for no
// value. Both slices are valid until the next call. With no rows they are empty.
func (m *merged) column(sensor string, hint int) ([]int64, []float64, error) {
	if err := m.load(sensor, hint); err != nil {
		return nil, nil, err
	}
	if m.row == nil {
		return m.times, m.raw, nil
	}
	m.values = m.values[:0]
	for i := range m.heads {
		winner := math.NaN()
		for _, r := range m.group(i) {
			if v := m.raw[r]; v == v {
				winner = v
				break
			}
		}
		m.values = append(m.values, winner)
	}
	return m.kept, m.values, nil
}

// decimals is column for the rows of a single block, in their order, when the
// sensor's values are kept as n / 10^places and none is missing.
func (m *merged) decimals(sensor string, hint int, dst []int32) (n []int32, places int, ok bool, err error) {
	if !m.shared || len(m.runs) != 1 || m.row != nil {
		return dst, 0, false, nil
	}
	p := &m.parts[m.runs[0].part]
	at, found := p.find(sensor, hint)
	if !found {
		return dst, 0, false, nil
	}
	if n, places, ok, err = p.sections[at.section].Decimals(at.column, dst); err != nil {
		err = &readError{p.Block, err}
	}
	return n, places, ok, err
}

// even tells whether every sensor has its rows one in each of the n bins from
// label first on, and all with from < t <= to.
func (m *merged) even(g series.Grid, first int64, n int, from, to int64) bool {
	times := m.times
	if m.row != nil {
		times = m.kept
	}
	return m.shared && n > 0 && len(times) == n && from < times[0] && times[n-1] <= to && g.Even(times, first)
}

// group gives the rows that share the i-th timestamp, the preferred one first.
func (m *merged) group(i int) []int32 {
	if i+1 < len(m.heads) {
		return m.row[m.heads[i]:m.heads[i+1]]
	}
	return m.row[m.heads[i]:]
}

// load reads a sensor's values of all rows into raw.
func (m *merged) load(sensor string, hint int) error {
	if !m.shared {
		m.runs = m.runs[:0]
		for i := range m.parts {
			if at, ok := m.parts[i].find(sensor, hint); ok {
				m.runs = append(m.runs, run{part: i, place: at})
			}
		}
		if err := m.arrange(); err != nil {
			return err
		}
	}
	m.raw = slices.Grow(m.raw[:0], len(m.times))
	for _, r := range m.runs {
		p := &m.parts[r.part]
		at, ok := r.place, true
		if m.shared {
			at, ok = p.find(sensor, hint)
		}
		s := p.sections[at.section]
		if !ok {
			m.raw = appendMissing(m.raw, s.Rows)
			continue
		}
		var err error
		if m.raw, err = s.Column(at.column, m.raw); err != nil {
			return &readError{p.Block, err}
		}
	}
	return nil
}

// arrange reads the times of the runs and finds their order.
func (m *merged) arrange() error {
	m.times, m.row = m.times[:0], nil
	for i := range m.runs {
		r := &m.runs[i]
		r.from = len(m.times)
		var err error
		if m.times, err = m.section(*r).Times(m.times); err != nil {
			return &readError{m.parts[r.part].Block, err}
		}
	}
	for i := 1; i < len(m.times); i++ {
		if m.times[i] <= m.times[i-1] {
			m.sort()
			break
		}
	}
	return nil
}

func (m *merged) section(r run) segment.Section { return m.parts[r.part].sections[r.place.section] }

// sort orders the rows by time, of equal times the one to prefer first; within
// a drop that is the first line.
func (m *merged) sort() {
	byRank := make([]int, len(m.runs))
	for i := range byRank {
		byRank[i] = i
	}
	slices.SortFunc(byRank, func(a, b int) int { return m.prefer(m.runs[a], m.runs[b]) })
	m.rank = slices.Grow(m.rank[:0], len(m.times))[:len(m.times)]
	for n, i := range byRank {
		r := m.runs[i]
		for k := range m.section(r).Rows {
			m.rank[r.from+k] = int32(n)
		}
	}
	m.order = slices.Grow(m.order[:0], len(m.times))[:len(m.times)]
	for i := range m.order {
		m.order[i] = int32(i)
	}
	m.row = m.order
	slices.SortFunc(m.row, func(a, b int32) int {
		return cmp.Or(cmp.Compare(m.times[a], m.times[b]), cmp.Compare(m.rank[a], m.rank[b]), cmp.Compare(a, b))
	})
	m.heads, m.kept = m.heads[:0], m.kept[:0]
	for i, r := range m.row {
		if i == 0 || m.times[r] != m.kept[len(m.kept)-1] {
			m.heads, m.kept = append(m.heads, int32(i)), append(m.kept, m.times[r])
		}
	}
	m.clean = m.clean && len(m.kept) == len(m.times)
}

// prefer orders runs: the one whose values win comes first.
func (m *merged) prefer(a, b run) int {
	p, q := priorityOf(m.parts[a.part].Block), priorityOf(m.parts[b.part].Block)
	switch {
	case p.beats(q, m.last):
		return -1
	case q.beats(p, m.last):
		return 1
	default:
		return cmp.Compare(a.from, b.from)
	}
}

func appendMissing(dst []float64, n int) []float64 {
	for range n {
		dst = append(dst, math.NaN())
	}
	return dst
}
