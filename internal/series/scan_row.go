package series

import (
	"bytes"
	"errors"
	"io"
)

// general reads the row at pos, whatever it looks like.
func (r *Reader) general() {
	span, ok := spanRow(r.buf, r.pos, r.end, r.delim)
	if !ok { // a quote is open at the end of the buffer
		err := r.more()
		if err == nil {
			return
		}
		if !errors.Is(err, errLongRow) && !errors.Is(err, io.EOF) {
			r.err = err
			return
		}
		if r.whole && errors.Is(err, io.EOF) {
			r.openTail()
			return
		}
		span = rowSpan{end: r.pos + bytes.IndexByte(r.buf[r.pos:r.end], '\n'), lines: 1, broken: true}
	}
	row := r.buf[r.pos:span.end]
	taken := true
	switch {
	case span.end-r.pos > r.limit:
		r.rows++
		r.faults.add(BadRow, r.line+1, "", row, "the line is longer than limits.row; correct it, or raise the limit")
	case span.broken:
		r.rows++
		r.faults.add(BadRow, r.line+1, "", row, "a quote is opened and not closed; correct the line")
	default:
		taken = r.take(row, r.line+1, 0)
	}
	if taken {
		r.pos = span.end + 1
		r.line += span.lines
	}
}

// openTail stops before a row that may still be written to: its quote is open.
func (r *Reader) openTail() {
	if r.passes.holding() {
		r.held.settle(r.passes.finish(noRow))
		return
	}
	r.end = r.pos
	r.have = r.pos
}

// take reads one row. given is the verdict for a row that was held, else 0. It
// is false when held rows must be given first and this row again after them.
func (r *Reader) take(row []byte, line int64, given verdict) bool {
	if emptyRow(row, r.delim) {
		return true
	}
	if bytes.IndexByte(row, 0) >= 0 {
		r.rows++
		r.faults.add(BadRow, line, "", row, "the line has NUL bytes: it was not wholly written when it was read; drop the file again when it is finished")
		return true
	}
	r.cells = splitCells(r.cells[:0], row, r.delim)
	stamp := r.stampCells()
	s := r.stamps.read(stamp)
	if s.state == stampBad && (commentRow(row) || len(r.head) > 0 && bytes.Equal(bytes.TrimRight(row, "\r"), r.head)) {
		r.skipped++
		return true
	}
	if r.tooLong() {
		r.rows++
		r.faults.add(BadRow, line, "", row, "the row has more cells than the header; quote cells that hold the delimiter")
		return true
	}
	tag, ok := r.tagOf(row, line, s.state)
	if !ok {
		return true
	}
	switch s.state {
	case stampBad:
		return r.refuseStamp(BadStamp, row, line, s.state)
	case stampGap:
		return r.refuseStamp(GapStamp, row, line, s.state)
	case stampTwice:
		v := given
		if v == 0 {
			var held verdict
			if v, held = r.passes.ask(s.wall, s.local.overlap, tag, r.beforeRow(tag), r.used); v == settle {
				r.held.settle(held)
				r.held.turn = r.passes.turn
				return false
			}
		}
		switch v {
		case refuse:
			return r.refuseStamp(Ambiguous, row, line, s.state)
		case hold:
			if !r.held.add(row, line) {
				r.held.settle(r.passes.giveUp())
			}
			return true
		}
		s.ns += (s.local.overlap.instant(s.wall, int(v)) - s.local.instant) * 1e9
	default:
		if r.passes.holding() && given == 0 {
			r.held.settle(r.passes.finish(floorSecond(s.ns)))
			return false
		}
	}
	r.store(s.ns, tag, line)
	return true
}

func floorSecond(ns int64) int64 {
	s := ns / 1e9
	if ns%1e9 < 0 {
		s--
	}
	return s
}

func (r *Reader) refuseStamp(kind FaultKind, row []byte, line int64, state stampState) bool {
	r.rows++
	r.faults.add(kind, line, "", bytes.TrimRight(row, "\r"), r.stamps.reason(state))
	return true
}

// stampCells joins the cells of the stamp.
func (r *Reader) stampCells() []byte {
	at, span := r.dialect.Stamp, r.dialect.span()
	if at+span > len(r.cells) {
		return nil
	}
	if span == 1 {
		return r.cells[at]
	}
	return append(append(append(make([]byte, 0, 48), r.cells[at]...), r.delim), r.cells[at+1]...)
}

// tooLong tells a row that has data behind its last column.
func (r *Reader) tooLong() bool {
	for i := len(r.dialect.Columns); i < len(r.cells); i++ {
		if len(r.cells[i]) > 0 {
			return true
		}
	}
	return false
}

// beforeRow is the stamp in seconds of the row before, of the same tag in the
// long layout.
func (r *Reader) beforeRow(tag int32) int64 {
	ns := r.last
	if tag >= 0 {
		ns = r.tagLast[tag]
	}
	if ns == noStamp {
		return noRow
	}
	return floorSecond(ns)
}

// store puts the row in hand into the batch.
func (r *Reader) store(ns int64, tag int32, line int64) {
	n := r.n
	if tag >= 0 {
		r.storeTag(ns, tag, line)
	} else {
		for c := range r.columns {
			var cell []byte
			if i := r.columns[c].index; i < len(r.cells) {
				cell = r.cells[i]
			}
			r.values[c*r.stride+n] = r.number(cell, c, line)
		}
	}
	r.flush()
	r.times[n], r.lines[n] = ns, line
	if ns <= r.last {
		r.sorted = false
		if ns < r.last {
			r.disorder++
		}
	}
	r.last = ns
	r.n++
	r.used++
	r.rows++
}
