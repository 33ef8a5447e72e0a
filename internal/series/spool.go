package series

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

// Spool keeps what is written to it until it is wanted: the first megabyte in
// memory, more in a scratch file.
type Spool struct {
	dir  string
	buf  []byte
	file *os.File
	size int64 // bytes in the file
}

const spoolMemory = 1 << 20

// NewSpool makes an empty Spool; its scratch file would be in dir ("": the
// system's folder).
func NewSpool(dir string) *Spool { return &Spool{dir: dir} }

// Write never writes less than p without an error.
func (s *Spool) Write(p []byte) (int, error) {
	if len(s.buf)+len(p) > spoolMemory {
		if err := s.flush(); err != nil {
			return 0, err
		}
	}
	s.buf = append(s.buf, p...)
	return len(p), nil
}

func (s *Spool) flush() error {
	if s.file == nil {
		f, err := scratchFile(s.dir)
		if err != nil {
			return err
		}
		s.file = f
	}
	n, err := s.file.WriteAt(s.buf, s.size)
	s.size += int64(n)
	s.buf = s.buf[:0]
	if err != nil {
		return fmt.Errorf("write scratch file: %w", err)
	}
	return nil
}

// Restart forgets everything written so far.
func (s *Spool) Restart() error {
	s.buf, s.size = s.buf[:0], 0
	return nil
}

// Reader reads from the beginning; nothing may be written meanwhile.
func (s *Spool) Reader() io.Reader {
	mem := io.Reader(&sliceReader{s.buf})
	if s.size == 0 {
		return mem
	}
	file := bufio.NewReaderSize(io.NewSectionReader(s.file, 0, s.size), 128<<10)
	return io.MultiReader(file, mem)
}

// Close gives the scratch file back. It may be called twice.
func (s *Spool) Close() error {
	s.buf = nil
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

type sliceReader struct{ rest []byte }

func (r *sliceReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
