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

// swarValue is the value of the first n digits, when t = w ^ swarZeros.
func swarValue(t uint64, n int) uint64 {
	t <<= uint(64-8*n) & 127 // n == 0 shifts all out
	t = t*10 + t>>8
	return ((t&0x000000ff000000ff)*0x000f424000000064 + (t>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

// swarDigits reads up to 8 digits.
func swarDigits(w uint64) (value uint64, n int) {
	t := w ^ swarZeros
	n = swarCount(t)
	return swarValue(t, n), n
}
