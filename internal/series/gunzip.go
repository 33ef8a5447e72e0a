package series

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// gunzip unpacks gzip. What cannot be unpacked ends the text: damage then says
// why, and all before it stands.
type gunzip struct {
	in     *bufio.Reader
	z      *gzip.Reader
	read   int64
	damage string
	note   string
	done   bool
}

// newGunzip needs whole gzip headers at the beginning.
func newGunzip(r io.Reader) (*gunzip, error) {
	in := bufio.NewReaderSize(r, 32<<10)
	z, err := gzip.NewReader(in)
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	z.Multistream(false)
	return &gunzip{in: in, z: z}, nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	if g.done {
		return 0, io.EOF
	}
	for {
		n, err := g.z.Read(p)
		g.read += int64(n)
		if n > 0 || err == nil {
			return n, nil
		}
		if !errors.Is(err, io.EOF) {
			return 0, g.broken(err)
		}
		if err := g.nextMember(); err != nil {
			return 0, err
		}
	}
}

// nextMember goes on to the next member; what is none, after at least one
// whole member, is rubbish that is noted and left.
func (g *gunzip) nextMember() error {
	head, err := g.in.Peek(2)
	if len(head) == 0 {
		g.done = true
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		return io.EOF
	}
	if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		g.done = true
		g.note = "bytes after the end of the gzip data were ignored"
		return io.EOF
	}
	if err := g.z.Reset(g.in); err != nil {
		return g.broken(err)
	}
	g.z.Multistream(false)
	return nil
}

// broken ends the text where data is missing or wrong; errors of the file
// itself are passed on.
func (g *gunzip) broken(err error) error {
	g.done = true
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		g.damage = fmt.Sprintf("the gzip data ends early, after %d unpacked bytes: the file was not copied whole; copy it again", g.read)
	case errors.Is(err, gzip.ErrChecksum):
		g.damage = "the gzip checksum is wrong: the file was damaged on its way; copy it again"
	default:
		var corrupt flate.CorruptInputError
		if !errors.As(err, &corrupt) && !errors.Is(err, gzip.ErrHeader) {
			return err
		}
		g.damage = fmt.Sprintf("the gzip data is damaged after %d unpacked bytes (%v); copy the file again", g.read, err)
	}
	return io.EOF
}
