package series

import (
	"bytes"
	"errors"
	"io"
)

// buffer holds a stretch of the text. buf[pos:end] are whole lines that wait;
// at least bufferPad bytes behind end can be loaded.
type buffer struct {
	src   io.Reader
	buf   []byte // len includes the pad
	pos   int    // the first byte not yet taken
	end   int    // behind the last newline
	have  int    // behind the last byte read
	base  int64  // offset in the file of buf[0]
	line  int64  // lines before pos
	eof   bool
	err   error // of src, other than io.EOF
	limit int   // longest row, bytes

	gzip     *gunzip
	whole    bool  // a last line without newline is not given
	tail     bool  // the last line had no newline and one was put behind it
	tailBase int64 // where it begins
	tailLine int64
}

func newBuffer(s *source, base, line int64, limit int) *buffer {
	b := &buffer{src: s.r, buf: s.head[:len(s.head):cap(s.head)], have: len(s.head), eof: s.whole, gzip: s.gzip, base: base, line: line, limit: limit}
	b.buf = b.buf[:cap(b.buf)]
	b.end = bytes.LastIndexByte(b.buf[:b.have], '\n') + 1
	return b
}

// errLongRow says that no newline (outside quotes) comes within the limit.
var errLongRow = errors.New("row too long")

// more moves end on. It gives io.EOF when nothing follows, and errLongRow when
// the text from pos on is longer than a row may be: then the row must be left
// with skip.
func (b *buffer) more() error {
	for from := b.end; ; {
		if b.eof {
			return b.last(from)
		}
		if b.have-b.pos > b.limit {
			return errLongRow
		}
		from -= b.make()
		n, err := b.src.Read(b.buf[b.have : len(b.buf)-bufferPad])
		old := b.have
		b.have += n
		if err != nil {
			b.eof = true
			if !errors.Is(err, io.EOF) {
				b.err = err
			}
		}
		if k := bytes.LastIndexByte(b.buf[old:b.have], '\n'); k >= 0 {
			b.end = old + k + 1
			return nil
		}
	}
}

// make makes room for reading; it returns by how much the text has moved.
func (b *buffer) make() (moved int) {
	rest := b.have - b.pos
	room := len(b.buf) - bufferPad
	if room < bufferSize || rest > room/2 {
		grown := make([]byte, max(bufferSize, 2*rest)+bufferPad)
		copy(grown, b.buf[b.pos:b.have])
		b.buf = grown
	} else if b.pos > 0 {
		copy(b.buf, b.buf[b.pos:b.have])
	}
	moved = b.pos
	b.base += int64(b.pos)
	b.pos, b.end, b.have = 0, b.end-b.pos, rest
	return moved
}

// last gives the line behind the last newline.
func (b *buffer) last(from int) error {
	if b.err != nil {
		return b.err
	}
	if b.gzip != nil && b.gzip.damage != "" {
		b.whole = true // the last line is cut
	}
	if b.end < b.have && !b.whole && !b.tail {
		b.tail, b.tailBase, b.tailLine = true, b.base+int64(b.end), b.line+int64(bytes.Count(b.buf[b.pos:b.end], []byte("\n")))
		if b.have+1+bufferPad > len(b.buf) {
			b.buf = append(b.buf[:b.have], make([]byte, 1+bufferPad)...)
		}
		b.buf[b.have] = '\n'
		b.have++
		b.end = b.have
		return nil
	}
	if from < b.end {
		return nil
	}
	return io.EOF
}

// skip leaves the line that begins at pos, however long it is.
func (b *buffer) skip() error {
	for {
		if n := bytes.IndexByte(b.buf[b.pos:b.have], '\n'); n >= 0 {
			b.pos += n + 1
			b.line++
			b.end = max(b.pos, bytes.LastIndexByte(b.buf[:b.have], '\n')+1)
			return nil
		}
		b.pos, b.end = b.have, b.have
		if b.eof {
			return b.err
		}
		b.make()
		n, err := b.src.Read(b.buf[b.have : len(b.buf)-bufferPad])
		b.have += n
		if err != nil {
			b.eof = true
			if !errors.Is(err, io.EOF) {
				b.err = err
			}
		}
	}
}

// consumed is how much was taken as whole lines.
func (b *buffer) consumed() (offset, line int64) {
	if b.tail {
		return b.tailBase, b.tailLine
	}
	return b.base + int64(b.pos), b.line
}
