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
	most    int // rows of one sensor in one slot
	columns *columns
	several bool // the columns tell the component
	long    bool
	write   func() (*segment.Writer, error) // the segment, opened when it is first needed
	faults  *rowsFile
	now     time.Time // business time, for texts
	unsure  error     // a row that nobody can judge now

	counts   drop.Counts
	unread   int64 // rows and cells that the reader could not use
	badLine  int64 // last line with a bad cell
	open     map[place]*slot
	last     *slot // the slot of the last row
	buffered int64
	pieces   map[place][]segment.Ref
	written  map[row]int // rows of places that were written before they were complete
	free     []*rows
}

// newRouter makes a router for memory bytes. Sealing takes the rows of one sensor
// and slot at once, so their number is bounded too.
func newRouter(memory int64) *router {
	return &router{
		budget: max(1<<20, memory/8), most: int(max(100_000, memory/32)),
		open: map[place]*slot{}, pieces: map[place][]segment.Ref{}, written: map[row]int{},
	}
}

// reset makes the router ready for the next drop. Buffers are kept.
func (r *router) reset(c *columns, q *rowsFile, now time.Time) {
	for _, s := range r.open {
		r.release(s)
	}
	clear(r.open)
	clear(r.pieces)
	clear(r.written)
	r.columns, r.several, r.long, r.faults, r.now = c, c.component == "", false, q, now
	r.unsure = nil
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
		return cmp.Or(r.addLong(b), r.unsure)
	}
	for _, t := range r.columns.targets {
		if err := cmp.Or(r.addWide(t, b), r.unsure); err != nil {
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
		if t.latest == nil {
			t.latest = map[string]int64{}
		}
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
	case at > t.bounds.newest && t.bounds.unsure:
		r.unsure = notYet{holdRetry, fmt.Errorf("line %d is %s ahead of a clock that is not trusted: the drop waits until it is; see the note on the clock", b.Lines[i], time.Unix(0, at).Sub(r.now).Truncate(time.Second))}
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
