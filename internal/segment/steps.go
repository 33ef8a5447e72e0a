package segment

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// What a sensor moves by from row to row needs fewer bytes than where it stands.
// Of a chunk in steps the first number is an int32, and each further one is told
// by what it differs by from the one before.

// stepsFor gives the narrowest encoding for steps in which no more bits are set
// than in moves, beside the sign's; encRaw for none.
func stepsFor(moves uint64) encoding {
	switch n := bits.Len64(moves); {
	case n < 8:
		return encStep8
	case n < 16:
		return encStep16
	case n < 24:
		return encStep24
	}
	return encRaw
}

// move is a step as stepsFor wants it.
func move(from, to int32) uint64 {
	d := int64(to) - int64(from)
	return uint64(d ^ d>>63)
}

func appendSteps(b []byte, n []int32, e encoding) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(n[0]))
	last, n := n[0], n[1:]
	at, length := len(b), len(n)*int(e.width())
	b = slices.Grow(b, length+4)
	to := b[at : at+length+4]
	switch e {
	case encStep8:
		for i, k := range n {
			to[i] = byte(k - last)
			last = k
		}
	case encStep16:
		for _, k := range n {
			binary.LittleEndian.PutUint16(to, uint16(k-last))
			last, to = k, to[2:]
		}
	default:
		for _, k := range n {
			binary.LittleEndian.PutUint32(to, uint32(k-last)) // the next one overwrites what is too much
			last, to = k, to[3:]
		}
	}
	return b[:at+length]
}

// start splits a chunk in steps into the first number and the steps.
func start(b []byte) (first int32, steps []byte) {
	return int32(binary.LittleEndian.Uint32(b)), b[4:]
}

// follow appends the numbers that steps lead to from last.
func follow(dst []int32, last int32, b []byte, e encoding) []int32 {
	at, n := len(dst), len(b)/int(e.width())
	dst = slices.Grow(dst, n)[:at+n]
	to := dst[at:]
	switch e {
	case encStep8:
		for i := range to {
			last += int32(int8(b[i]))
			to[i] = last
		}
	case encStep16:
		for i := range to {
			last += int32(int16(binary.LittleEndian.Uint16(b)))
			to[i], b = last, b[2:]
		}
	default:
		i := 0
		for ; len(b) >= 4; i++ {
			last += int32(binary.LittleEndian.Uint32(b)<<8) >> 8
			to[i], b = last, b[3:]
		}
		if len(b) == 3 {
			to[i] = last + int32(uint32(b[0])<<8|uint32(b[1])<<16|uint32(b[2])<<24)>>8
		}
	}
	return dst
}
