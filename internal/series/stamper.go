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
		s.rememberEpoch(b)
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
