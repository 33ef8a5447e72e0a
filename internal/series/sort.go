package series

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
)

// Sorter puts the rows of one file in time order, whatever their number, in a
// bounded memory: sorted runs go to a scratch file and are merged. Rows with
// the same timestamp keep the order in which they came.
type Sorter struct {
	dir     string
	memory  int
	long    bool
	columns int
	words   []uint64 // rows not yet in a run: time, then the cells; or time, sensor, value
	runs    []run
	file    *os.File
	end     int64
	buf     []byte
}

// run is a sorted stretch of the scratch file.
type run struct {
	offset int64
	rows   int64
}

const defaultSortMemory = 8 << 20

// NewSorter makes a Sorter with a scratch file in dir ("": the system's
// folder) that uses about memory bytes (0: 8 MiB).
func NewSorter(dir string, memory int) *Sorter {
	if memory <= 0 {
		memory = defaultSortMemory
	}
	return &Sorter{dir: dir, memory: memory}
}

// width is the number of words of a row.
func (s *Sorter) width() int {
	if s.long {
		return 3
	}
	return 1 + s.columns
}

// Add takes the rows of a batch, which may be reused after it returns.
func (s *Sorter) Add(b *Batch) error {
	if b.Len() == 0 {
		return nil
	}
	if s.columns == 0 {
		s.long, s.columns = b.Sensor != nil, len(b.Columns)
	} else if s.long != (b.Sensor != nil) || s.columns != len(b.Columns) {
		return fmt.Errorf("sort rows: a batch has %d columns, the ones before it had %d", len(b.Columns), s.columns)
	}
	if s.words == nil { // memory that is not used is not touched
		s.words = make([]uint64, 0, s.memory/8+s.width())
	}
	for i := range b.Times {
		s.words = append(s.words, uint64(b.Times[i]))
		if s.long {
			s.words = append(s.words, uint64(b.Sensor[i]))
		}
		for _, col := range b.Columns {
			s.words = append(s.words, math.Float64bits(col[i]))
		}
		if 8*len(s.words) >= s.memory {
			if err := s.spill(); err != nil {
				return err
			}
		}
	}
	return nil
}

// order gives the rows in memory in time order.
func (s *Sorter) order() []int32 {
	w := s.width()
	order := make([]int32, len(s.words)/w)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		return cmp.Compare(int64(s.words[int(a)*w]), int64(s.words[int(b)*w]))
	})
	return order
}

// spill writes the rows in memory as a run.
func (s *Sorter) spill() error {
	if s.file == nil {
		f, err := scratchFile(s.dir)
		if err != nil {
			return err
		}
		s.file = f
	}
	w, order := s.width(), s.order()
	out := runWriter{file: s.file, at: s.end, buf: s.buf[:0]}
	for _, i := range order {
		if err := out.row(s.words[int(i)*w : int(i)*w+w]); err != nil {
			return err
		}
	}
	if err := out.flush(); err != nil {
		return err
	}
	s.runs = append(s.runs, run{s.end, int64(len(order))})
	s.end, s.buf, s.words = out.at, out.buf, s.words[:0]
	return nil
}

// Each hands all rows over in time order. The batch is valid until fn returns.
// It may be called once, after the last Add.
func (s *Sorter) Each(fn func(*Batch) error) error {
	if s.columns == 0 {
		return nil
	}
	out := newBatchFiller(s.long, s.columns, fn)
	if len(s.runs) == 0 {
		w := s.width()
		for _, i := range s.order() {
			if err := out.row(s.words[int(i)*w : int(i)*w+w]); err != nil {
				return err
			}
		}
		return out.flush()
	}
	if len(s.words) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.words = nil
	if err := s.reduce(); err != nil {
		return err
	}
	if err := s.merge(s.runs, out.row); err != nil {
		return err
	}
	return out.flush()
}

// fanIn is how many runs are merged at a time: each needs a buffer worth a read.
func (s *Sorter) fanIn() int {
	return max(2, s.memory/max(minRunBuffer, 8*s.width()))
}

// reduce merges neighbouring runs until one merge can take them all.
func (s *Sorter) reduce() error {
	for len(s.runs) > s.fanIn() {
		next, err := scratchFile(s.dir)
		if err != nil {
			return err
		}
		out := runWriter{file: next, buf: s.buf[:0]}
		var runs []run
		for part := range slices.Chunk(s.runs, s.fanIn()) {
			from, rows := out.at+int64(len(out.buf)), int64(0)
			for _, r := range part {
				rows += r.rows
			}
			if err := s.merge(part, out.row); err != nil {
				_ = next.Close()
				return err
			}
			runs = append(runs, run{from, rows})
		}
		if err := out.flush(); err != nil {
			_ = next.Close()
			return err
		}
		_ = s.file.Close()
		s.file, s.runs, s.end, s.buf = next, runs, out.at, out.buf
	}
	return nil
}

// Close gives the scratch file back. It may be called twice.
func (s *Sorter) Close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

// runWriter appends rows to a scratch file.
type runWriter struct {
	file *os.File
	at   int64
	buf  []byte
}

const runWriteSize = 256 << 10

func (w *runWriter) row(words []uint64) error {
	for _, x := range words {
		w.buf = binary.LittleEndian.AppendUint64(w.buf, x)
	}
	if len(w.buf) >= runWriteSize {
		return w.flush()
	}
	return nil
}

func (w *runWriter) flush() error {
	n, err := w.file.WriteAt(w.buf, w.at)
	w.at += int64(n)
	w.buf = w.buf[:0]
	if err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}
