package backfill

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"

	"millwright/internal/series"
)

// bins keeps the finished bins of all tracks of a group in one file without a
// name, a track after the other.
type bins struct {
	file *os.File
	w    *bufio.Writer
	end  int64
	runs []*binRun
}

// binRun is one track's bins.
type binRun struct {
	all      *bins
	from, to int64
	last     int64 // label of the last bin
	some     bool
	track    *track
	held     *series.Held
	buf      []byte
}

func newBins(dir string) (*bins, error) {
	f, err := os.CreateTemp(dir, "bins-*.scratch")
	if err != nil {
		return nil, fmt.Errorf("create scratch file: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("unlink scratch file: %w", err)
	}
	return &bins{file: f, w: bufio.NewWriterSize(f, 256<<10)}, nil
}

func (b *bins) close() { _ = b.file.Close() }

// begin begins a track.
func (b *bins) begin() *binRun {
	r := &binRun{all: b, from: b.end, to: b.end}
	b.runs = append(b.runs, r)
	return r
}

// again forgets the track that was begun last.
func (b *bins) again() {
	r := b.runs[len(b.runs)-1]
	b.runs = b.runs[:len(b.runs)-1]
	b.w.Reset(b.file)
	b.end = r.from
	_, _ = b.file.Seek(r.from, io.SeekStart) // a plain file: the next write would fail too
}

// put writes label, number of cells, cells. Bins come in ascending order.
func (r *binRun) put(label int64, cells []float64) error {
	b := binary.LittleEndian.AppendUint64(r.buf[:0], uint64(label))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(cells)))
	for _, v := range cells {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	r.buf, r.last, r.some = b, label, true
	r.all.end += int64(len(b))
	if _, err := r.all.w.Write(b); err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}

// end ends the track; held is what its sensors hold after the last bin.
func (r *binRun) end(t *track, held *series.Held) error {
	r.to, r.track, r.held, r.buf = r.all.end, t, held, nil
	if err := r.all.w.Flush(); err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}

// binReader gives one track's bins, and after them those at which it only holds
// values, up to a last label.
type binReader struct {
	run   *binRun
	in    *bufio.Reader
	until int64
	rate  int64
	label int64
	cells []float64
	buf   []byte
	ended bool // the bins of the file
	done  bool
}

// readers opens all tracks; the last label is that of the whole group.
func (b *bins) readers(rate int64) []*binReader {
	until := int64(math.MinInt64)
	for _, r := range b.runs {
		if r.some {
			until = max(until, r.last)
		}
	}
	size := min(max(8<<20/max(1, len(b.runs)), 4<<10), 128<<10)
	var out []*binReader
	for _, r := range b.runs {
		if r.some {
			in := bufio.NewReaderSize(io.NewSectionReader(b.file, r.from, r.to-r.from), size)
			out = append(out, &binReader{run: r, in: in, until: until, rate: rate})
		}
	}
	return out
}

// next reads on; done says that nothing is left.
func (r *binReader) next() error {
	if !r.ended {
		var head [12]byte
		switch _, err := io.ReadFull(r.in, head[:]); {
		case err == nil:
			return r.read(int64(binary.LittleEndian.Uint64(head[:])), int(binary.LittleEndian.Uint32(head[8:])))
		case err != io.EOF: //nolint:errorlint // ReadFull gives it as it is
			return fmt.Errorf("read scratch file: %w", err)
		}
		r.ended = true
	}
	r.label += r.rate
	if r.label > r.until {
		r.done = true
		return nil
	}
	var some bool
	r.cells, some = r.run.held.Cells(r.label)
	r.done = !some
	return nil
}

func (r *binReader) read(label int64, n int) error {
	r.label = label
	if cap(r.buf) < 8*n {
		r.buf = make([]byte, 8*n)
	}
	b := r.buf[:8*n]
	if _, err := io.ReadFull(r.in, b); err != nil {
		return fmt.Errorf("read scratch file: %w", err)
	}
	r.cells = r.cells[:0]
	for i := range n {
		r.cells = append(r.cells, math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
	}
	return nil
}
