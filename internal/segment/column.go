package segment

import (
	"encoding/binary"
	"math"
)

// encoding says how the values of a sensor lie in its chunk. Plant data are
// short decimals that move a little or not at all, so most chunks need a quarter
// of the bytes of raw floats, and the card on a gateway is the slowest part of it.
// Every encoding gives back the same bits.
type encoding uint8

const (
	encRaw   encoding = 0 // float64 per row
	encConst encoding = 1 // one float64 for all rows
	encDec16 encoding = 2 // int16 per row, value = n / 10^exponent
	encDec32 encoding = 3 // int32 per row, value = n / 10^exponent

	encStep8  encoding = 4 // n as an int32, and then an int8 per row for its change
	encStep16 encoding = 5 // ... an int16
	encStep24 encoding = 6 // ... an int24
)

// maxExponent is the largest exponent of the decimal encodings. n / 10^exponent
// is rounded once, as is the reading of a decimal, so both give the same bits.
const maxExponent = 6

func power(exponent uint8) float64 {
	return [maxExponent + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}[exponent]
}

// width is the number of bytes per row, 0 for a constant.
func (e encoding) width() int64 {
	switch e {
	case encConst:
		return 0
	case encStep8:
		return 1
	case encDec16, encStep16:
		return 2
	case encStep24:
		return 3
	case encDec32:
		return 4
	default:
		return 8
	}
}

// decimal tells whether the chunk holds whole numbers over a power of ten.
func (e encoding) decimal() bool { return e != encRaw && e != encConst }

// length is that of the chunk of rows values.
func (e encoding) length(rows int64) int64 {
	switch e {
	case encConst:
		return 8
	case encStep8, encStep16, encStep24:
		return 4 + (rows-1)*e.width()
	}
	return rows * e.width()
}

// column is a sensor's values as they will be written.
type column struct {
	encoding encoding
	exponent uint8
}

// appendColumn appends the chunk of values to b. scratch is used for the decimals
// and returned grown.
func appendColumn(b []byte, values []float64, scratch []int32) ([]byte, column, []int32) {
	if constant(values) {
		return binary.LittleEndian.AppendUint64(b, math.Float64bits(values[0])), column{encoding: encConst}, scratch
	}
	scratch, exponent, moves, wide, ok := decimals(scratch[:0], values)
	if !ok {
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b, column{encoding: encRaw}, scratch
	}
	e := encDec16
	if wide {
		e = encDec32
	}
	if s := stepsFor(moves); s != encRaw && s.width() < e.width() {
		e = s
	}
	switch e {
	case encDec16:
		for _, n := range scratch {
			if n == math.MinInt32 {
				n = math.MinInt16
			}
			b = binary.LittleEndian.AppendUint16(b, uint16(n))
		}
	case encDec32:
		for _, n := range scratch {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
	default:
		b = appendSteps(b, scratch, e)
	}
	return b, column{e, exponent}, scratch
}

// constant reports whether all values have the same bits (missing values too).
func constant(values []float64) bool {
	if len(values) == 0 {
		return false
	}
	first := math.Float64bits(values[0])
	for _, v := range values[1:] {
		if math.Float64bits(v) != first {
			return false
		}
	}
	return true
}

// decimals finds the smallest exponent for which every value is an int32 over
// 10^exponent, with MinInt32 for a missing one. wide tells that int16 is not enough,
// moves what stepsFor has to know.
func decimals(dst []int32, values []float64) (n []int32, exponent uint8, moves uint64, wide, ok bool) {
	const roundInt = 3 << 51 // added and taken away again, it rounds to a whole number
	p := power(0)
	last := int32(0)
	for i := 0; i < len(values); i++ {
		v := values[i]
		if v != v {
			dst, moves = append(dst, math.MinInt32), math.MaxUint64
			continue
		}
		f := float64(v*p+roundInt) - roundInt
		if math.Float64bits(f/p) == math.Float64bits(v) && math.Abs(f) < math.MaxInt32 {
			k := int32(f)
			wide = wide || k > math.MaxInt16 || k <= math.MinInt16
			if i > 0 {
				moves |= move(last, k)
			}
			dst, last = append(dst, k), k
			continue
		}
		if exponent == maxExponent {
			return dst, 0, 0, false, false
		}
		exponent++
		p, dst, moves, wide, i = power(exponent), dst[:0], 0, false, -1
	}
	return dst, exponent, moves, wide, true
}

// decodeColumn appends the rows values of the chunk b, whose length was checked.
func decodeColumn(dst []float64, b []byte, c column, rows int) []float64 {
	switch c.encoding {
	case encConst:
		v := math.Float64frombits(binary.LittleEndian.Uint64(b))
		for range rows {
			dst = append(dst, v)
		}
	case encDec16:
		p := power(c.exponent)
		for ; len(b) >= 2; b = b[2:] {
			if n := int16(binary.LittleEndian.Uint16(b)); n != math.MinInt16 {
				dst = append(dst, float64(n)/p)
			} else {
				dst = append(dst, math.NaN())
			}
		}
	case encDec32:
		p := power(c.exponent)
		for ; len(b) >= 4; b = b[4:] {
			if n := int32(binary.LittleEndian.Uint32(b)); n != math.MinInt32 {
				dst = append(dst, float64(n)/p)
			} else {
				dst = append(dst, math.NaN())
			}
		}
	case encRaw:
		for ; len(b) >= 8; b = b[8:] {
			dst = append(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	default:
		p := power(c.exponent)
		n, steps := start(b)
		dst = append(dst, float64(n)/p)
		var some [512]int32
		for piece := len(some) * int(c.encoding.width()); len(steps) > 0; steps = steps[min(piece, len(steps)):] {
			for _, n = range follow(some[:0], n, steps[:min(piece, len(steps))], c.encoding) {
				dst = append(dst, float64(n)/p)
			}
		}
	}
	return dst
}

// decodeWhole appends the whole numbers of the decimals in chunk b, and tells
// whether none is missing.
func decodeWhole(dst []int32, b []byte, e encoding) ([]int32, bool) {
	switch e {
	case encDec16:
		for ; len(b) >= 2; b = b[2:] {
			n := int16(binary.LittleEndian.Uint16(b))
			if n == math.MinInt16 {
				return dst, false
			}
			dst = append(dst, int32(n))
		}
		return dst, true
	case encDec32:
		for ; len(b) >= 4; b = b[4:] {
			n := int32(binary.LittleEndian.Uint32(b))
			if n == math.MinInt32 {
				return dst, false
			}
			dst = append(dst, n)
		}
		return dst, true
	}
	first, steps := start(b)
	return follow(append(dst, first), first, steps, e), true
}

// appendInts writes times or lines as the change of their step, one byte per row
// where the step is steady.
func appendInts(b []byte, v []int64) []byte {
	var last, step int64
	for _, x := range v {
		d := x - last
		b = binary.AppendVarint(b, d-step)
		last, step = x, d
	}
	return b
}

// decodeInts appends the rows numbers of the chunk b.
func decodeInts(dst []int64, b []byte, rows int) ([]int64, error) {
	var last, step int64
	for range rows {
		d, n := binary.Varint(b)
		if n <= 0 {
			return dst, damaged("a chunk of times or lines is too short")
		}
		b = b[n:]
		step += d
		last += step
		dst = append(dst, last)
	}
	if len(b) != 0 {
		return dst, damaged("a chunk of times or lines is too long")
	}
	return dst, nil
}
