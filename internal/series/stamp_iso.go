package series

// isoStamp reads any year-first form that can have one meaning only: the
// service's 21 forms, ISO 8601 extended and basic, each with or without a
// fraction and an offset. between is one more byte that may part date and time
// (the delimiter, when they stand in two columns; else 0). Dates alone are not
// instants and are refused.
func isoStamp(b []byte, between byte) (st stampText, ok bool) {
	y, i := digits(b, 0, 4, 4)
	if i < 0 || i >= len(b) {
		return st, false
	}
	var mo, d, h, mi, s int
	compact := b[i]-'0' <= 9
	if compact {
		if mo, i = digits(b, i, 2, 2); i < 0 {
			return st, false
		}
		if d, i = digits(b, i, 2, 2); i < 0 {
			return st, false
		}
	} else {
		sep := b[i]
		if sep != '-' && sep != '/' && sep != ' ' && sep != '_' && sep != '.' {
			return st, false
		}
		if mo, i = digits(b, i+1, 1, 2); i < 0 || i >= len(b) || b[i] != sep {
			return st, false
		}
		if d, i = digits(b, i+1, 1, 2); i < 0 {
			return st, false
		}
	}
	if i >= len(b) {
		return st, false
	}
	switch c := b[i]; {
	case c == 'T', c == 't', c == ' ', c == '-', c == '_', between != 0 && c == between:
		for i++; i < len(b) && b[i] == ' '; i++ {
		}
	case !compact || c-'0' > 9:
		return st, false
	}
	if i, h, mi, s, ok = clockTime(b, i, &st); !ok {
		return st, false
	}
	if st.second >= 0 && i < len(b) && (b[i] == '.' || b[i] == ',') {
		if st.nanos, i = fraction(b, i+1); i < 0 {
			return st, false
		}
	}
	if i < len(b) {
		for i < len(b)-1 && b[i] == ' ' {
			i++
		}
		if st.offset, st.zoned = offset(b, i); !st.zoned {
			return st, false
		}
	}
	st.wall, ok = wallOf(y, mo, d, h, mi, s)
	return st, ok && (h < 24 || st.nanos == 0)
}

// clockTime reads hh:mm[:ss], hh-mm-ss, hhmm or hhmmss at b[i:].
func clockTime(b []byte, i int, st *stampText) (end, h, m, s int, ok bool) {
	st.second = -1
	from := i
	if h, i = digits(b, i, 1, 2); i < 0 || i >= len(b) {
		return 0, 0, 0, 0, false
	}
	sep := b[i]
	switch {
	case sep == ':' || sep == '-':
		i++
	case sep-'0' <= 9 && i-from == 2:
		sep = 0
	default:
		return 0, 0, 0, 0, false
	}
	if m, i = digits(b, i, 2, 2); i < 0 {
		return 0, 0, 0, 0, false
	}
	st.minuteEnd = i
	at := i
	switch {
	case at >= len(b):
		return i, h, m, 0, sep != '-'
	case sep != 0 && b[at] == sep:
		at++
	case sep == 0 && b[at]-'0' <= 9:
	default: // a fraction or an offset follows, or nothing that fits
		return i, h, m, 0, sep != '-'
	}
	if s, at = digits(b, at, 2, 2); at < 0 {
		// hh:mm-05 is an offset, hh:mm:5 is nothing
		return i, h, m, 0, sep == 0
	}
	st.second = at - 2
	return at, h, m, s, true
}
