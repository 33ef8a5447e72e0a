package lake

import (
	"cmp"
	"context"
	"math"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/internal/series"
)

// merge gives the rows of objects in the order of time, as batches with a column
// for each of the names. Of rows with the same stamp, that of the object which
// stands first in the list comes first.
type merge struct {
	lake    *Lake
	names   []frame.Name
	from    int64 // rows with from <= t <= to
	to      int64
	waiting []waiting // by start
	open    []*objectReader

	batch  series.Batch
	times  []int64
	store  [][]float64 // the batch's own columns
	nan    []float64
	last   int64
	begun  bool
	sorted bool
}

type waiting struct {
	Object
	order int
}

const mergeRows = 512 // of a batch

// newMerge takes the objects in the order of precedence.
func (l *Lake) newMerge(objects []Object, names []frame.Name, from, to int64) *merge {
	m := &merge{lake: l, names: names, from: from, to: to, store: make([][]float64, len(names))}
	for i, o := range objects {
		if o.Rows > 0 && o.End >= from && o.Start <= to {
			m.waiting = append(m.waiting, waiting{o, i})
		}
	}
	slices.SortStableFunc(m.waiting, func(a, b waiting) int { return cmp.Compare(a.Start, b.Start) })
	return m
}

// each hands on all batches. They are valid until fn returns.
func (m *merge) each(ctx context.Context, fn func(*series.Batch) error) error {
	defer m.close()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := m.admit(ctx); err != nil {
			return err
		}
		if len(m.open) == 0 {
			return nil
		}
		done, err := m.fill()
		if err != nil {
			return err
		}
		if len(m.batch.Times) > 0 {
			m.batch.Sorted = m.sorted
			if err := fn(&m.batch); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
	}
}

func (m *merge) close() {
	for _, r := range m.open {
		r.close()
	}
	m.open = nil
}

// admit opens the objects whose time has come.
func (m *merge) admit(ctx context.Context) error {
	for len(m.waiting) > 0 && (len(m.open) == 0 || m.waiting[0].Start <= m.earliest()) {
		w := m.waiting[0]
		m.waiting = m.waiting[1:]
		r, err := m.lake.open(ctx, w.Object, m.names)
		if err != nil {
			return err
		}
		r.order = w.order
		more, err := r.next()
		if err != nil || !more {
			r.close()
			if err != nil {
				return err
			}
			continue
		}
		at, _ := slices.BinarySearchFunc(m.open, r, func(a, b *objectReader) int { return cmp.Compare(a.order, b.order) })
		m.open = slices.Insert(m.open, at, r)
	}
	return nil
}

func (m *merge) earliest() int64 {
	t := int64(math.MaxInt64)
	for _, r := range m.open {
		t = min(t, r.times[r.pos])
	}
	return t
}

// fill makes the next batch. done says that no row in range can follow.
func (m *merge) fill() (done bool, err error) {
	m.sorted = true
	if len(m.open) == 1 {
		return m.block(m.open[0])
	}
	m.batch.Times = m.times[:0]
	m.batch.Columns = m.batch.Columns[:0]
	for k := range m.store {
		m.store[k] = m.store[k][:0]
	}
	for len(m.batch.Times) < mergeRows && len(m.open) > 1 {
		at := 0
		for i, r := range m.open { // in their order: the first of the earliest
			if r.times[r.pos] < m.open[at].times[m.open[at].pos] {
				at = i
			}
		}
		r := m.open[at]
		t := r.times[r.pos]
		if len(m.waiting) > 0 && m.waiting[0].Start <= t {
			break // it has to be admitted first
		}
		if t > m.to {
			done = true
			break
		}
		if t >= m.from {
			m.row(r, t)
		}
		if r.pos++; r.pos == len(r.times) {
			if err := m.advance(at); err != nil {
				return false, err
			}
		}
	}
	m.times = m.batch.Times
	m.batch.Columns = append(m.batch.Columns, m.store...)
	return done, nil
}

func (m *merge) row(r *objectReader, t int64) {
	m.see(t)
	m.batch.Times = append(m.batch.Times, t)
	for k := range m.store {
		v := math.NaN()
		if r.column[k] >= 0 {
			v = r.cells[k][r.pos]
		}
		m.store[k] = append(m.store[k], v)
	}
}

func (m *merge) see(t int64) {
	if m.begun && t <= m.last {
		m.sorted = false
	}
	m.last, m.begun = t, true
}

// advance reads on in an object, or leaves it.
func (m *merge) advance(at int) error {
	r := m.open[at]
	more, err := r.next()
	if !more {
		r.close()
		m.open = slices.Delete(m.open, at, at+1)
	}
	return err
}

// block makes a batch of the block at hand of the only open object, as far as no
// other one begins.
func (m *merge) block(r *objectReader) (done bool, err error) {
	i, j := r.pos, len(r.times)
	if len(m.waiting) > 0 {
		for j > i && r.times[j-1] >= m.waiting[0].Start {
			j--
		}
		j = max(j, i)
	}
	for j > i && r.times[j-1] > m.to {
		j, done = j-1, true
	}
	next := j
	for i < j && r.times[i] < m.from {
		i++
	}
	for _, t := range r.times[i:j] {
		m.see(t)
	}
	// The batch is handed on before the block is overwritten: it is copied.
	m.times = append(m.times[:0], r.times[i:j]...)
	m.batch.Times = m.times
	m.batch.Columns = m.batch.Columns[:0]
	for k := range m.store {
		if r.column[k] >= 0 {
			m.store[k] = append(m.store[k][:0], r.cells[k][i:j]...)
		} else {
			for len(m.nan) < j-i {
				m.nan = append(m.nan, math.NaN())
			}
			m.store[k] = append(m.store[k][:0], m.nan[:j-i]...)
		}
		m.batch.Columns = append(m.batch.Columns, m.store[k])
	}
	if r.pos = next; r.pos == len(r.times) {
		return done, m.advance(0)
	}
	return done, nil
}
