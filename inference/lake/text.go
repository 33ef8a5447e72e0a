package lake

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"millwright/internal/objstore"
)

// text is the unpacked content of a CSV in a bucket, from some offset on.
type text struct {
	in     *bufio.Reader
	offset int64 // of the next byte, unpacked
	limit  int64
	gzip   bool
	damage string // why it ends before its end
	cancel context.CancelFunc
	pipe   *io.PipeReader
	done   chan struct{}
}

// storeError is an error of the store, whatever it wraps: a connection that broke
// is no damaged file.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }

const textBuffer = 256 << 10

// openText begins to read at an offset of the unpacked content.
func (l *Lake) openText(ctx context.Context, f File, from Checkpoint) (*text, error) {
	info, err := l.store.Head(ctx, f.Bucket, f.Key)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		return nil, &ChangedError{Key: f.Key}
	case err != nil:
		return nil, err
	}
	if f.ETag != "" && info.ETag != f.ETag {
		return nil, &ChangedError{Key: f.Key}
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	t := &text{limit: l.o.MaxFile, cancel: cancel, pipe: r, done: make(chan struct{}), offset: from.Offset, gzip: from.Gzip}
	skip := from.Offset
	download := func() error {
		in, err := l.store.Download(ctx, f.Bucket, f.Key, "", math.MaxInt64-1, w)
		if err == nil && in.ETag != info.ETag {
			return &ChangedError{Key: f.Key}
		}
		return err
	}
	if ranger, ok := l.store.(Ranger); ok && skip > 0 && !from.Gzip {
		skip = 0
		download = func() error {
			_, err := ranger.DownloadFrom(ctx, f.Bucket, f.Key, info.ETag, from.Offset, math.MaxInt64-1, w)
			if errors.Is(err, objstore.ErrExists) {
				return &ChangedError{Key: f.Key}
			}
			return err
		}
	}
	go func() {
		defer close(t.done)
		err := download()
		if err != nil {
			err = &storeError{err}
		}
		_ = w.CloseWithError(err)
	}()
	if err := t.unpack(skip); err != nil {
		t.close()
		return nil, plain(err)
	}
	return t, nil
}

// plain gives the store's own error.
func plain(err error) error {
	var s *storeError
	if errors.As(err, &s) {
		return s.err
	}
	return err
}

// unpack looks for gzip and passes over what was read before.
func (t *text) unpack(skip int64) error {
	t.in = bufio.NewReaderSize(t.pipe, textBuffer)
	if skip == t.offset { // from the beginning
		head, err := t.in.Peek(2)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		t.gzip = bytes.Equal(head, []byte{0x1f, 0x8b})
	}
	if t.gzip {
		z, err := gzip.NewReader(t.in)
		if err != nil {
			if s := (*storeError)(nil); errors.As(err, &s) {
				return err
			}
			return &DiscardError{Reason: "the gzip data is damaged at its beginning; copy the file again"}
		}
		t.in = bufio.NewReaderSize(&unpacker{text: t, z: z}, textBuffer)
	}
	if _, err := io.CopyN(io.Discard, t.in, skip); err != nil {
		return fmt.Errorf("read on at byte %d: %w", t.offset, err)
	}
	return nil
}

// unpacker reads gzip; what cannot be unpacked ends the text.
type unpacker struct {
	text *text
	z    *gzip.Reader
	read int64
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.z.Read(p)
	u.read += int64(n)
	if err == nil || errors.Is(err, io.EOF) {
		return n, err
	}
	var s *storeError
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &s):
		return n, err
	case errors.Is(err, io.ErrUnexpectedEOF):
		u.text.damage = fmt.Sprintf("the gzip data ends early, after %d unpacked bytes", u.read)
	case errors.Is(err, gzip.ErrChecksum):
		u.text.damage = "the gzip checksum is wrong"
	case errors.Is(err, gzip.ErrHeader):
		u.text.damage = "bytes after the end of the gzip data were ignored"
	case errors.As(err, &corrupt):
		u.text.damage = fmt.Sprintf("the gzip data is damaged after %d unpacked bytes", u.read)
	default:
		return n, err
	}
	return n, io.EOF
}

// more tells whether anything follows.
func (t *text) more() (bool, error) {
	_, err := t.in.Peek(1)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	return err == nil, plain(err)
}

// utf16 tells whether lines cannot be told apart by their bytes, at the beginning.
func (t *text) utf16() (bool, error) {
	if t.offset > 0 {
		return false, nil
	}
	head, err := t.in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, plain(err)
	}
	return bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) || bytes.IndexByte(head, 0) >= 0, nil
}

// close stops reading. It may be called twice.
func (t *text) close() {
	t.cancel()
	_ = t.pipe.Close()
	<-t.done
}

// part reads up to the first line end after size bytes.
type part struct {
	*text
	left int64
	over bool
}

func (t *text) part(size int64) *part { return &part{text: t, left: size} }

// whole makes the part all of the text.
func (p *part) whole() {
	if !p.over {
		p.left = math.MaxInt64
	}
}

func (p *part) Read(b []byte) (int, error) {
	if p.over || len(b) == 0 {
		return 0, io.EOF
	}
	n, err := 0, error(nil)
	if p.left > 0 {
		n, err = p.in.Read(b[:min(int64(len(b)), p.left)])
		p.left -= int64(n)
	} else {
		n, err = p.line(b)
	}
	p.offset += int64(n)
	if p.offset > p.limit {
		return n, &DiscardError{Reason: fmt.Sprintf("the file has more than %d bytes; split it", p.limit)}
	}
	if errors.Is(err, io.EOF) {
		p.over = true
	}
	return n, err
}

// line reads on to the end of the line.
func (p *part) line(b []byte) (int, error) {
	head, err := p.in.Peek(1)
	if len(head) == 0 {
		return 0, err
	}
	head, _ = p.in.Peek(min(p.in.Buffered(), len(b)))
	if at := bytes.IndexByte(head, '\n'); at >= 0 {
		head, p.over = head[:at+1], true
	}
	n := copy(b, head)
	_, err = p.in.Discard(n)
	return n, err
}
