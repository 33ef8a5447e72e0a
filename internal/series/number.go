package series

import "strconv"

// pow10 are the powers of ten that float64 holds exactly.
var pow10 = [23]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// parseNumber reads a decimal number with an optional sign, decimals and
// exponent, and nothing else (no hexadecimals, no infinities). The result is
// the float64 nearest to the text, bit for bit what strconv gives. mark is the
// decimal mark.
func parseNumber(b []byte, mark byte) (float64, bool) {
	i := 0
	neg := false
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		neg = b[i] == '-'
		i++
	}
	var m uint64 // the first 19 significant digits
	var kept int // how many are in m
	var exp int  // of ten, to be applied to m
	var some, more bool
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		some = true
		if kept < 19 {
			m = m*10 + uint64(b[i]-'0')
			if m != 0 {
				kept++
			}
		} else {
			exp++
			more = true
		}
	}
	if i < len(b) && b[i] == mark && mark != 0 {
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
			some = true
			if kept < 19 {
				m = m*10 + uint64(b[i]-'0')
				exp--
				if m != 0 {
					kept++
				}
			} else {
				more = true
			}
		}
	}
	if !some {
		return 0, false
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		e, ok := exponent(b[i+1:])
		if !ok {
			return 0, false
		}
		exp += e
		i = len(b)
	}
	if i != len(b) {
		return 0, false
	}
	if !more && m <= 1<<53 && exp >= -22 && exp <= 22 {
		// Both are exact as float64, so one rounding is all there is.
		f := float64(m)
		if exp < 0 {
			f /= pow10[-exp]
		} else {
			f *= pow10[exp]
		}
		if neg {
			f = -f
		}
		return f, true
	}
	return parseLong(b, mark)
}

// exponent reads what follows the e; far out values are cut, they are 0 or out
// of range anyway.
func exponent(b []byte) (e int, ok bool) {
	i := 0
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		i++
	}
	if i == len(b) {
		return 0, false
	}
	for ; i < len(b); i++ {
		if b[i]-'0' > 9 {
			return 0, false
		}
		if e < 1e6 {
			e = e*10 + int(b[i]-'0')
		}
	}
	if b[0] == '-' {
		e = -e
	}
	return e, true
}

// parseLong leaves numbers that are not exact in one step to strconv.
func parseLong(b []byte, mark byte) (float64, bool) {
	var buf [64]byte
	text := append(buf[:0], b...)
	if mark != '.' {
		for i, c := range text {
			if c == mark {
				text[i] = '.'
			}
		}
	}
	f, err := strconv.ParseFloat(string(text), 64)
	return f, err == nil
}
