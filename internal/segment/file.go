package segment

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// File is an open segment. Its methods may be called on several goroutines.
type File struct {
	in   io.ReaderAt
	file io.Closer
	name string
	size int64

	near []byte // the bytes from from on, which were read already
	from int64
}

// Open opens a segment and checks that it is one. Only what is asked for is
// read later; damage shows when the damaged part is read.
func Open(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open segment: %w", err)
	}
	s, err := begin(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open segment %s: %w", path, err), f.Close())
	}
	s.file, s.name = f, filepath.Base(path)
	return s, nil
}

func begin(f *os.File) (*File, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, damaged("it is not a file")
	}
	return newFile(f, info.Size())
}

func newFile(in io.ReaderAt, size int64) (*File, error) {
	f := &File{in: in, size: size}
	b, err := f.read(nil, 0, min(fileHeader, size))
	if err != nil {
		return nil, err
	}
	return f, checkFileHeader(b)
}

// Close closes the file; its blocks can be read no more.
func (f *File) Close() error { return f.file.Close() }

// Block reads the head of a block, but none of its rows. A Block is used by one
// goroutine.
func (f *File) Block(ref Ref) (*Block, error) {
	b, err := f.block(ref.Offset, nil)
	if err == nil && (b.Component != ref.Component || b.Slot != ref.Slot || b.Rows != ref.Rows) {
		err = damaged("it holds another block than the ledger says")
	}
	if err != nil {
		return nil, fmt.Errorf("read block of %s at byte %d of %s: %w", ref.Component, ref.Offset, f.name, err)
	}
	return b, nil
}

// Whole is Block for a small one of which every column is wanted: all of it is
// read at once, into buf, which must have ref.Length bytes and belongs to the
// Block from then on.
func (f *File) Whole(ref Ref, buf []byte) (*Block, error) {
	if _, err := f.read(buf, ref.Offset, ref.Length); err != nil {
		return nil, fmt.Errorf("read block of %s at byte %d of %s: %w", ref.Component, ref.Offset, f.name, err)
	}
	near := &File{in: f.in, name: f.name, size: f.size, near: buf[:ref.Length], from: ref.Offset}
	return near.Block(ref)
}

func (f *File) block(offset int64, names map[string]string) (*Block, error) {
	r, b, err := f.record(offset)
	if err != nil {
		return nil, err
	}
	if r.kind != kindBlock {
		return nil, damaged("there is no block at byte %d", offset)
	}
	h, err := parseHead(b, offset+recordHeader, r.body, names)
	if err != nil {
		return nil, err
	}
	return &Block{
		Ref: Ref{
			Component: h.component, Slot: h.slot, File: f.name, Offset: offset, Length: r.length(),
			Rows: h.rows, Values: h.values, First: h.first, Last: h.last,
		},
		file: f, sections: h.sections,
	}, nil
}

// record reads a record's header and head.
func (f *File) record(offset int64) (record, []byte, error) {
	if offset < fileHeader || offset > f.size-recordHeader {
		return record{}, nil, damaged("byte %d is outside of it", offset)
	}
	b, err := f.read(nil, offset, recordHeader)
	if err != nil {
		return record{}, nil, err
	}
	r, err := parseRecordHeader(b, offset, f.size-offset)
	if err != nil {
		return record{}, nil, err
	}
	if b, err = f.read(nil, offset+recordHeader+r.body, r.head); err != nil {
		return record{}, nil, err
	}
	if checksum(b) != r.headSum {
		return record{}, nil, damaged("checksum of the head at byte %d", offset)
	}
	return r, b, nil
}

// read reads exactly n bytes into b, which is grown when it is too small. Of what
// is near it gives the bytes where they are; they are not to be changed.
func (f *File) read(b []byte, offset, n int64) ([]byte, error) {
	if at := offset - f.from; f.near != nil && at >= 0 && at <= int64(len(f.near))-n {
		return f.near[at : at+n : at+n], nil
	}
	if int64(cap(b)) < n {
		b = make([]byte, n)
	}
	b = b[:n]
	if _, err := f.in.ReadAt(b, offset); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, damaged("it ends before byte %d", offset+n)
		}
		return nil, err
	}
	return b, nil
}
