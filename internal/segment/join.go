package segment

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Join makes one block of several pieces of one component and slot that were
// written since the last Drop, in the order of their lines. It needs memory for
// the rows of one sensor, whatever the number of sensors. Groups that share
// sensors should share all of them: else a row counts once for each set. The
// pieces remain in the file as dead bytes.
func (w *Writer) Join(pieces []Ref) (Ref, error) {
	if w.err != nil {
		return Ref{}, w.err
	}
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	if err := w.out.Flush(); err != nil {
		w.fail(err)
		return Ref{}, w.err
	}
	written := &File{in: w.file, name: w.name, size: w.size}
	var parts []Section
	for i, p := range pieces {
		b, err := written.Block(p)
		_, own := slices.BinarySearch(w.blocks, p.Offset)
		if err == nil && (p.Component != pieces[0].Component || p.Slot != pieces[0].Slot || !own || i > 0 && p.Offset <= pieces[i-1].Offset) {
			err = errors.New("it is not the next piece of the same block")
		}
		if err != nil {
			return Ref{}, fmt.Errorf("join blocks: %w", err)
		}
		parts = append(parts, b.Groups()...)
	}
	ref, err := w.join(pieces[0].Component, pieces[0].Slot, parts)
	if err != nil {
		return Ref{}, fmt.Errorf("join blocks: %w", err)
	}
	w.blocks = slices.DeleteFunc(w.blocks, func(at int64) bool {
		_, joined := slices.BinarySearchFunc(pieces, at, func(p Ref, at int64) int { return cmp.Compare(p.Offset, at) })
		return joined
	})
	w.blocks = append(w.blocks, ref.Offset)
	return ref, w.err
}

// join writes the block made of parts. Its header, which tells its length, is
// put in place when all of it is written.
func (w *Writer) join(component string, slot int64, parts []Section) (Ref, error) {
	offset := w.size
	h := head{component: component, slot: slot, first: math.MaxInt64, last: math.MinInt64}
	w.write(make([]byte, recordHeader))
	for _, m := range merge(parts) {
		if err := w.merged(&h, m); err != nil {
			return Ref{}, err
		}
	}
	body := w.size - offset - recordHeader
	ref := w.ref(&h, offset)
	w.write(w.head)
	ref.Length = w.size - offset
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		_, w.err = w.file.WriteAt(appendRecordHeader(nil, kindBlock, w.head, body), offset)
	}
	return ref, w.err
}

// merging is a section to be: sensors that stand in the same parts, and so
// share their times.
type merging struct {
	from    []Section
	sensors []string
	columns [][]int // by sensor: its column in each of from
}

// merge sorts the sensors of parts by the parts they stand in.
func merge(parts []Section) []*merging {
	type where struct{ parts, columns []int }
	at := map[string]*where{}
	var order []string
	for p, s := range parts {
		for c, name := range s.Sensors {
			if at[name] == nil {
				at[name] = &where{}
				order = append(order, name)
			}
			at[name].parts, at[name].columns = append(at[name].parts, p), append(at[name].columns, c)
		}
	}
	same := map[string]*merging{}
	var all []*merging
	for _, name := range order {
		key := string(appendOffsets(nil, at[name].parts))
		m := same[key]
		if m == nil {
			m = &merging{}
			for _, p := range at[name].parts {
				m.from = append(m.from, parts[p])
			}
			same[key], all = m, append(all, m)
		}
		m.sensors, m.columns = append(m.sensors, name), append(m.columns, at[name].columns)
	}
	return all
}

// merged writes one section.
func (w *Writer) merged(h *head, m *merging) (err error) {
	var times, lines []int64
	for _, s := range m.from {
		if times, err = s.Times(times); err == nil {
			lines, err = s.Lines(lines)
		}
		if err != nil {
			return err
		}
	}
	s := h.section(times, m.sensors)
	put := func() chunk {
		w.write(w.body)
		return chunk{length: int64(len(w.body)), sum: checksum(w.body)}
	}
	w.body = appendInts(w.body[:0], times)
	s.times = put()
	w.body = appendInts(w.body[:0], lines)
	s.lines = put()
	var values []float64
	for i, columns := range m.columns {
		values = values[:0]
		for k, c := range columns {
			if values, err = m.from[k].Column(c, values); err != nil {
				return err
			}
		}
		w.body, s.columns[i], w.scratch = appendColumn(w.body[:0], values, w.scratch)
		s.chunks[i] = put()
		h.column(s, i, times, values)
	}
	return w.err
}

// appendOffsets writes ascending offsets as their number and their steps.
func appendOffsets[T int | int64](b []byte, offsets []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(offsets)))
	at := T(0)
	for _, offset := range offsets {
		b = binary.AppendUvarint(b, uint64(offset-at))
		at = offset
	}
	return b
}

// offsets takes what appendOffsets wrote; none is beyond size.
func (p *parser) offsets(size int64) []int64 {
	n := p.count(1)
	offsets := make([]int64, 0, n)
	at := int64(0)
	for range n {
		step := p.varuint()
		if step > size-at {
			p.bad = true
		}
		if p.bad {
			return nil
		}
		at += step
		offsets = append(offsets, at)
	}
	return offsets
}
