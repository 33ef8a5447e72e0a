package series

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// rowSink takes finished bins and writes the CSV that they make.
type rowSink interface {
	row(label int64, cells []float64) error
	// finish writes what is left. raw are the Reader's Names after the last row.
	finish(raw []string) error
	names() ([]string, []Clash) // after finish
	close() error
}

// columnsOf says which cells stand in a CSV, in which order and under which
// names. Columns whose names clash are left out.
type columnsOf struct {
	index   []int
	named   []string
	clashes []Clash
	all     bool // index is 0, 1, 2 ...
}

func mapColumns(raw []string, rename map[string]string) columnsOf {
	names, clashes := MapNames(raw, rename)
	c := columnsOf{clashes: clashes}
	for i, name := range names {
		if name != "" {
			c.index, c.named = append(c.index, i), append(c.named, name)
		}
	}
	c.all = len(c.index) == len(raw)
	return c
}

// sorted puts the columns in byte order of their names.
func (c columnsOf) sorted() columnsOf {
	order := make([]int, len(c.index))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(c.named[a], c.named[b]) })
	byName := columnsOf{clashes: c.clashes}
	for _, k := range order {
		byName.index, byName.named = append(byName.index, c.index[k]), append(byName.named, c.named[k])
	}
	return byName
}

// pick gives the cells that stand in the CSV; those not there yet are empty.
func (c columnsOf) pick(dst, cells []float64) []float64 {
	if c.all && len(cells) == len(c.index) {
		return cells
	}
	dst = dst[:0]
	for _, i := range c.index {
		v := math.NaN()
		if i < len(cells) {
			v = cells[i]
		}
		dst = append(dst, v)
	}
	return dst
}

// wideSink writes bins as they come: all columns are known from the header.
type wideSink struct {
	out     io.Writer
	columns columnsOf
	buf     []byte
	picked  []float64
}

const sinkBuffer = 64 << 10

func newWideSink(out io.Writer, columns columnsOf) *wideSink {
	return &wideSink{out: out, columns: columns, buf: appendHeader(nil, columns.named)}
}

func (s *wideSink) row(label int64, cells []float64) error {
	s.picked = s.columns.pick(s.picked, cells)
	s.buf = appendRow(s.buf, label, s.picked)
	if len(s.buf) >= sinkBuffer {
		return s.flush()
	}
	return nil
}

func (s *wideSink) flush() error {
	_, err := s.out.Write(s.buf)
	s.buf = s.buf[:0]
	if err != nil {
		return fmt.Errorf("write output: %w", err)
	}
	return nil
}

func (s *wideSink) finish([]string) error { return s.flush() }

func (s *wideSink) close() error { return nil }

func (s *wideSink) names() ([]string, []Clash) { return s.columns.named, s.columns.clashes }

// longSink keeps bins until the last row: a long file names its sensors as it
// goes, and the columns shall stand in byte order of all names.
type longSink struct {
	out    io.Writer
	rename map[string]string
	spool  *Spool
	buf    []byte
	done   wideSink
}

func newLongSink(out io.Writer, rename map[string]string, dir string) *longSink {
	return &longSink{out: out, rename: rename, spool: NewSpool(dir)}
}

// row writes label, number of cells, cells.
func (s *longSink) row(label int64, cells []float64) error {
	s.buf = binary.LittleEndian.AppendUint64(s.buf[:0], uint64(label))
	s.buf = binary.LittleEndian.AppendUint64(s.buf, uint64(len(cells)))
	for _, v := range cells {
		s.buf = binary.LittleEndian.AppendUint64(s.buf, math.Float64bits(v))
	}
	_, err := s.spool.Write(s.buf)
	return err
}

func (s *longSink) finish(raw []string) error {
	s.done = *newWideSink(s.out, mapColumns(raw, s.rename).sorted())
	in := s.spool.Reader()
	var head [16]byte
	var cells []float64
	for {
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			break
		} else if err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		n := int(binary.LittleEndian.Uint64(head[8:]))
		s.buf = slices.Grow(s.buf[:0], 8*n)[:8*n]
		if _, err := io.ReadFull(in, s.buf); err != nil {
			return fmt.Errorf("read scratch file: %w", err)
		}
		cells = cells[:0]
		for i := range n {
			cells = append(cells, math.Float64frombits(binary.LittleEndian.Uint64(s.buf[8*i:])))
		}
		if err := s.done.row(int64(binary.LittleEndian.Uint64(head[:])), cells); err != nil {
			return err
		}
	}
	return s.done.flush()
}

func (s *longSink) close() error { return s.spool.Close() }

func (s *longSink) names() ([]string, []Clash) { return s.done.names() }
