package segment

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"millwright/internal/atomicfile"
)

// Writer makes one segment file. The blocks of a drop are written first, then
// its meta record by Drop, which closes the drop; then the next drop's. A Writer
// is used by one goroutine.
type Writer struct {
	file    *atomicfile.File
	out     *bufio.Writer
	name    string
	size    int64   // bytes written, buffered ones too
	blocks  []int64 // offsets of the blocks since the last drop, without those joined
	drops   []int64 // offsets of the drop records
	dropEnd int64   // size after the last drop
	body    []byte
	head    []byte
	scratch []int32
	err     error
}

// Create begins the segment dir/name. It has its name only after Close.
func Create(dir, name string) (*Writer, error) {
	f, err := atomicfile.Create(filepath.Join(dir, name), 0o640)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	w := &Writer{file: f, name: name, out: bufio.NewWriterSize(f, 256<<10)}
	w.write(appendFileHeader(nil))
	w.dropEnd = w.size
	return w, nil
}

// Name is the file name that the segment will have.
func (w *Writer) Name() string { return w.name }

// Size is the number of bytes written so far.
func (w *Writer) Size() int64 { return w.size }

// Drops is the number of drops closed so far; without any the segment is not
// worth keeping.
func (w *Writer) Drops() int { return len(w.drops) }

// Block writes the rows of one component and slot, at least one. Where a sensor
// stands in several groups, the earlier lines come first. A drop has one block
// per component and slot: pieces written one after the other are made one by
// Join. The groups are not kept. The Ref has no Drop yet.
func (w *Writer) Block(component string, slot int64, groups []Group) (Ref, error) {
	if err := check(component, slot, groups); err != nil {
		return Ref{}, err
	}
	h := head{component: component, slot: slot, first: math.MaxInt64, last: math.MinInt64}
	w.body = w.body[:0]
	for i := range groups {
		w.section(&h, &groups[i])
	}
	if h.first <= slot || h.last > slot+int64(Slot) {
		return Ref{}, fmt.Errorf("write block: rows %d to %d are not of slot %d", h.first, h.last, slot)
	}
	ref := w.ref(&h)
	w.blocks = append(w.blocks, ref.Offset)
	w.record(kindBlock, w.head, w.body)
	ref.Length = w.size - ref.Offset
	return ref, w.err
}

// ref encodes the head of the block that is written next and gives its Ref.
func (w *Writer) ref(h *head) Ref {
	w.head = appendHead(w.head[:0], h)
	return Ref{
		Component: h.component, Slot: h.slot, File: w.name, Offset: w.size,
		Rows: h.rows, Values: h.values, First: h.first, Last: h.last, Tails: h.tails(),
	}
}

// Drop closes a drop: the blocks since the last call are its. meta is the JSON
// of what is known of it before it is committed.
func (w *Writer) Drop(meta []byte) error {
	w.head = appendOffsets(w.head[:0], w.blocks)
	w.head = append(w.head, meta...)
	w.drops = append(w.drops, w.size)
	w.record(kindDrop, w.head, nil)
	w.blocks, w.dropEnd = w.blocks[:0], w.size
	return w.err
}

// Undo takes back the blocks since the last Drop, of a drop that is not taken
// after all.
func (w *Writer) Undo() error {
	w.blocks = w.blocks[:0]
	if w.err != nil || w.size == w.dropEnd {
		return w.err
	}
	if w.err = w.out.Flush(); w.err == nil {
		w.err = w.file.Truncate(w.dropEnd)
	}
	if w.err == nil {
		_, w.err = w.file.Seek(w.dropEnd, io.SeekStart)
	}
	w.size = w.dropEnd
	if w.err != nil {
		w.err = fmt.Errorf("take back blocks of segment %s: %w", w.name, w.err)
	}
	return w.err
}

// Close ends the segment and makes it durable under its name. After an error
// there is no such file.
func (w *Writer) Close() error {
	if err := w.Undo(); err != nil {
		return errors.Join(err, w.file.Close())
	}
	index := w.size
	w.head = appendOffsets(w.head[:0], w.drops)
	w.record(kindIndex, w.head, nil)
	m := magic()
	tail := binary.LittleEndian.AppendUint64(nil, uint64(index))
	tail = binary.LittleEndian.AppendUint32(tail, checksum(tail))
	w.write(append(tail, m[:]...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err == nil {
		w.err = w.file.Commit()
	}
	if w.err != nil {
		return errors.Join(fmt.Errorf("close segment %s: %w", w.name, w.err), w.file.Close())
	}
	return nil
}

// Abort removes what was written. It does nothing after Close and may be called twice.
func (w *Writer) Abort() error { return w.file.Close() }

func (w *Writer) record(kind uint32, head, body []byte) {
	w.start(kind, head, int64(len(body)))
	w.write(body)
}

// start writes a record up to its body.
func (w *Writer) start(kind uint32, head []byte, body int64) {
	if int64(len(head)) > math.MaxUint32 {
		w.err = fmt.Errorf("write segment %s: a head of %d bytes is too long", w.name, len(head))
		return
	}
	w.write(appendRecordHeader(make([]byte, 0, recordHeader), kind, head, body))
	w.write(head)
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.size += int64(n)
	if err != nil {
		w.err = fmt.Errorf("write segment %s: %w", w.name, err)
	}
}

// section appends the chunks of a group to the body and what is to be known of
// them to the head.
func (w *Writer) section(h *head, g *Group) {
	s := section{rows: len(g.Times), sensors: g.Sensors}
	put := func(from int) chunk {
		b := w.body[from:]
		return chunk{length: int64(len(b)), sum: checksum(b)}
	}
	at := len(w.body)
	w.body = appendInts(w.body, g.Times)
	s.times = put(at)
	at = len(w.body)
	w.body = appendInts(w.body, g.Lines)
	s.lines = put(at)
	s.columns, s.chunks, s.tails = make([]column, len(g.Sensors)), make([]chunk, len(g.Sensors)), make([]Tail, len(g.Sensors))
	ascending := true
	for i, t := range g.Times {
		h.first, h.last = min(h.first, t), max(h.last, t)
		ascending = ascending && (i == 0 || t > g.Times[i-1])
	}
	for i, values := range g.Values {
		at = len(w.body)
		w.body, s.columns[i], w.scratch = appendColumn(w.body, values, w.scratch)
		s.chunks[i] = put(at)
		for _, v := range values {
			if v == v {
				h.values++
			}
		}
		if row := tail(g.Times, values, ascending); row >= 0 {
			s.tails[i] = Tail{g.Sensors[i], g.Times[row], values[row]}
		}
	}
	h.rows += int64(len(g.Times))
	h.sections = append(h.sections, s)
}

// tail finds the row with the latest value, among equal times the first line's;
// -1 for none.
func tail(times []int64, values []float64, ascending bool) int {
	best := -1
	for i := len(times) - 1; i >= 0; i-- {
		if values[i] != values[i] {
			continue
		}
		if ascending {
			return i
		}
		if best < 0 || times[i] >= times[best] {
			best = i
		}
	}
	return best
}

func check(component string, slot int64, groups []Group) error {
	for _, g := range groups {
		if len(g.Times) == 0 || len(g.Lines) != len(g.Times) || len(g.Values) != len(g.Sensors) {
			return fmt.Errorf("write block of %s in slot %d: a group has %d times, %d lines, %d sensors and %d columns",
				component, slot, len(g.Times), len(g.Lines), len(g.Sensors), len(g.Values))
		}
		for i, v := range g.Values {
			if len(v) != len(g.Times) {
				return fmt.Errorf("write block of %s in slot %d: sensor %s has %d values for %d rows",
					component, slot, g.Sensors[i], len(v), len(g.Times))
			}
		}
	}
	if len(groups) == 0 {
		return fmt.Errorf("write block of %s in slot %d: no rows", component, slot)
	}
	return nil
}
