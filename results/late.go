package results

import (
	"bytes"
	"fmt"
	"io"

	"millwright/internal/atomicfile"
)

// late is a file that is made with its first byte: most looks find no object,
// and should cost the disk nothing.
type late struct {
	target string
	file   *atomicfile.File // nil: nothing was written
	err    error            // of the disk, not of the store
}

func (l *late) Write(p []byte) (int, error) {
	if l.file == nil {
		if l.file, l.err = atomicfile.Create(l.target, 0o640); l.err != nil {
			return 0, l.err
		}
	}
	n, err := l.file.Write(p)
	if err != nil {
		l.err = fmt.Errorf("write %s: %w", l.target, err)
	}
	return n, l.err
}

// begin gives what was written, from its beginning.
func (l *late) begin() (io.Reader, error) {
	if l.file == nil {
		return bytes.NewReader(nil), nil
	}
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read %s: %w", l.target, err)
	}
	return l.file, nil
}

func (l *late) commit() error { return l.file.Commit() }

// Close removes what was not committed.
func (l *late) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
