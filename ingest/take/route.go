package take

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/series"
)

// router puts the rows of a drop into blocks by component and slot. Rows are
// collected until the drop ends or budget bytes are buffered; slots of which
// rows come again after that are joined from pieces, so that a drop has one
// block for each.
type router struct {
	budget  int64
	columns *columns
	several bool // the columns tell the component
	long    bool
	write   func() (*segment.Writer, error) // the segment, opened when it is first needed
	faults  *rowsFile
	now     time.Time // business time, for texts

	counts   drop.Counts
	unread   int64 // rows and cells that the reader could not use
	badLine  int64 // last line with a bad cell
	open     map[place]*slot
	last     *slot // the slot of the last row
	buffered int64
	pieces   map[place][]segment.Ref
	free     []*rows
}

// place is where a row belongs.
type place struct {
	target *target
	start  int64
}

// slot is what is buffered for a place: one set of rows in the wide layout, one
// per sensor in the long one.
type slot struct {
	place
	wide *rows
	long []*rows // by index of name
}

// rows are those of a segment.Group.
type rows struct {
	times, lines []int64
	values       [][]float64
}

func newRouter(budget int64) *router {
	return &router{budget: budget, open: map[place]*slot{}, pieces: map[place][]segment.Ref{}}
}

// reset makes the router ready for the next drop. Buffers are kept.
func (r *router) reset(c *columns, long bool, q *rowsFile, now time.Time) {
	for _, s := range r.open {
		r.release(s)
	}
	clear(r.open)
	clear(r.pieces)
	r.columns, r.several, r.long, r.faults, r.now = c, c.component == "", long, q, now
	r.counts, r.unread, r.badLine, r.last, r.buffered = drop.Counts{}, 0, 0, nil, 0
}

// fault counts a row or a cell that the reader could not use.
func (r *router) fault(f series.Fault) {
	r.unread++
	switch f.Kind {
	case series.BadCell:
		r.counts.BadCells++
		r.badLine = f.Line
	case series.Ambiguous:
		r.counts.Rows++
		r.counts.Ambiguous++
	default:
		r.counts.Rows++
		r.counts.Bad++
	}
	r.faults.add(f.Line, f.Column, f.Reason, f.Text)
}

// add takes a batch.
func (r *router) add(b *series.Batch) error {
	if r.long {
		return r.addLong(b)
	}
	for _, t := range r.columns.targets {
		if err := r.addWide(t, b); err != nil {
			return err
		}
	}
	return r.faults.err
}

func (r *router) addWide(t *target, b *series.Batch) error {
	for i := 0; i < len(b.Times); {
		if !r.usable(t, b, i) {
			i++
			continue
		}
		start := segment.SlotOf(b.Times[i])
		end := min(start+int64(segment.Slot), t.bounds.newest, t.bounds.until)
		after := max(start, t.bounds.oldest)
		j := i + 1
		for j < len(b.Times) && b.Times[j] > after && b.Times[j] <= end && hasValue(b, t.columns, j) {
			j++
		}
		s, err := r.slot(place{t, start}, int64(j-i)*int64(16+8*len(t.columns)))
		if err != nil {
			return err
		}
		if s.wide == nil {
			s.wide = r.rows(len(t.columns))
		}
		s.wide.times = append(s.wide.times, b.Times[i:j]...)
		s.wide.lines = append(s.wide.lines, b.Lines[i:j]...)
		for k, c := range t.columns {
			s.wide.values[k] = append(s.wide.values[k], b.Columns[c][i:j]...)
		}
		t.rows += int64(j - i)
		t.newest = max(t.newest, slices.Max(b.Times[i:j]))
		r.counts.Rows += int64(j - i)
		r.counts.Open += int64(j - i)
		i = j
	}
	return nil
}

func (r *router) addLong(b *series.Batch) error {
	for i := range b.Times {
		name := b.Sensor[i]
		t := r.columns.of[name]
		if t == nil || !r.usable(t, b, i) {
			continue
		}
		s := r.last
		if s == nil || s.target != t || b.Times[i] <= s.start || b.Times[i] > s.start+int64(segment.Slot) {
			var err error
			if s, err = r.slot(place{t, segment.SlotOf(b.Times[i])}, 0); err != nil {
				return err
			}
		}
		if len(s.long) <= int(name) {
			s.long = append(s.long, make([]*rows, int(name)+1-len(s.long))...)
		}
		if s.long[name] == nil {
			s.long[name] = r.rows(1)
			r.buffered += 128
		}
		v := s.long[name]
		v.times, v.lines, v.values[0] = append(v.times, b.Times[i]), append(v.lines, b.Lines[i]), append(v.values[0], b.Columns[0][i])
		r.buffered += 24
		t.rows++
		sensor := r.columns.sensor[name]
		if old, ok := t.latest[sensor]; !ok || b.Times[i] > old {
			t.latest[sensor] = b.Times[i]
		}
		r.counts.Rows++
		r.counts.Open++
	}
	return r.faults.err
}

// usable decides on row i for a component, and counts it where it is not taken.
func (r *router) usable(t *target, b *series.Batch, i int) bool {
	columns := t.columns
	if r.long {
		columns = []int{0}
	}
	has := hasValue(b, columns, i)
	switch at := b.Times[i]; {
	case !has && r.several && !r.long:
		return false // the row says nothing of this component
	case at <= t.bounds.oldest, at > t.bounds.until:
		r.counts.Rows++
		r.counts.Older++
	case at > t.bounds.newest:
		r.counts.Rows++
		r.counts.Ahead++
		r.faults.add(b.Lines[i], "", fmt.Sprintf("the row is %s ahead of the clock: correct the clock of its source or late.max_ahead", time.Unix(0, at).Sub(r.now).Truncate(time.Second)), r.text(t, b, i))
	case !has:
		r.counts.Rows++
		r.counts.Bad++
		if r.badLine != b.Lines[i] {
			r.faults.add(b.Lines[i], "", "no usable value in this row", r.text(t, b, i))
		}
	default:
		return true
	}
	return false
}

func hasValue(b *series.Batch, columns []int, i int) bool {
	for _, c := range columns {
		if v := b.Columns[c][i]; v == v {
			return true
		}
	}
	return false
}

// text writes a row down: its stamp, and name=value for the values it has.
func (r *router) text(t *target, b *series.Batch, i int) string {
	var s strings.Builder
	s.WriteString(time.Unix(0, b.Times[i]).UTC().Format(time.RFC3339Nano))
	put := func(name string, v float64) {
		if v == v {
			s.WriteString(" " + name + "=" + strconv.FormatFloat(v, 'g', -1, 64))
		}
	}
	if r.long {
		put(r.columns.sensor[b.Sensor[i]], b.Columns[0][i])
		return s.String()
	}
	for k, c := range t.columns {
		put(t.sensors[k], b.Columns[c][i])
	}
	return s.String()
}

// slot gives the buffer of a place, after making room for bytes more.
func (r *router) slot(at place, bytes int64) (*slot, error) {
	s := r.last
	if s == nil || s.place != at {
		s = r.open[at]
	}
	if r.buffered+bytes > r.budget {
		if err := r.spill(s); err != nil {
			return nil, err
		}
		if r.buffered+bytes > r.budget && s != nil {
			if err := r.flush(s); err != nil {
				return nil, err
			}
			s = nil
		}
	}
	if s == nil {
		s = &slot{place: at}
		r.open[at] = s
	}
	r.buffered += bytes
	r.last = s
	return s, nil
}

// spill writes every slot but keep: sorted drops come back to none of them.
func (r *router) spill(keep *slot) error {
	for _, s := range r.sorted() {
		if s != keep {
			if err := r.flush(s); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes what is buffered of a slot.
func (r *router) flush(s *slot) error {
	w, err := r.write()
	if err != nil {
		return err
	}
	groups, bytes := r.groups(s)
	ref, err := w.Block(s.target.component, s.start, groups)
	if err != nil {
		return spoolError{err}
	}
	pieces := r.pieces[s.place]
	if len(pieces) > 0 { // it will be joined: its tails are read again then
		pieces[0].Tails, ref.Tails = nil, nil
	}
	r.pieces[s.place] = append(pieces, ref)
	r.buffered -= bytes
	delete(r.open, s.place)
	if r.last == s {
		r.last = nil
	}
	r.release(s)
	return nil
}

func (r *router) groups(s *slot) ([]segment.Group, int64) {
	if s.wide != nil {
		return []segment.Group{{Times: s.wide.times, Lines: s.wide.lines, Sensors: s.target.sensors, Values: s.wide.values}},
			int64(len(s.wide.times)) * int64(16+8*len(s.wide.values))
	}
	var groups []segment.Group
	bytes := int64(0)
	for name, v := range s.long {
		if v != nil {
			groups = append(groups, segment.Group{Times: v.times, Lines: v.lines, Sensors: r.columns.sensor[name : name+1], Values: v.values})
			bytes += 128 + 24*int64(len(v.times))
		}
	}
	return groups, bytes
}

// withoutText leaves out the columns of the wide layout in which no number was
// found: they hold comments or states, and are no sensors. What was written
// before has them as empty columns that nobody asks for.
func (r *router) withoutText(raw, text []string) {
	if len(text) == 0 || r.long {
		return
	}
	for _, t := range r.columns.targets {
		for k := len(t.columns) - 1; k >= 0; k-- {
			if !slices.Contains(text, raw[t.columns[k]]) {
				continue
			}
			t.columns, t.sensors = slices.Delete(t.columns, k, k+1), slices.Delete(t.sensors, k, k+1)
			for at, s := range r.open {
				if at.target == t {
					s.wide.values = slices.Delete(s.wide.values, k, k+1)
				}
			}
		}
	}
}

// finish writes what is left and gives the drop's blocks, by component in the
// order of the file, then by slot.
func (r *router) finish() ([]segment.Ref, error) {
	if err := r.spill(nil); err != nil {
		return nil, err
	}
	places := make([]place, 0, len(r.pieces))
	for at := range r.pieces {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(slices.Index(r.columns.targets, a.target), slices.Index(r.columns.targets, b.target)), cmp.Compare(a.start, b.start))
	})
	refs := make([]segment.Ref, 0, len(places))
	for _, at := range places {
		ref := r.pieces[at][0]
		if len(r.pieces[at]) > 1 {
			w, err := r.write()
			if err != nil {
				return nil, err
			}
			if ref, err = w.Join(r.pieces[at]); err != nil {
				return nil, spoolError{err}
			}
		}
		r.counts.Values += ref.Values
		refs = append(refs, ref)
	}
	return refs, nil
}

// sorted gives the open slots by time, so that a segment is read forward.
func (r *router) sorted() []*slot {
	s := make([]*slot, 0, len(r.open))
	for _, v := range r.open {
		s = append(s, v)
	}
	slices.SortFunc(s, func(a, b *slot) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.target.component, b.target.component))
	})
	return s
}

// rows gives an empty buffer for n columns.
func (r *router) rows(n int) *rows {
	v := &rows{}
	if k := len(r.free); k > 0 {
		v, r.free = r.free[k-1], r.free[:k-1]
	}
	v.times, v.lines = v.times[:0], v.lines[:0]
	for len(v.values) < n {
		v.values = append(v.values, nil)
	}
	v.values = v.values[:n]
	for i := range v.values {
		v.values[i] = v.values[i][:0]
	}
	return v
}

// release keeps a few small buffers for the next slot.
func (r *router) release(s *slot) {
	for _, v := range append(s.long, s.wide) {
		if v != nil && len(r.free) < 64 && cap(v.times)*(len(v.values)+2) < 64<<10 {
			r.free = append(r.free, v)
		}
	}
}
