package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A segment file, version 2, little endian throughout (version 1 has no columns in
// steps and is else the same):
//
//	file header   magic (8), version (4), CRC32C of these 12 bytes (4)
//	records       blocks, and after the blocks of a drop the drop's own record:
//	              the offsets of its blocks, and its meta
//	index record  the offsets of the drop records
//	trailer       offset of the index record (8), CRC32C of it (4), magic (8)
//
// A block that no drop names was joined into another one.
//
// A record is a record header (kind, length of head, length of body, CRC32C of
// the head, CRC32C of these 20 bytes), the body and the head. The head of a block
// says all there is to know of it but its rows: names, counts, tails, and per
// chunk of the body its encoding, length and CRC32C. It stands behind the body,
// so that a body of any length is written without being kept. The body holds,
// section by section, the chunks of times, lines and each sensor's values; a
// sensor stands in one section of a block only. Other records have no body.
//
// Everything is written once and in order; a file has its name only when it is
// whole and durable.
const (
	version       = 2
	oldest        = 1 // that is read
	fileHeader    = 16
	recordHeader  = 24
	trailerLength = 20
	kindBlock     = 0x4b4c4221 // "!BLK"
	kindDrop      = 0x50524421 // "!DRP"
	kindIndex     = 0x58444e21 // "!NDX"
)

// ErrDamaged is returned by all reading when the bytes are not those that were
// written. The file should be set aside and its drops taken again.
var ErrDamaged = errors.New("segment is damaged")

func magic() [8]byte { return [8]byte{'m', 'w', 's', 'e', 'g', '\r', '\n', 0x1a} }

// checksum is CRC32C, which both amd64 and arm64 compute in hardware.
func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

func appendFileHeader(b []byte) []byte {
	m := magic()
	b = append(b, m[:]...)
	b = binary.LittleEndian.AppendUint32(b, version)
	return binary.LittleEndian.AppendUint32(b, checksum(b[len(b)-12:]))
}

func checkFileHeader(b []byte) error {
	switch m := magic(); {
	case len(b) < fileHeader || [8]byte(b) != m:
		return damaged("it does not begin like a segment")
	case binary.LittleEndian.Uint32(b[12:]) != checksum(b[:12]):
		return damaged("checksum of the file header")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v < oldest || v > version {
		return fmt.Errorf("segment has format version %d, this program reads %d to %d: use the newer program", v, oldest, version)
	}
	return nil
}

// record is a decoded record header; offset is where it stands in the file.
type record struct {
	offset     int64
	kind       uint32
	head, body int64
	headSum    uint32
}

func (r record) length() int64 { return recordHeader + r.head + r.body }

func appendRecordHeader(b []byte, kind uint32, head []byte, body int64) []byte {
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(head)))
	b = binary.LittleEndian.AppendUint64(b, uint64(body))
	b = binary.LittleEndian.AppendUint32(b, checksum(head))
	return binary.LittleEndian.AppendUint32(b, checksum(b[at:]))
}

// parseRecordHeader reads the record header at offset; room is how many bytes
// the record may have at most.
func parseRecordHeader(b []byte, offset, room int64) (record, error) {
	if len(b) < recordHeader || room < recordHeader {
		return record{}, damaged("it ends within a record at byte %d", offset)
	}
	if binary.LittleEndian.Uint32(b[20:]) != checksum(b[:20]) {
		return record{}, damaged("checksum of the record header at byte %d", offset)
	}
	r := record{
		offset:  offset,
		kind:    binary.LittleEndian.Uint32(b),
		head:    int64(binary.LittleEndian.Uint32(b[4:])),
		body:    int64(binary.LittleEndian.Uint64(b[8:])),
		headSum: binary.LittleEndian.Uint32(b[16:]),
	}
	if r.head > room-recordHeader || r.body < 0 || r.body > room-recordHeader-r.head {
		return record{}, damaged("the record at byte %d is longer than the file", offset)
	}
	return r, nil
}
