package series

import (
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
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

// begin empties the batch.
func (r *Reader) begin() {
	r.n = 0
	r.sorted = true
}

// finish makes the batch that is given.
func (r *Reader) finish() *Batch {
	r.given += int64(r.n)
	if r.dialect.Layout == Long {
		r.batch.Columns[0] = r.values[:r.n]
		r.batch.Sensor = r.sensor[:r.n]
	} else {
		r.checkText()
		r.checkBlank()
		k := 0
		for c := range r.columns {
			if !slices.Contains(r.blank, c) {
				r.batch.Columns[k] = r.values[c*r.stride : c*r.stride+r.n : c*r.stride+r.n]
				k++
			}
		}
	}
	if r.dialect.NoMark {
		r.dialect.NoMark = !slices.ContainsFunc(r.batch.Columns, hasFraction)
	}
	if len(r.set.numbers) > 0 {
		for _, col := range r.batch.Columns {
			r.mark1(col)
		}
	}
	r.span()
	r.batch.Times = r.times[:r.n]
	r.batch.Lines = nil
	if r.set.Lines {
		r.batch.Lines = r.lines[:r.n]
	}
	r.batch.Sorted = r.sorted
	r.batch.names = r.names
	return &r.batch
}

// hasFraction tells numbers that were written with a decimal mark.
func hasFraction(col []float64) bool {
	return slices.ContainsFunc(col, func(v float64) bool { return v != math.Trunc(v) && v == v })
}

// mark1 takes out the numbers that stand for a missing value.
func (r *Reader) mark1(col []float64) {
	for i, v := range col {
		if r.set.badNumber(v) {
			col[i] = void()
			r.row.marked++
		}
	}
}

// span keeps the oldest and the newest stamp.
func (r *Reader) span() {
	if r.given == int64(r.n) {
		r.first, r.newest = r.times[0], r.times[0]
	}
	for _, t := range r.times[:r.n] {
		r.first, r.newest = min(r.first, t), max(r.newest, t)
	}
}

// checkText finds the columns that held text until now and hold numbers after all.
func (r *Reader) checkText() {
	r.text = slices.DeleteFunc(r.text, func(c int) bool { return r.firstNumber(c) >= 0 })
}

// firstNumber is the row of the batch that holds a column's first number, -1: none.
func (r *Reader) firstNumber(c int) int {
	return slices.IndexFunc(r.values[c*r.stride:c*r.stride+r.n], func(v float64) bool { return v == v })
}

// checkBlank reports numbers in columns that have no name: they are given to
// nobody.
func (r *Reader) checkBlank() {
	for _, c := range r.blank {
		col := r.values[c*r.stride : c*r.stride+r.n]
		for i, v := range col {
			if v == v {
				r.row.bad++
				r.faults.add(BadCell, r.lines[i], r.columns[c].name, AppendFloat(nil, v), "the column has no name; name it in the header")
			}
		}
	}
}
