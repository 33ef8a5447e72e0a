package series

// stampText is a timestamp as read from text: a date and time of day, and the
// offset from UTC where the text has one.
type stampText struct {
	wall   int64 // seconds from 1970-01-01 to the date and time as written, leaving zones aside
	nanos  int64
	offset int64 // seconds east of UTC
	zoned  bool  // offset stands in the text

	// Where minutes and seconds stand, for the fast path: minuteEnd is the index
	// after the minutes, -1 when something that counts for more stands behind
	// them; second the index of two digits of seconds, -1 for none.
	minuteEnd, second int
}

// days counts the days from 1970-01-01 to a date of the proleptic Gregorian calendar.
func days(y, m, d int) int64 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yearOfEra := y - era*400
	dayOfYear := (153*(m-3)+2)/5 + d - 1
	return int64(era)*146097 + int64(yearOfEra*365+yearOfEra/4-yearOfEra/100+dayOfYear) - 719468
}

// wallOf checks a date and time and gives its seconds since 1970. 24:00:00 is
// the end of a day; a second 60 is not accepted, since no instant is its own.
// Years stop where int64 nanoseconds do.
func wallOf(y, mo, d, h, mi, s int) (int64, bool) {
	if y < 1678 || y > 2261 || mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || mi > 59 || s > 59 {
		return 0, false
	}
	if h > 23 && (h != 24 || mi != 0 || s != 0) {
		return 0, false
	}
	return days(y, mo, d)*86400 + int64(h*3600+mi*60+s), true
}

func daysIn(y, m int) int {
	switch m {
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// digits reads at least lo and at most hi digits at b[i:], -1 when there are fewer.
func digits(b []byte, i, lo, hi int) (value, end int) {
	start := i
	for i < len(b) && i-start < hi && b[i]-'0' <= 9 {
		value = value*10 + int(b[i]-'0')
		i++
	}
	if i-start < lo {
		return 0, -1
	}
	return value, i
}

// fraction reads the 1 to 9 digits after a decimal mark as nanoseconds; -1 when
// there is none or more than nine.
func fraction(b []byte, i int) (nanos int64, end int) {
	v, end := digits(b, i, 1, 9)
	if end < 0 || end < len(b) && b[end]-'0' <= 9 {
		return 0, -1
	}
	nanos = int64(v)
	for n := end - i; n < 9; n++ {
		nanos *= 10
	}
	return nanos, end
}

// offset reads Z, UTC, GMT, +hh, +hhmm or +hh:mm at b[i:]; it must be all that is left.
func offset(b []byte, i int) (seconds int64, ok bool) {
	rest := b[i:]
	switch string(rest) {
	case "Z", "z", "UTC", "GMT":
		return 0, true
	}
	if len(rest) < 3 || rest[0] != '+' && rest[0] != '-' {
		return 0, false
	}
	h, at := digits(rest, 1, 2, 2)
	if at < 0 {
		return 0, false
	}
	m := 0
	if at < len(rest) {
		if rest[at] == ':' {
			at++
		}
		if m, at = digits(rest, at, 2, 2); at != len(rest) {
			return 0, false
		}
	}
	if h > 18 || m > 59 {
		return 0, false
	}
	seconds = int64(h*3600 + m*60)
	if rest[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}
