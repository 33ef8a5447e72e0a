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
	records []int64 // offsets of the records written
	drops   int     // records up to and including the last drop's
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

// Block writes the rows of one component and slot, at least one. A sensor stands
// in one group of a block only; several blocks of one component and slot may
// follow each other. The groups are not kept. The Ref has no Drop yet.
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
	w.head = appendHead(w.head[:0], &h)
	ref := Ref{
		Component: component, Slot: slot, File: w.name, Offset: w.size,
		Rows: h.rows, Values: h.values, First: h.first, Last: h.last, Tails: h.tails,
	}
	w.record(kindBlock, w.head, w.body)
	ref.Length = w.size - ref.Offset
	return ref, w.err
}

// Drop closes a drop: the blocks since the last call are its. meta is the JSON
// of what is known of it before it is committed.
func (w *Writer) Drop(meta []byte) error {
	w.head = binary.AppendUvarint(w.head[:0], uint64(len(w.records)-w.drops))
	w.head = append(w.head, meta...)
	w.record(kindDrop, w.head, nil)
	w.drops, w.dropEnd = len(w.records), w.size
	return w.err
}

// Undo takes back the blocks since the last Drop, of a drop that is not taken
// after all.
func (w *Writer) Undo() error {
	if w.err != nil || w.size == w.dropEnd {
		return w.err
	}
	if w.err = w.out.Flush(); w.err == nil {
		w.err = w.file.Truncate(w.dropEnd)
	}
	if w.err == nil {
		_, w.err = w.file.Seek(w.dropEnd, io.SeekStart)
	}
	w.size, w.records = w.dropEnd, w.records[:w.drops]
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
	index, at := w.size, int64(0)
	w.head = binary.AppendUvarint(w.head[:0], uint64(len(w.records)))
	for _, offset := range w.records {
		w.head = binary.AppendUvarint(w.head, uint64(offset-at))
		at = offset
	}
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
	if int64(len(head)) > math.MaxUint32 {
		w.err = fmt.Errorf("write segment %s: a head of %d bytes is too long", w.name, len(head))
		return
	}
	w.records = append(w.records, w.size)
	w.write(appendRecordHeader(make([]byte, 0, recordHeader), kind, head, int64(len(body))))
	w.write(head)
	w.write(body)
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
	s.columns, s.chunks = make([]column, len(g.Sensors)), make([]chunk, len(g.Sensors))
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
			h.tails = append(h.tails, Tail{g.Sensors[i], g.Times[row], values[row]})
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
	var seen map[string]bool
	if len(groups) > 1 {
		seen = make(map[string]bool, len(groups))
	}
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
			if seen[g.Sensors[i]] {
				return fmt.Errorf("write block of %s in slot %d: sensor %s is in two groups", component, slot, g.Sensors[i])
			}
			if seen != nil {
				seen[g.Sensors[i]] = true
			}
		}
	}
	if len(groups) == 0 {
		return fmt.Errorf("write block of %s in slot %d: no rows", component, slot)
	}
	return nil
}
