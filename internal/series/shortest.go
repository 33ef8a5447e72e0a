package series

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
)

// pow5 are the powers of five below 2^63.
var pow5 = [28]uint64{
	1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125,
	244140625, 1220703125, 6103515625, 30517578125, 152587890625, 762939453125,
	3814697265625, 19073486328125, 95367431640625, 476837158203125,
	2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125,
	1490116119384765625, 7450580596923828125,
}

// shortest gives the decimal digits*10^-places that has the fewest digits of
// all that read back as abs, the nearest of them; digits end in no zero unless
// places is 0. abs must lie in [1e-5, 2^53), not on a power of two (the gap to
// the next number is narrower below those): then all is exact in 128 bits.
func shortest(abs float64) (digits uint64, places int) {
	b := math.Float64bits(abs)
	mant, exp := b&(1<<52-1)|1<<52, int(b>>52)-1075 // abs = mant * 2^exp
	// 10^places scales the gap between neighbours into [1, 10): of the whole
	// numbers that read back as abs at most one ends in 0.
	places = -(exp * 78913 >> 18) // 78913/2^18 is log10(2)
	// abs * 10^places = v / 2^shift
	p := pow5[places]
	shift := uint(1 - exp - places)
	vHi, vLo := bits.Mul64(2*mant, p)
	// What lies half a gap away reads back as abs when its mantissa is even.
	loLo, borrow := bits.Sub64(vLo, p, 0)
	loHi := vHi - borrow
	hiLo, carry := bits.Add64(vLo, p, 0)
	hiHi := vHi + carry
	odd := mant & 1
	lowest := wholePart(loHi, loLo, shift)
	if rest := loLo & (1<<shift - 1); rest != 0 || odd == 1 {
		lowest++
	}
	highest := wholePart(hiHi, hiLo, shift)
	if rest := hiLo & (1<<shift - 1); rest == 0 && odd == 1 {
		highest--
	}
	if tens := highest / 10; tens*10 >= lowest {
		for places--; places > 0 && tens%10 == 0; places-- {
			tens /= 10
		}
		return tens, places
	}
	digits = wholePart(vHi, vLo, shift)
	half := uint64(1) << (shift - 1)
	if rest := vLo & (1<<shift - 1); rest > half || rest == half && digits&1 == 1 {
		digits++
	}
	return digits, places
}

// wholePart is hi:lo / 2^shift, for results of 64 bits.
func wholePart(hi, lo uint64, shift uint) uint64 {
	return hi<<(64-shift) | lo>>shift
}

// appendPlaces appends digits*10^-places, for places up to 23.
func appendPlaces(dst []byte, digits uint64, places int) []byte {
	var buf [24]byte
	first := uint64(0)
	if digits >= 1e16 {
		first = eightDigits(digits / 1e16)
	}
	second, third := eightDigits(digits/1e8%1e8), eightDigits(digits%1e8)
	binary.LittleEndian.PutUint64(buf[:], first|asciiZeros)
	binary.LittleEndian.PutUint64(buf[8:], second|asciiZeros)
	binary.LittleEndian.PutUint64(buf[16:], third|asciiZeros)
	point := len(buf) - places
	from := bits.TrailingZeros64(first) / 8 // 8 when there is no digit
	if from == 8 {
		from += bits.TrailingZeros64(second) / 8
	}
	if from == 16 {
		from += bits.TrailingZeros64(third) / 8
	}
	dst = append(dst, buf[min(from, point-1):point]...)
	if places == 0 {
		return dst
	}
	dst = append(dst, '.')
	return append(dst, buf[point:]...)
}

// appendMillionths appends m*10^-6, m below 10^16, without trailing zeros. Digits
// are moved by whole words and cut off by length, since branches on them would
// be guessed wrong for every other number.
func appendMillionths(dst []byte, m uint64) []byte {
	n := len(dst)
	dst = slices.Grow(dst, 32)[:n+32]
	low, whole := eightDigits(m%1e8), 2 // digits of low before the point
	places := 6 - min(bits.LeadingZeros64(low)/8, 6)
	text := low | asciiZeros
	if high := eightDigits(m / 1e8); high != 0 {
		skip := bits.TrailingZeros64(high) / 8
		binary.LittleEndian.PutUint64(dst[n:], (high|asciiZeros)>>(8*skip))
		n += 8 - skip
	} else {
		skip := min(bits.TrailingZeros64(low)/8, 1)
		text >>= 8 * skip
		whole -= skip
	}
	binary.LittleEndian.PutUint64(dst[n:], text)
	n += whole
	if places == 0 {
		return dst[:n]
	}
	dst[n] = '.'
	binary.LittleEndian.PutUint64(dst[n+1:], text>>(8*whole))
	return dst[:n+1+places]
}

// appendSmall appends whole.frac, whole below 10^4 and frac in millionths, with
// a minus sign if minus is 1. Branches are avoided here, too.
func appendSmall(dst []byte, minus uint64, whole, frac uint32) []byte {
	n := len(dst)
	dst = slices.Grow(dst, 16)[:n+16]
	b := (*[16]byte)(dst[n:])
	b[0] = '-'
	at := int(minus & 1)
	hundreds := whole / 100
	text := twoDigits(hundreds) | twoDigits(whole-100*hundreds)<<16
	skip := bits.TrailingZeros64(text&0x0f0f0f0f|1<<24) / 8 // but for the last one, zeros are left out
	binary.LittleEndian.PutUint32(b[at:], uint32(text>>(8*skip)))
	at += 4 - skip
	if frac == 0 {
		return dst[:n+at]
	}
	high := frac / 10000
	mid := frac / 100
	text = '.' | twoDigits(high)<<8 | twoDigits(mid-100*high)<<24 | twoDigits(frac-100*mid)<<40
	binary.LittleEndian.PutUint64(b[at&7:], text)
	return dst[:n+at+8-bits.LeadingZeros64(text&0x0f0f0f0f0f0fff)/8]
}

// twoDigits gives the digits of v, below 100, the first in the lowest byte.
func twoDigits(v uint32) uint64 { return uint64(pairs[v%128]) } // which needs no check of bounds

var pairs = [128]uint16{
	0x3030, 0x3130, 0x3230, 0x3330, 0x3430, 0x3530, 0x3630, 0x3730, 0x3830, 0x3930,
	0x3031, 0x3131, 0x3231, 0x3331, 0x3431, 0x3531, 0x3631, 0x3731, 0x3831, 0x3931,
	0x3032, 0x3132, 0x3232, 0x3332, 0x3432, 0x3532, 0x3632, 0x3732, 0x3832, 0x3932,
	0x3033, 0x3133, 0x3233, 0x3333, 0x3433, 0x3533, 0x3633, 0x3733, 0x3833, 0x3933,
	0x3034, 0x3134, 0x3234, 0x3334, 0x3434, 0x3534, 0x3634, 0x3734, 0x3834, 0x3934,
	0x3035, 0x3135, 0x3235, 0x3335, 0x3435, 0x3535, 0x3635, 0x3735, 0x3835, 0x3935,
	0x3036, 0x3136, 0x3236, 0x3336, 0x3436, 0x3536, 0x3636, 0x3736, 0x3836, 0x3936,
	0x3037, 0x3137, 0x3237, 0x3337, 0x3437, 0x3537, 0x3637, 0x3737, 0x3837, 0x3937,
	0x3038, 0x3138, 0x3238, 0x3338, 0x3438, 0x3538, 0x3638, 0x3738, 0x3838, 0x3938,
	0x3039, 0x3139, 0x3239, 0x3339, 0x3439, 0x3539, 0x3639, 0x3739, 0x3839, 0x3939,
}

const asciiZeros = 0x3030303030303030

// eightDigits spreads v, below 10^8, to one digit per byte, the highest digit
// in the lowest byte. Each step halves the groups, all at once: the products
// are exact quotients for the small numbers that stand there.
func eightDigits(v uint64) uint64 {
	t := v/10000 | v%10000<<32
	q := t * 10486 >> 20 & 0x0000007f0000007f
	t = q | (t-q*100)<<16
	q = t * 103 >> 10 & 0x000f000f000f000f
	return q | (t-q*10)<<8
}
