package ledger

import (
	"cmp"
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// tail is a segment.Tail with the sensor's number for its name.
type tail struct {
	sensor int64
	time   int64 // Unix ns
	value  float64
}

// Tails are kept as one blob per block, sensors in ascending order. Each entry:
//
//	1 byte   bits 0-3: how many bytes of the value follow (0..8)
//	         bit 4: the time is the entry's before
//	         bit 5: the sensor is the next number
//	uvarint  how far the sensor's number is from the entry's before, unless bit 5
//	uvarint  how far the time is before the block's newest row, unless bit 4
//	0-8      the value's bytes from the highest on, without trailing zeros
//
// Most rows of a wide file end in one timestamp and hold short decimals or
// float32 values, so an entry has 5 to 9 bytes.
const (
	lengthBits = 0x0f
	sameTime   = 0x10
	nextSensor = 0x20
)

var errTails = errors.New("tails are malformed")

// packTails encodes tails, which it sorts. No time may be after last.
func packTails(tails []tail, last int64) []byte {
	slices.SortFunc(tails, func(a, b tail) int { return cmp.Compare(a.sensor, b.sensor) })
	out := make([]byte, 0, len(tails)*10)
	var before tail
	before.time = last
	for _, t := range tails {
		var value [8]byte
		binary.BigEndian.PutUint64(value[:], math.Float64bits(t.value))
		n := len(value)
		for n > 0 && value[n-1] == 0 {
			n--
		}
		form := byte(n)
		if t.time == before.time {
			form |= sameTime
		}
		if t.sensor == before.sensor+1 {
			form |= nextSensor
		}
		out = append(out, form)
		if form&nextSensor == 0 {
			out = binary.AppendUvarint(out, uint64(t.sensor-before.sensor))
		}
		if form&sameTime == 0 {
			out = binary.AppendUvarint(out, uint64(last-t.time))
		}
		out = append(out, value[:n]...)
		before = t
	}
	return out
}

// unpackTails decodes what packTails wrote for a block with the same last.
func unpackTails(dst []tail, b []byte, last int64) ([]tail, error) {
	before := tail{time: last}
	for len(b) > 0 {
		form := b[0]
		b = b[1:]
		t := tail{sensor: before.sensor + 1, time: before.time}
		var err error
		if form&nextSensor == 0 {
			var d uint64
			if d, b, err = uvarint(b); err != nil {
				return nil, err
			}
			t.sensor = before.sensor + int64(d)
		}
		if form&sameTime == 0 {
			var d uint64
			if d, b, err = uvarint(b); err != nil {
				return nil, err
			}
			t.time = last - int64(d)
		}
		var value [8]byte
		n := int(form & lengthBits)
		if n > len(value) || n > len(b) {
			return nil, errTails
		}
		copy(value[:], b[:n])
		b = b[n:]
		t.value = math.Float64frombits(binary.BigEndian.Uint64(value[:]))
		dst = append(dst, t)
		before = t
	}
	return dst, nil
}

func uvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errTails
	}
	return v, b[n:], nil
}
