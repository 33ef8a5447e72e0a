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
	block   head // of the block being written
	head    []byte
	frame   []byte
	scratch []int32
	err     error
}

// Create begins the segment dir/name. It has its name only after Close.
func Create(dir, name string) (*Writer, error) {
	f, err := atomicfile.Create(filepath.Join(dir, name), 0o640)
	if err != nil {
		return nil, fmt.Errorf("create segment: %w", err)
	}
	w := &Writer{file: f, name: name, out: bufio.NewWriterSize(f, 64<<10)}
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

// Block writes the rows of one component and slot, at least one. A sensor stands
// in one group only. A drop has one block per component and slot: pieces written
// one after the other are made one by Join. The groups are not kept. The Ref has
// no Drop yet.
func (w *Writer) Block(component string, slot int64, groups []Group) (Ref, error) {
	if err := check(component, slot, groups); err != nil {
		return Ref{}, err
	}
	h := &w.block
	h.begin(component, slot)
	w.body = w.body[:0]
	for i := range groups {
		w.section(h, &groups[i])
	}
	if h.first <= slot || h.last > slot+int64(Slot) {
		return Ref{}, fmt.Errorf("write block: rows %d to %d are not of slot %d", h.first, h.last, slot)
	}
	ref := w.ref(h, w.size)
	w.blocks = append(w.blocks, ref.Offset)
	w.record(kindBlock, w.head, w.body)
	ref.Length = w.size - ref.Offset
	return ref, w.err
}

// ref encodes the head of the block at offset and gives its Ref.
func (w *Writer) ref(h *head, offset int64) Ref {
	w.head = appendHead(w.head[:0], h)
	return Ref{
		Component: h.component, Slot: h.slot, File: w.name, Offset: offset,
		Rows: h.rows, Values: h.values, First: h.first, Last: h.last, Tails: tails(h.sections),
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
	if int64(len(head)) > math.MaxUint32 {
		w.fail(fmt.Errorf("a head of %d bytes is too long", len(head)))
		return
	}
	w.frame = appendRecordHeader(w.frame[:0], kind, head, int64(len(body)))
	w.write(w.frame)
	w.write(body)
	w.write(head)
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = fmt.Errorf("write segment %s: %w", w.name, err)
	}
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.out.Write(b)
	w.size += int64(n)
	if err != nil {
		w.fail(err)
	}
}

// section appends the chunks of a group to the body and what is to be known of
// them to the head.
func (w *Writer) section(h *head, g *Group) {
	s := h.section(g.Times, g.Sensors)
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
	for i, values := range g.Values {
		at = len(w.body)
		w.body, s.columns[i], w.scratch = appendColumn(w.body, values, w.scratch)
		s.chunks[i] = put(at)
		h.column(s, i, g.Times, values)
	}
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
