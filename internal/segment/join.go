package segment

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Join makes one block of several pieces of one component and slot that were
// written since the last Drop, in the order of their lines. It copies their
// chunks as they are, so it needs little memory however large they are. The
// pieces remain in the file as dead bytes.
func (w *Writer) Join(pieces []Ref) (Ref, error) {
	if w.err != nil {
		return Ref{}, w.err
	}
	if len(pieces) == 1 {
		return pieces[0], nil
	}
	if w.err = w.out.Flush(); w.err != nil {
		return Ref{}, w.err
	}
	written := &File{in: w.file, name: w.name, size: w.size}
	h := head{component: pieces[0].Component, slot: pieces[0].Slot, first: pieces[0].First, last: pieces[0].Last}
	body := int64(0)
	bodies := make([]chunk, 0, len(pieces))
	for i, p := range pieces {
		b, err := written.Block(p)
		_, own := slices.BinarySearch(w.blocks, p.Offset)
		if err == nil && (p.Component != h.component || p.Slot != h.slot || !own || i > 0 && p.Offset <= pieces[i-1].Offset) {
			err = errors.New("it is not the next piece of the same block")
		}
		if err != nil {
			return Ref{}, fmt.Errorf("join blocks: %w", err)
		}
		h.rows, h.values = h.rows+b.Rows, h.values+b.Values
		h.first, h.last = min(h.first, b.First), max(h.last, b.Last)
		h.sections = append(h.sections, b.sections...)
		bodies = append(bodies, chunk{offset: b.Offset + b.Length - b.body, length: b.body})
		body += b.body
	}
	ref := w.ref(&h)
	w.blocks = slices.DeleteFunc(w.blocks, func(at int64) bool {
		_, joined := slices.BinarySearchFunc(pieces, at, func(p Ref, at int64) int { return cmp.Compare(p.Offset, at) })
		return joined
	})
	w.blocks = append(w.blocks, ref.Offset)
	w.start(kindBlock, w.head, body)
	for _, b := range bodies {
		w.copy(b)
	}
	ref.Length = w.size - ref.Offset
	return ref, w.err
}

// copy appends bytes that stand further up in the file.
func (w *Writer) copy(c chunk) {
	if w.err != nil {
		return
	}
	n, err := io.Copy(w.out, io.NewSectionReader(w.file, c.offset, c.length))
	w.size += n
	if err == nil && n != c.length {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		w.err = fmt.Errorf("write segment %s: %w", w.name, err)
	}
}

// appendOffsets writes ascending offsets as their number and their steps.
func appendOffsets(b []byte, offsets []int64) []byte {
	b = binary.AppendUvarint(b, uint64(len(offsets)))
	at := int64(0)
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
