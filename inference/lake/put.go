package lake

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"hash"
	"os"

	"millwright/internal/objstore"
)

const (
	inMemory  = 256 << 10 // of an object that is being made; more goes to a scratch file
	onePut    = 64 << 20  // bytes; more goes in parts
	keepWhole = 256 << 10 // objects up to here are read into memory
)

// Content types of what is written.
const (
	TypeParquet = "application/vnd.apache.parquet"
	typeJSON    = "application/json"
)

// staged is an object that is being made: a little in memory, more in a file.
type staged struct {
	dir  string
	buf  bytes.Buffer
	file *os.File
	size int64

	sha256, md5 hash.Hash // of all that was written
}

func newStaged(dir string) *staged { return &staged{dir: dir, sha256: sha256.New(), md5: md5.New()} }

func (s *staged) Write(p []byte) (int, error) {
	if s.file == nil && s.buf.Len()+len(p) > inMemory {
		f, err := os.CreateTemp(s.dir, "millwright-lake-*.scratch")
		if err != nil {
			return 0, fmt.Errorf("create scratch file: %w", err)
		}
		s.file = f
		if _, err := f.Write(s.buf.Bytes()); err != nil {
			return 0, fmt.Errorf("write scratch file: %w", err)
		}
	}
	s.size += int64(len(p))
	_, _ = s.sha256.Write(p)
	_, _ = s.md5.Write(p)
	if s.file != nil {
		return s.file.Write(p)
	}
	return s.buf.Write(p)
}

// close gives the scratch file back. It may be called twice.
func (s *staged) close() {
	if s.file != nil {
		_ = s.file.Close()
		_ = os.Remove(s.file.Name())
		s.file = nil
	}
}

// put sends what was staged. An equal object may be there already.
func (l *Lake) put(ctx context.Context, key string, s *staged) error {
	o := objstore.Object{Bucket: l.o.Bucket, Key: key, Size: s.size, Type: TypeParquet}
	s.sha256.Sum(o.SHA256[:0])
	s.md5.Sum(o.MD5[:0])
	put := l.store.Put
	if s.file == nil {
		o.Body = s.buf.Bytes()
	} else if o.File = s.file.Name(); s.size > onePut {
		put = l.store.PutFile
	}
	_, err := put(ctx, o)
	return err
}

func (l *Lake) putBytes(ctx context.Context, key, contentType string, b []byte) error {
	o := objstore.Whole(l.o.Bucket, key, b)
	o.Type = contentType
	_, err := l.store.Put(ctx, o)
	return err
}
