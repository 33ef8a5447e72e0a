package series

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// defaultChunk is the text that a worker reads at a time, in bytes: with its
// numbers it stays in the processor's cache.
const defaultChunk = 256 << 10

// chunk is a stretch of whole lines and, once read, its rows.
type chunk struct {
	fresh Reader // before it has read anything
	size  int64  // bytes of the file from which its lines begin
	buf   []byte

	index  int64
	offset int64  // of the first line, in the file
	batch  *Batch // nil: no rows
	report Report
	lines  int64
	first  int64 // time of the first row
	last   int64 // time of the last row
	odd    bool  // has to be read in order, with all that follows it
	err    error
}

// newChunk makes a chunk that reads as r does, which has read no row yet.
func newChunk(r *Reader, size int64) (*chunk, error) {
	set := r.set
	set.Memory = nil // of one reader at a time
	own, err := newReader(set, r.dialect, &source{r: bytes.NewReader(nil), whole: true}, 0, 0)
	if err != nil {
		return nil, err
	}
	own.head = r.head
	c := &chunk{fresh: *own, size: size, buf: make([]byte, size+2*chunkReach)}
	c.room(1024)
	return c, nil
}

// room makes the batch hold so many rows. As in Reader.allocate the stride is
// no power of two.
func (c *chunk) room(rows int) {
	f := &c.fresh
	f.full, f.stride = rows, rows+8
	f.values = make([]float64, len(f.columns)*f.stride)
	f.times, f.lines = make([]int64, rows), make([]int64, rows)
}

// chunkReach is how far behind its end a chunk looks for the end of its last line.
const chunkReach = 4 << 10

// load finds the lines that begin in [from, to) of the file.
func (c *chunk) load(in io.ReaderAt, start, from, to, size int64) (text []byte, err error) {
	// The byte before tells whether a line begins at from.
	at := max(from-1, start)
	n := int(min(to+chunkReach, size) - at)
	for {
		if len(c.buf) < n+1+bufferPad {
			c.buf = make([]byte, n+1+bufferPad)
		}
		if _, err := in.ReadAt(c.buf[:n], at); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read at byte %d: %w", at, err)
		}
		begin := 0
		if from > start {
			nl := bytes.IndexByte(c.buf[:to-at], '\n')
			if nl < 0 || at+int64(nl)+1 >= to {
				return nil, nil // no line begins here
			}
			begin = nl + 1
		}
		c.offset = at + int64(begin)
		last := int(to - at - 1) // a line that begins behind it is of the next chunk
		if nl := bytes.IndexByte(c.buf[last:n], '\n'); nl >= 0 {
			return c.buf[begin : last+nl+1], nil
		}
		if at+int64(n) == size {
			c.buf[n] = '\n'
			return c.buf[begin : n+1], nil
		}
		if int64(n) > c.size+int64(c.fresh.limit) {
			c.odd = true // a line without end: only reading in order tells what it is
			return nil, nil
		}
		n = int(min(int64(2*n), size-at))
	}
}

// read reads the chunk's rows. What it finds is the same as if all were read
// in order, unless odd is set.
func (c *chunk) read(in io.ReaderAt, start, from, to, size int64) {
	c.batch, c.odd, c.err, c.lines, c.report, c.offset = nil, false, nil, 0, Report{}, from
	text, err := c.load(in, start, from, to, size)
	if err != nil || len(text) == 0 {
		c.err = err
		return
	}
	for !c.parse(text) {
		c.room(2 * c.fresh.full)
	}
}

// parse is false when the rows do not fit.
func (c *chunk) parse(text []byte) bool {
	r := new(Reader)
	*r = c.fresh
	r.faults = faultLog{text: c.fresh.faults.text}
	r.buffer = buffer{buf: text[:cap(text)], end: len(text), have: len(text), eof: true, limit: c.fresh.limit}
	r.begin()
	for r.pos < r.end {
		r.plain()
		if r.pos == r.end {
			break
		}
		if r.n == r.full {
			return false
		}
		line := r.buf[r.pos:r.end]
		if bytes.IndexByte(line[:bytes.IndexByte(line, '\n')], '"') >= 0 {
			c.odd = true // a quoted cell may go over lines, and over the chunk's end
			return true
		}
		r.general()
	}
	c.fresh.cells, c.fresh.pending = r.cells[:0], r.pending[:0]
	if r.n > 0 {
		c.batch = r.finish()
		c.first, c.last = c.batch.Times[0], r.last
	}
	c.lines, c.report = r.line, r.Report()
	return true
}

// add joins what was met in rows that follow, lines further down the file.
func (p *Report) add(q Report, lines int64) {
	p.Rows += q.Rows
	if q.Used > 0 {
		if p.Used == 0 {
			p.First, p.Last = math.MaxInt64, math.MinInt64
		}
		p.First, p.Last = min(p.First, q.First), max(p.Last, q.Last)
	}
	p.Used += q.Used
	p.Values += q.Values
	p.Empty += q.Empty
	p.Marked += q.Marked
	p.Text += q.Text
	p.Untrusted += q.Untrusted
	p.OutOfOrder += q.OutOfOrder
	p.Skipped += q.Skipped
	for k, n := range q.Bad {
		p.Bad[k] += n
	}
	for _, f := range q.Faults {
		if len(p.Faults) < MaxFaults {
			f.Line += lines
			p.Faults = append(p.Faults, f)
		}
	}
}
