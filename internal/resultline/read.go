package resultline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Read gives fn the rows of an object, one by one in ascending time. A fault may
// show itself only after rows before it were given: nothing is settled until Read
// returns nil. Rows stay valid, fn may keep them.
func Read(r io.Reader, l Limits, fn func(Row) error) error {
	l = l.orDefaults()
	lines := lineReader{limits: l}
	size := min(64<<10, l.Line+2)
	lines.in = bufio.NewReaderSize(io.LimitReader(r, l.Bytes+1), size)
	p := parser{limits: l}
	for n := 1; ; n++ {
		line, err := lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if n > l.Rows {
			return fmt.Errorf("%w: more than %d lines", ErrLimit, l.Rows)
		}
		row, err := p.row(n, line)
		if err != nil {
			return err
		}
		if err := fn(row); err != nil {
			return err
		}
	}
	if lines.n == 0 {
		return ErrEmpty
	}
	return nil
}

// lineReader cuts an object into lines within limits.
type lineReader struct {
	in     *bufio.Reader
	limits Limits
	n      int    // lines begun
	read   int64  // bytes
	long   []byte // a line longer than the buffer of in
}

// next gives a line without its line feed, valid until the next call, and io.EOF
// after the last one.
func (l *lineReader) next() ([]byte, error) {
	l.long = l.long[:0]
	for first := true; ; first = false {
		part, err := l.in.ReadSlice('\n')
		l.read += int64(len(part))
		if first && len(part) > 0 {
			l.n++
		}
		switch {
		case l.read > l.limits.Bytes:
			return nil, fmt.Errorf("%w: more than %d bytes", ErrLimit, l.limits.Bytes)
		case len(l.long)+len(bytes.TrimSuffix(part, []byte{'\n'})) > l.limits.Line:
			return nil, fmt.Errorf("%w: line %d has more than %d bytes", ErrLimit, l.n, l.limits.Line)
		case err == nil && first:
			return part[:len(part)-1], nil
		case err == nil || errors.Is(err, bufio.ErrBufferFull):
			l.long = append(l.long, part...)
			if err == nil {
				return l.long[:len(l.long)-1], nil
			}
		case !errors.Is(err, io.EOF):
			return nil, fmt.Errorf("read after line %d: %w", l.n, err)
		case len(part) > 0 || !first:
			return nil, fmt.Errorf("line %d: %w", l.n, ErrTorn)
		default:
			return nil, io.EOF
		}
	}
}
