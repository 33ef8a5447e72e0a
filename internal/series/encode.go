package series

import (
	"math"
	"strconv"
	"time"
)

// AppendFloat appends the shortest decimal that reads back as v. It writes no
// exponent for 1e-5 <= |v| < 1e21, no "-0", and nothing at all for NaN and
// infinities. It may use up to 32 bytes of dst's capacity as scratch.
func AppendFloat(dst []byte, v float64) []byte {
	abs := math.Abs(v)
	if abs < 1e4 { // what plants measure, mostly
		// At least 10 millionths: less is written with an exponent.
		if m, ok := millionths(abs); ok && m >= 10 {
			return appendSmall(dst, math.Float64bits(v)>>63, uint32(m/1e6), uint32(m%1e6))
		}
	}
	return appendOther(dst, v, abs)
}

// AppendDecimal is AppendFloat for n / 10^places, with places up to 6.
func AppendDecimal(dst []byte, n int32, places int) []byte {
	abs := uint64(max(int64(n), -int64(n)))
	if m := abs * tens(6-places); 10 <= m && m < 1e10 {
		return appendSmall(dst, uint64(n)>>63, uint32(m/1e6), uint32(m%1e6))
	}
	return AppendFloat(dst, float64(n)/float64(tens(places)))
}

func tens(n int) uint64 { return [...]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6}[n] }

func appendOther(dst []byte, v, abs float64) []byte {
	switch {
	case abs < 1e9 && abs >= 1e-5:
		m, ok := millionths(abs)
		if !ok && math.Float64bits(abs)<<12 == 0 { // a power of two
			return strconv.AppendFloat(dst, v, 'f', -1, 64)
		}
		if v < 0 {
			dst = append(dst, '-')
		}
		if ok {
			return appendMillionths(dst, m)
		}
		digits, places := shortest(abs)
		return appendPlaces(dst, digits, places)
	case abs == 0:
		return append(dst, '0')
	case v != v || math.IsInf(v, 0):
		return dst
	case abs >= 1e-5 && abs < 1e21:
		return strconv.AppendFloat(dst, v, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, v, 'e', -1, 64)
}

// millionths gives abs as a whole number of them, and tells when it is none.
// Below 1e9 it has at most 15 digits, and of the decimals with so many only one
// reads back as abs: without its trailing zeros it is the shortest.
func millionths(abs float64) (m uint64, ok bool) {
	m = uint64(abs*1e6 + 0.5)
	return m, float64(m)/1e6 == abs
}

// AppendStamp appends the instant ns (Unix ns) as window files have it:
// yyyy-MM-ddTHH:mm:ss.ffffff, UTC.
func AppendStamp(dst []byte, ns int64) []byte {
	sec, frac := floorDiv(ns, int64(time.Second))
	dst = appendSeconds(dst, sec)
	dst = append(dst, '.')
	us := uint64(frac) / 1000
	return appendDigits(appendDigits(dst, us/1000, 3), us%1000, 3)
}

// AppendStampSeconds appends the instant ns (Unix ns) as training files have
// it: yyyy-MM-ddTHH:mm:ss, UTC.
func AppendStampSeconds(dst []byte, ns int64) []byte {
	sec, _ := floorDiv(ns, int64(time.Second))
	return appendSeconds(dst, sec)
}

func appendSeconds(dst []byte, sec int64) []byte {
	days, rest := floorDiv(sec, 86400)
	y, m, d := civil(days)
	dst = append(appendDigits(dst, uint64(y), 4), '-')
	dst = append(appendDigits(dst, uint64(m), 2), '-')
	dst = append(appendDigits(dst, uint64(d), 2), 'T')
	dst = append(appendDigits(dst, uint64(rest/3600), 2), ':')
	dst = append(appendDigits(dst, uint64(rest/60%60), 2), ':')
	return appendDigits(dst, uint64(rest%60), 2)
}

// appendDigits appends the lowest n digits of v, with leading zeros.
func appendDigits(dst []byte, v uint64, n int) []byte {
	for range n {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; n > 0; n-- {
		dst[i] = byte('0' + v%10)
		v /= 10
		i--
	}
	return dst
}

// civil turns days since 1970-01-01 into a date of the Gregorian calendar. It
// counts years from March, so that the leap day is the last of a year.
func civil(days int64) (year, month, day int64) {
	era, doe := floorDiv(days+719468, 146097) // from 0000-03-01, in 400 years
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = doy - (153*mp+2)/5 + 1
	year = yoe + era*400
	if mp < 10 {
		return year, mp + 3, day
	}
	return year + 1, mp - 9, day
}

func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}

// appendRow appends a line of a window file: a stamp and one cell per sensor.
func appendRow(dst []byte, label int64, cells []float64) []byte {
	dst = AppendStamp(dst, label)
	for _, v := range cells {
		dst = append(dst, ',')
		dst = AppendFloat(dst, v)
	}
	return append(dst, '\n')
}

// appendHeader appends the first line of a window file. Names need no quotes:
// see MapNames.
func appendHeader(dst []byte, names []string) []byte {
	dst = append(dst, "Timestamp"...)
	for _, n := range names {
		dst = append(dst, ',')
		dst = append(dst, n...)
	}
	return append(dst, '\n')
}
