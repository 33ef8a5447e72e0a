package upload

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// inMemory is the size up to which a file is read at once: 16 of them at a time
// are the most that uploads hold. Larger ones are read twice instead.
const inMemory = 1 << 20

// damagedError says that a window's file cannot be used and must be made again.
type damagedError struct{ why string }

func (e *damagedError) Error() string { return e.why }

// errNotAtHand says that a window has no file and is not in memory either.
var errNotAtHand = errors.New("is not in memory any more")

// content gives the object its bytes: from memory as they were sealed, else from
// the file. The buffer is nil or to be given back when they are not needed.
func (u *Uploader) content(s *window.Sealed, o *objstore.Object) (buf *bytes.Buffer, err error) {
	if o.Body = u.set.Shelf.Get(s.ID, s.Generation); o.Body != nil {
		return nil, nil
	}
	if s.Path == "" {
		return nil, errNotAtHand
	}
	buf = u.buffers.get()
	if o.Body, err = readSpool(u.file(s), s, buf); err == nil && o.Body == nil && s.Size > 0 {
		o.File = u.file(s)
	}
	return buf, err
}

// buffers are kept between uploads.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() *bytes.Buffer {
	if v, ok := b.pool.Get().(*bytes.Buffer); ok {
		v.Reset()
		return v
	}
	return new(bytes.Buffer)
}

// readSpool checks a window's file against what the ledger knows of it. It
// gives the content in buf, or nil when it is to be read from the file.
func readSpool(name string, s *window.Sealed, buf *bytes.Buffer) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &damagedError{"the file is missing"}
	}
	if err != nil {
		return nil, fmt.Errorf("open window file: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at window file: %w", err)
	}
	if !st.Mode().IsRegular() || st.Size() != s.Size {
		return nil, &damagedError{fmt.Sprintf("the file has %d bytes instead of %d", st.Size(), s.Size)}
	}
	var (
		sum  [32]byte
		body []byte
	)
	if s.Size <= inMemory {
		buf.Grow(int(s.Size))
		body = buf.AvailableBuffer()[:s.Size]
		if _, err = io.ReadFull(f, body); err == nil {
			sum = sha256.Sum256(body)
		}
	} else {
		h := sha256.New()
		if _, err = io.Copy(h, io.LimitReader(f, s.Size)); err == nil {
			h.Sum(sum[:0])
		}
	}
	switch {
	case errors.Is(err, syscall.EIO), errors.Is(err, io.ErrUnexpectedEOF):
		return nil, &damagedError{"the file cannot be read: " + err.Error()}
	case err != nil:
		return nil, fmt.Errorf("read window file: %w", err)
	case sum != s.SHA256:
		return nil, &damagedError{"the file's content is not what was sealed"}
	}
	return body, nil
}

// DamagedSuffix marks a window's file that was set aside for a fresh one.
const DamagedSuffix = ".damaged"

// setAside keeps what is left of a damaged file for a look.
func setAside(name string) { _ = os.Rename(name, name+DamagedSuffix) }
