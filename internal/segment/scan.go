package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Scan calls fn for every drop of a segment, in the order of writing, with its
// meta record and its blocks, so that a ledger can be made anew. It reads heads
// only. A drop of which a part cannot be read is left out, the others are given
// nevertheless; then, at the end, the error is ErrDamaged. An error of fn ends
// the scan and is returned as it is.
func Scan(path string, fn func(meta []byte, blocks []Ref) error) error {
	f, err := Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	damage, err := f.scan(fn)
	if damage != nil && err == nil {
		return fmt.Errorf("scan segment %s: %w", path, damage)
	}
	return err
}

// scan returns what is damaged, and fn's error.
func (f *File) scan(fn func(meta []byte, blocks []Ref) error) (damage, err error) {
	offsets, damage := f.index()
	if damage != nil {
		var walked error
		if offsets, walked = f.walk(); walked != nil {
			damage = errors.Join(damage, walked)
		}
	}
	names := map[string]string{}
	var blocks []*Block // since the last drop; nil for one that cannot be read
	for _, offset := range offsets {
		meta, block, err := f.either(offset, names)
		if err != nil || block != nil {
			damage, blocks = errors.Join(damage, err), append(blocks, block)
			continue
		}
		meta, refs, err := owned(meta, blocks)
		if err != nil {
			damage = errors.Join(damage, err)
		} else if err := fn(meta, refs); err != nil {
			return damage, err
		}
		blocks = blocks[:0]
	}
	return damage, nil
}

// owned splits a drop's record and picks its blocks from the last ones.
func owned(record []byte, blocks []*Block) ([]byte, []Ref, error) {
	n, used := binary.Uvarint(record)
	if used <= 0 || n > uint64(len(blocks)) {
		return nil, nil, damaged("a drop has lost its blocks")
	}
	blocks = blocks[len(blocks)-int(n):]
	refs := make([]Ref, 0, len(blocks))
	for _, b := range blocks {
		if b == nil {
			return nil, nil, damaged("a drop has lost one of its blocks")
		}
		refs = append(refs, b.Ref)
	}
	return record[used:], refs, nil
}

// either reads the record at offset, a drop's meta or a block.
func (f *File) either(offset int64, names map[string]string) ([]byte, *Block, error) {
	r, b, err := f.record(offset, recordHeader)
	if err != nil {
		return nil, nil, err
	}
	if r.kind == kindDrop {
		return b, nil, nil
	}
	block, err := f.block(offset, names)
	return nil, block, err
}

// index reads the offsets of the records from the end of the file.
func (f *File) index() ([]int64, error) {
	b, err := f.read(nil, max(0, f.size-trailerLength), min(trailerLength, f.size))
	if err != nil {
		return nil, err
	}
	if len(b) < trailerLength || [8]byte(b[12:]) != magic() || binary.LittleEndian.Uint32(b[8:]) != checksum(b[:8]) {
		return nil, damaged("it has no end")
	}
	r, b, err := f.record(int64(binary.LittleEndian.Uint64(b)), recordHeader)
	if err != nil {
		return nil, err
	}
	p := parser{b: b}
	offsets := make([]int64, 0, p.count(1))
	var at int64
	for range cap(offsets) {
		step := p.varuint()
		if p.bad || step > f.size-at {
			break
		}
		at += step
		offsets = append(offsets, at)
	}
	if p.bad || r.kind != kindIndex || len(p.b) != 0 || len(offsets) != cap(offsets) {
		return nil, damaged("its index cannot be read")
	}
	return offsets, nil
}

// walk finds the records one after the other when there is no index, up to the
// first that cannot be read.
func (f *File) walk() ([]int64, error) {
	var offsets []int64
	for at := int64(fileHeader); at < f.size; {
		b, err := f.read(nil, at, min(recordHeader, f.size-at))
		if err != nil {
			return offsets, err
		}
		r, err := parseRecordHeader(b, at, f.size-at)
		if err != nil {
			return offsets, err
		}
		if r.kind == kindIndex {
			return offsets, nil
		}
		offsets = append(offsets, at)
		at += r.length()
	}
	return offsets, nil
}
