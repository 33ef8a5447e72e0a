package series

import "math/bits"

// Eight bytes of text at a time, in one register. The first byte is the lowest.

const (
	swarZeros = 0x3030303030303030 // "00000000"
	swarHigh  = 0x8080808080808080
)

// swarCount is the number of digits w begins with, when t = w ^ swarZeros.
func swarCount(t uint64) int {
	// A byte up to 9 stays below 0x80 when 0x76 is added; a carry out of a
	// byte can only spoil bytes after the first that is no digit.
	return bits.TrailingZeros64(((t+0x7676767676767676)|t)&swarHigh) >> 3
}

// swarValue is the value of the first n digits, 1 to 8, when t = w ^ swarZeros.
func swarValue(t uint64, n int) uint64 {
	return swarEight(t << (uint(-8*n) & 63)) // the digits to the upper end, zeros below
}

// swarEight is the value of eight bytes 0 to 9, the first digit lowest.
func swarEight(t uint64) uint64 {
	t = t*10 + t>>8
	return ((t&0x000000ff000000ff)*0x000f424000000064 + (t>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

// swarDigits reads up to 8 digits.
func swarDigits(w uint64) (value uint64, n int) {
	t := w ^ swarZeros
	n = swarCount(t)
	return swarValue(t, n), n
}
