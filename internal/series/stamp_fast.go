package series

// stampPrefix is the fast path. Rows follow each other closely, so nearly
// always all up to the minute (or the hour, or the first digits of an epoch)
// is as in the row before; then only the digits behind it are read.
type stampPrefix struct {
	length       int // of the prefix in bytes, 8 to 16; 0: nothing is cached
	low, high    uint64
	mask         uint64 // of high
	separator    int    // between prefix and digits: its byte, -1 for none
	digits       int    // how many there must be
	most         uint64 // the largest value they may have
	unit         int64  // ns
	base         int64  // Unix ns of the prefix alone
	decimals     int    // the unit's place behind the second: a fraction goes on from there
	needFraction bool
	noFraction   bool
	tail         uint64 // the offset as it stands, up to 7 bytes
	tailMask     uint64
	tailLength   int
}

// remember caches what the text of a stamp shares with the next ones; stamps
// it cannot help with empty the cache.
func (s *stamper) remember(b []byte, st stampText) {
	s.fast.length = 0
	f := stampPrefix{digits: 2, most: 59, separator: -1}
	var span int64
	at := st.second // of the digits
	f.unit, span = 1e9, 60
	end := st.minuteEnd
	if at < 0 && end >= 2 { // no seconds: minutes are what changes
		f.unit, span = 60e9, 3600
		f.noFraction = true
		at = end - 2
		if end = at; b[at-1]-'0' > 9 {
			end--
		}
	}
	if end < 8 || end > 16 || at-end > 1 || b[at]-'0' > 9 || b[at+1]-'0' > 9 {
		return
	}
	if at > end {
		f.separator = int(b[end])
	}
	if st.minuteEnd < 2 || b[st.minuteEnd-2]-'0' > 9 || st.wall%86400 == 0 && !zeroHour(b[:st.minuteEnd]) {
		return // a minute of one digit, or midnight as hour 24: nothing to build on
	}
	start := st.wall - st.wall%span
	f.base = start - st.offset
	if !st.zoned {
		var ok bool
		if f.base, ok = s.zone.unique(start, span); !ok {
			return
		}
	}
	f.base *= 1e9
	if s.pattern != nil {
		f.needFraction, f.noFraction = s.pattern.fraction, !s.pattern.fraction
	}
	if st.zoned && !f.setTail(b[at+2:]) {
		return
	}
	f.setPrefix(b[:end])
	s.fast = f
}

// rememberEpoch caches the first 8 digits of a count.
func (s *stamper) rememberEpoch(b []byte) {
	s.fast.length = 0
	n := 0
	for n < len(b) && b[n]-'0' <= 9 {
		n++
	}
	if n < 10 || n > 16 {
		return
	}
	f := stampPrefix{digits: n - 8, most: 1e9, separator: -1, unit: nanosPer[s.decimals], decimals: s.decimals}
	head := swarValue(load8(b, 0)^swarZeros, 8)
	for range n - 8 {
		head *= 10
	}
	const limit = 1 << 62
	if head > uint64(limit/f.unit) {
		return
	}
	f.base = int64(head) * f.unit
	f.setPrefix(b[:8])
	s.fast = f
}

func (f *stampPrefix) setPrefix(text []byte) {
	var window [16]byte
	copy(window[:], text)
	f.length = len(text)
	f.low, f.high = load8(window[:], 0), load8(window[:], 8)
	if len(text) > 8 {
		f.mask = ^uint64(0) >> (8 * uint(16-len(text)))
	}
}

// setTail keeps the offset behind digits and fraction.
func (f *stampPrefix) setTail(b []byte) bool {
	for len(b) > 0 && (b[0] == '.' || b[0] == ',' || b[0]-'0' <= 9) {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 7 {
		return false
	}
	var window [8]byte
	copy(window[:], b)
	f.tail, f.tailLength = load8(window[:], 0), len(b)
	f.tailMask = ^uint64(0) >> (8 * uint(8-len(b)))
	return true
}

// zeroHour tells whether the text up to the minutes ends in hour 00.
func zeroHour(text []byte) bool {
	n := len(text) - 2 // before the minutes
	if n > 0 && text[n-1]-'0' > 9 {
		n--
	}
	return n >= 2 && text[n-1] == '0' && text[n-2] == '0'
}

// next reads the stamp at b[p:] by the cached prefix. It returns the instant
// and the index of the delimiter that ends the stamp, -1 when the general path
// must read it. At least 48 bytes after p must be readable.
func (f *stampPrefix) next(b []byte, p int, delim byte) (ns int64, end int) {
	if f.length == 0 || load8(b, p) != f.low || (load8(b, p+8)^f.high)&f.mask != 0 {
		return 0, -1
	}
	p += f.length
	if f.separator >= 0 {
		if int(b[p]) != f.separator {
			return 0, -1
		}
		p++
	}
	value, n := swarDigits(load8(b, p))
	if n != f.digits || value > f.most {
		return 0, -1
	}
	ns = f.base + int64(value)*f.unit
	p += n
	c := b[p]
	if (c == '.' || c == ',') && c != delim {
		value, n := swarDigits(load8(b, p+1))
		if f.noFraction || n == 0 || n == 8 || n+f.decimals > 9 {
			return 0, -1
		}
		ns += int64(value) * nanosPer[n+f.decimals]
		p += 1 + n
		c = b[p]
	} else if f.needFraction {
		return 0, -1
	}
	if f.tailLength > 0 {
		if load8(b, p)&f.tailMask != f.tail {
			return 0, -1
		}
		p += f.tailLength
		c = b[p]
	}
	if c != delim {
		return 0, -1
	}
	return ns, p
}

// nanosPer[n] are the nanoseconds of one unit of the n-th decimal of a second.
var nanosPer = [10]int64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1}
