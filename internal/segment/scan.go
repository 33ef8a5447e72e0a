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
	drops, damage := f.index()
	if damage != nil {
		var walked error
		drops, walked = f.walk()
		damage = errors.Join(damage, walked)
	}
	names := map[string]string{}
	for _, offset := range drops {
		meta, blocks, err := f.drop(offset, names)
		if err != nil {
			damage = errors.Join(damage, err)
			continue
		}
		if err := fn(meta, blocks); err != nil {
			return damage, err
		}
	}
	return damage, nil
}

// drop reads the drop record at offset and the heads of its blocks.
func (f *File) drop(offset int64, names map[string]string) ([]byte, []Ref, error) {
	r, b, err := f.record(offset)
	if err != nil {
		return nil, nil, err
	}
	p := parser{b: b}
	offsets := p.offsets(offset)
	if p.bad || r.kind != kindDrop {
		return nil, nil, damaged("there is no drop at byte %d", offset)
	}
	refs := make([]Ref, 0, len(offsets))
	for _, at := range offsets {
		b, err := f.block(at, names)
		if err != nil {
			return nil, nil, err
		}
		b.Ref.Tails = tails(b.sections)
		refs = append(refs, b.Ref)
	}
	return p.b, refs, nil
}

// index reads the offsets of the drops from the end of the file.
func (f *File) index() ([]int64, error) {
	b, err := f.read(nil, max(0, f.size-trailerLength), min(trailerLength, f.size))
	if err != nil {
		return nil, err
	}
	if len(b) < trailerLength || [8]byte(b[12:]) != magic() || binary.LittleEndian.Uint32(b[8:]) != checksum(b[:8]) {
		return nil, damaged("it has no end")
	}
	r, b, err := f.record(int64(binary.LittleEndian.Uint64(b)))
	if err != nil {
		return nil, err
	}
	p := parser{b: b}
	offsets := p.offsets(f.size)
	if p.bad || r.kind != kindIndex || len(p.b) != 0 {
		return nil, damaged("its index cannot be read")
	}
	return offsets, nil
}

// walk finds the drops record by record when there is no index, up to the first
// record that cannot be read.
func (f *File) walk() ([]int64, error) {
	var drops []int64
	for at := int64(fileHeader); at < f.size; {
		b, err := f.read(nil, at, min(recordHeader, f.size-at))
		if err != nil {
			return drops, err
		}
		r, err := parseRecordHeader(b, at, f.size-at)
		if err != nil {
			return drops, err
		}
		switch r.kind {
		case kindIndex:
			return drops, nil
		case kindDrop:
			drops = append(drops, at)
		}
		at += r.length()
	}
	return drops, nil
}
