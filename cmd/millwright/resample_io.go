package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync/atomic"

	"millwright/internal/atomicfile"
	"millwright/internal/series"
)

// source is the input of `resample`, and how much of it was read.
type source struct {
	io.Reader
	io.Closer
	file *os.File // nil when the input can be read only once
	size int64    // of the file
	read atomic.Int64
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.read.Add(int64(n))
	return n, err
}

func (s *source) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.file.ReadAt(p, offset)
	s.read.Add(int64(n))
	return n, err
}

// length is the size of a file, else what was read.
func (s *source) length() int64 {
	if s.file != nil {
		return s.size
	}
	return s.read.Load()
}

// open gives the input. Only a regular file can be read again.
func (a resampleArgs) open(stdin io.Reader) (*source, error) {
	if a.in == "-" {
		return &source{Reader: stdin, Closer: io.NopCloser(stdin)}, nil
	}
	f, err := os.Open(a.in)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fmt.Errorf("read %s: it is a folder; name one CSV file", a.in)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		return &source{Reader: f, Closer: f}, nil
	}
	return &source{Reader: f, Closer: f, file: f, size: info.Size()}, nil
}

// convert brings the output to its place. A file appears whole or not at all.
func (a resampleArgs) convert(ctx context.Context, c series.Conversion, in *source, stdout io.Writer) (series.Converted, error) {
	if a.out == "-" {
		return toStream(ctx, c, in, stdout)
	}
	switch info, err := os.Stat(a.out); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return series.Converted{}, err
	case info.IsDir():
		return series.Converted{}, fmt.Errorf("write %s: it is a folder; name a file", a.out)
	case !info.Mode().IsRegular(): // a pipe or a device is written to, not replaced
		f, err := os.OpenFile(a.out, os.O_WRONLY, 0)
		if err != nil {
			return series.Converted{}, err
		}
		done, err := toStream(ctx, c, in, f)
		return done, errors.Join(err, f.Close())
	}
	f, err := atomicfile.Create(a.out, 0o644)
	if err != nil {
		return series.Converted{}, err
	}
	defer f.Close()
	done, err := fromSource(ctx, c, in, restartableFile{f})
	if err != nil {
		return done, err
	}
	return done, f.Commit()
}

// toStream writes to what cannot take anything back. A file may turn out to
// need sorting after bins were written, so its bins wait for the end.
func toStream(ctx context.Context, c series.Conversion, in *source, out io.Writer) (series.Converted, error) {
	if in.file == nil {
		return c.Stream(ctx, in, out)
	}
	spool := series.NewSpool(c.Resample.Scratch)
	defer spool.Close()
	done, err := fromSource(ctx, c, in, spool)
	if err != nil {
		return done, err
	}
	if _, err := io.Copy(out, spool.Reader()); err != nil {
		return done, fmt.Errorf("write output: %w", err)
	}
	return done, nil
}

func fromSource(ctx context.Context, c series.Conversion, in *source, out series.Restartable) (series.Converted, error) {
	if in.file == nil {
		return c.Stream(ctx, in, out)
	}
	return c.File(ctx, io.NewSectionReader(in, 0, in.size), out)
}

// restartableFile is a file that can be written from its beginning again.
type restartableFile struct{ *atomicfile.File }

func (f restartableFile) Restart() error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.Truncate(0)
}
