package series

import (
	"fmt"
	"time"
)

// stamper turns the text of a timestamp into an instant, by one form. A file
// needs one; it is not for use by several goroutines.
type stamper struct {
	form     string
	decimals int           // of an epoch form, else -1
	pattern  *stampPattern // nil: isoStamp
	between  byte          // parts date and time that stand in two columns, else 0
	zone     *zone
	fast     stampPrefix
}

// newStamper takes a form as in Options (not "auto"). Forms of the service's
// list are read strictly only when strict is set.
func newStamper(form string, strict bool, between byte, loc *time.Location) (*stamper, error) {
	s := &stamper{form: form, decimals: epochDecimals(form), between: between, zone: newZone(loc)}
	if s.decimals >= 0 || form == formISO || !strict {
		return s, nil
	}
	var err error
	s.pattern, err = compilePattern(form)
	return s, err
}

// text reads the date and time; ok is false for epoch forms too.
func (s *stamper) text(b []byte) (st stampText, ok bool) {
	if s.pattern != nil {
		return s.pattern.parse(b, s.between)
	}
	return isoStamp(b, s.between)
}

// stampState says what became of a timestamp.
type stampState int

const (
	stampOK stampState = iota
	stampBad
	stampGap   // a local time that does not exist
	stampTwice // a local time that exists twice: see stampResult.local
)

type stampResult struct {
	ns    int64 // Unix ns; for stampTwice of the first pass
	state stampState
	wall  int64
	local local
}

func (s *stamper) read(b []byte) stampResult {
	if s.decimals >= 0 {
		ns, ok := epochStamp(b, s.decimals)
		if !ok {
			return stampResult{state: stampBad}
		}
		return stampResult{ns: ns}
	}
	st, ok := s.text(b)
	if !ok {
		return stampResult{state: stampBad}
	}
	return s.resolve(st)
}

// readRow is read for a stamp that stands in the file just so, right before a
// delimiter: the next ones may take the fast path.
func (s *stamper) readRow(b []byte) stampResult {
	if s.decimals >= 0 {
		return s.read(b)
	}
	st, ok := s.text(b)
	if !ok {
		return stampResult{state: stampBad}
	}
	s.remember(b, st)
	return s.resolve(st)
}

func (s *stamper) resolve(st stampText) stampResult {
	if st.zoned {
		return stampResult{ns: (st.wall-st.offset)*1e9 + st.nanos}
	}
	l := s.zone.lookup(st.wall)
	r := stampResult{ns: l.instant*1e9 + st.nanos, wall: st.wall, local: l}
	switch l.passes {
	case 0:
		r.state = stampGap
	case 2:
		r.state = stampTwice
	}
	return r
}

// reason says what is wrong with a timestamp, and what to do.
func (s *stamper) reason(state stampState) string {
	switch state {
	case stampGap:
		return fmt.Sprintf("this local time does not exist in %s, clocks went forward; let the logger write UTC, or set csv.time_zone to the zone it uses", s.zone.loc)
	case stampTwice:
		return fmt.Sprintf("this local time exists twice in %s, clocks went back, and nothing tells which one it is; let the logger write UTC or an offset", s.zone.loc)
	}
	return fmt.Sprintf("no timestamp of the form %s; correct the row, or pin csv.timestamp_format", s.form)
}

// stampPrefix is the fast path. Rows follow each other closely, so nearly
// always all up to the minute is as in the row before; then only seconds,
// fraction and delimiter are read.
type stampPrefix struct {
	length       int // bytes up to the minute, 8 to 16; 0: nothing is cached
	low, high    uint64
	mask         uint64 // of high
	separator    int    // between minute and second: its byte, -1 for none
	base         int64  // Unix ns of the minute
	needFraction bool
	noFraction   bool
	tail         uint64 // the offset as it stands, up to 8 bytes
	tailMask     uint64
	tailLength   int
}

// remember caches what the text of a stamp shares with the next ones; stamps
// it cannot help with empty the cache.
func (s *stamper) remember(b []byte, st stampText) {
	s.fast.length = 0
	if st.second < 0 || st.minuteEnd < 8 || st.minuteEnd > 16 || st.second-st.minuteEnd > 1 {
		return
	}
	minute := st.wall - st.wall%60
	if st.wall%86400 == 0 && b[st.second] == '0' && st.minuteEnd >= 4 {
		// Midnight may be written as 24:00:00 of the day before: nothing to build on.
		if !zeroHour(b[:st.minuteEnd]) {
			return
		}
	}
	base := minute - st.offset
	if !st.zoned {
		var ok bool
		if base, ok = s.zone.uniqueMinute(minute); !ok {
			return
		}
	}
	f := stampPrefix{length: st.minuteEnd, base: base * 1e9, separator: -1}
	if st.second > st.minuteEnd {
		f.separator = int(b[st.minuteEnd])
	} else if b[st.minuteEnd-2]-'0' > 9 {
		return // a minute of one digit ends nowhere in particular
	}
	if s.pattern != nil {
		f.needFraction, f.noFraction = s.pattern.fraction, !s.pattern.fraction
	}
	var window [24]byte
	copy(window[:], b[:st.minuteEnd])
	f.low, f.high = load8(window[:], 0), load8(window[:], 8)
	f.mask = ^uint64(0) >> (8 * (16 - uint(st.minuteEnd)))
	if st.minuteEnd == 8 {
		f.mask = 0
	}
	if st.zoned {
		at := st.second + 2
		for at < len(b) && (b[at] == '.' || b[at] == ',' || b[at]-'0' <= 9) {
			at++
		}
		tail := b[at:]
		if len(tail) == 0 || len(tail) > 7 {
			return
		}
		var w [8]byte
		copy(w[:], tail)
		f.tail, f.tailLength = load8(w[:], 0), len(tail)
		f.tailMask = ^uint64(0) >> (8 * (8 - uint(len(tail))))
	}
	s.fast = f
}

// zeroHour tells whether the prefix up to the minute ends in hour 00.
func zeroHour(prefix []byte) bool {
	n := len(prefix) - 2 // before the minutes
	if n > 0 && prefix[n-1]-'0' > 9 {
		n--
	}
	return n >= 2 && prefix[n-1] == '0' && prefix[n-2] == '0'
}

// next reads the stamp at b[p:] by the cached prefix. It returns the instant
// and the index of the delimiter that ends the stamp, -1 when the general path
// must read it. At least 48 bytes after p must be readable.
func (f *stampPrefix) next(b []byte, p int, delim byte) (ns int64, end int) {
	if f.length == 0 || load8(b, p) != f.low || (load8(b, p+8)^f.high)&f.mask != 0 {
		return 0, -1
	}
	p += f.length
	w := load8(b, p)
	if f.separator >= 0 {
		if int(byte(w)) != f.separator {
			return 0, -1
		}
		w >>= 8
		p++
	}
	tens, ones := byte(w)-'0', byte(w>>8)-'0'
	if tens > 5 || ones > 9 {
		return 0, -1
	}
	ns = f.base + int64(tens*10+ones)*1e9
	p += 2
	c := byte(w >> 16)
	if (c == '.' || c == ',') && c != delim {
		if f.noFraction {
			return 0, -1
		}
		value, n := swarDigits(load8(b, p+1))
		if n == 0 || n == 8 {
			return 0, -1
		}
		ns += int64(value) * nanosPer[n]
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
var nanosPer = [9]int64{1e9, 1e8, 1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1}
