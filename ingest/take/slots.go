package take

import (
	"cmp"
	"slices"

	"millwright/internal/segment"
)

// place is where a row belongs.
type place struct {
	target *target
	start  int64
}

// row names the rows of one sensor in a place; the sensor is -1 for all of a wide file.
type row struct {
	place
	name int
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
	if err := r.count(s); err != nil {
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

// count refuses drops with more rows in a slot than any sensor gives.
func (r *router) count(s *slot) error {
	add := func(name int, v *rows) error {
		at := row{s.place, name}
		if r.written[at] += len(v.times); r.written[at] > r.most {
			return refuse("it has more than %d rows within %s, from line %d on: correct its timestamps, or thin it out", r.most, segment.Slot, v.lines[0])
		}
		return nil
	}
	if s.wide != nil {
		return add(-1, s.wide)
	}
	for name, v := range s.long {
		if v == nil {
			continue
		}
		if err := add(name, v); err != nil {
			return err
		}
	}
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
		t.columns, t.sensors = slices.Clone(t.columns), slices.Clone(t.sensors) // others read files by them too
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
