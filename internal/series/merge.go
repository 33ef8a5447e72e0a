package series

import (
	"container/heap"
	"encoding/binary"
	"fmt"
	"math"
	"os"
)

const minRunBuffer = 64 << 10

// merge hands the rows of neighbouring runs over in time order; of equal
// timestamps those of the earlier run come first.
func (s *Sorter) merge(runs []run, fn func(words []uint64) error) error {
	size := 8 * s.width()
	room := max(1, s.memory/(len(runs)*size)) * size
	heads := make(runHeap, 0, len(runs))
	for i, r := range runs {
		h := &runHead{
			file: s.file, at: r.offset, end: r.offset + r.rows*int64(size), order: i,
			buf: make([]byte, 0, room), words: make([]uint64, s.width()),
		}
		ok, err := h.next()
		if err != nil {
			return err
		}
		if ok {
			heads = append(heads, h)
		}
	}
	heap.Init(&heads)
	for len(heads) > 0 {
		h := heads[0]
		if err := fn(h.words); err != nil {
			return err
		}
		ok, err := h.next()
		if err != nil {
			return err
		}
		if ok {
			heap.Fix(&heads, 0)
		} else {
			heap.Pop(&heads)
		}
	}
	return nil
}

// runHead reads one run row by row.
type runHead struct {
	file    *os.File
	at, end int64 // not yet in buf
	buf     []byte
	used    int // bytes of buf handed out
	order   int
	words   []uint64 // the row in hand
}

// next reads the next row into words; false at the run's end.
func (h *runHead) next() (bool, error) {
	if h.used == len(h.buf) {
		n := min(int64(cap(h.buf)), h.end-h.at)
		if n == 0 {
			return false, nil
		}
		h.buf, h.used = h.buf[:n], 0
		if _, err := h.file.ReadAt(h.buf, h.at); err != nil {
			return false, fmt.Errorf("read scratch file: %w", err)
		}
		h.at += n
	}
	for i := range h.words {
		h.words[i] = binary.LittleEndian.Uint64(h.buf[h.used+8*i:])
	}
	h.used += 8 * len(h.words)
	return true, nil
}

type runHeap []*runHead

func (h runHeap) Len() int      { return len(h) }
func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*runHead)) }
func (h *runHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func (h runHeap) Less(i, j int) bool {
	a, b := int64(h[i].words[0]), int64(h[j].words[0])
	return a < b || a == b && h[i].order < h[j].order
}

// batchFiller turns rows into batches.
type batchFiller struct {
	batch Batch
	rows  int // per batch
	last  int64
	begun bool
	fn    func(*Batch) error
}

func newBatchFiller(long bool, columns int, fn func(*Batch) error) *batchFiller {
	f := &batchFiller{rows: max(1, 32768/columns), fn: fn}
	f.batch.Columns = make([][]float64, columns)
	if long {
		f.batch.Sensor = []int32{}
	}
	f.clear()
	return f
}

func (f *batchFiller) clear() {
	b := &f.batch
	b.Times, b.Sorted = b.Times[:0], b.Sensor == nil
	for c := range b.Columns {
		b.Columns[c] = b.Columns[c][:0]
	}
	if b.Sensor != nil {
		b.Sensor = b.Sensor[:0]
	}
}

func (f *batchFiller) row(words []uint64) error {
	b, t := &f.batch, int64(words[0])
	if f.begun && t <= f.last {
		b.Sorted = false
	}
	f.begun, f.last = true, t
	b.Times = append(b.Times, t)
	cells := words[1:]
	if b.Sensor != nil {
		b.Sensor = append(b.Sensor, int32(words[1]))
		cells = words[2:]
	}
	for c := range b.Columns {
		b.Columns[c] = append(b.Columns[c], math.Float64frombits(cells[c]))
	}
	if len(b.Times) == f.rows {
		return f.flush()
	}
	return nil
}

func (f *batchFiller) flush() error {
	if len(f.batch.Times) == 0 {
		return nil
	}
	err := f.fn(&f.batch)
	f.clear()
	return err
}
