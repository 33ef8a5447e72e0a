package series

// Epoch forms count from 1970-01-01 UTC in one unit.
const (
	formISO     = "iso"
	formSeconds = "epoch"
	formMillis  = "epoch_ms"
	formMicros  = "epoch_us"
	formNanos   = "epoch_ns"
)

// epochDecimals is how many decimals of a second the unit of a form has; -1
// for forms that are no epoch.
func epochDecimals(form string) int {
	switch form {
	case formSeconds:
		return 0
	case formMillis:
		return 3
	case formMicros:
		return 6
	case formNanos:
		return 9
	}
	return -1
}

// epochForm finds the unit of a number that is an instant from 1990 to 2100;
// "" when it is none.
func epochForm(b []byte) string {
	whole := 0
	for whole < len(b) && b[whole]-'0' <= 9 {
		whole++
	}
	if whole < len(b) && b[whole] != '.' && b[whole] != ',' {
		return ""
	}
	for _, form := range []string{formSeconds, formMillis, formMicros, formNanos} {
		const from, to = 631152000, 4102444800
		if ns, ok := epochStamp(b, epochDecimals(form)); ok && ns >= from*1e9 && ns < to*1e9 {
			return form
		}
	}
	return ""
}

// epochStamp reads a whole number of units with or without decimals, exactly.
func epochStamp(b []byte, decimals int) (ns int64, ok bool) {
	i := 0
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		i++
	}
	const limit = 1 << 63 / 10
	left := 9 - decimals // decimals down to a nanosecond
	var v uint64
	start := i
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		if v >= limit {
			return 0, false
		}
		v = v*10 + uint64(b[i]-'0')
	}
	if i == start {
		return 0, false
	}
	if i < len(b) && (b[i] == '.' || b[i] == ',') {
		i++
		if i == len(b) {
			return 0, false
		}
		for ; i < len(b) && b[i]-'0' <= 9; i++ {
			if left == 0 {
				continue // below a nanosecond
			}
			if v >= limit {
				return 0, false
			}
			v = v*10 + uint64(b[i]-'0')
			left--
		}
	}
	if i != len(b) {
		return 0, false
	}
	for ; left > 0; left-- {
		if v >= limit {
			return 0, false
		}
		v *= 10
	}
	if v > 1<<63-1 {
		return 0, false
	}
	if neg {
		return -int64(v), true
	}
	return int64(v), true
}
