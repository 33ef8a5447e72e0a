package series

import (
	"bytes"
	"fmt"
)

// longRowsFull is how many rows a batch of the long layout has.
const longRowsFull = 2048

func (r *Reader) setLong() error {
	d := &r.dialect
	if d.Tag < 0 || d.Value < 0 {
		return &HopelessError{Reason: fmt.Sprintf("the long layout needs columns for timestamp, tag and value, the file has %d; correct csv.layout or csv.delimiter", len(d.Columns))}
	}
	r.tags = map[string]int32{}
	r.full, r.stride = longRowsFull, longRowsFull
	r.values = make([]float64, r.full)
	r.times = make([]int64, r.full)
	r.lines = make([]int64, r.full)
	r.sensor = make([]int32, r.full)
	r.batch.Columns = make([][]float64, 1)
	return nil
}

// tagOf finds the index of the row's tag in Names, -1 in the wide layout and
// for rows without an instant. It is false when the row cannot be used.
func (r *Reader) tagOf(row []byte, line int64, s stampState) (tag int32, ok bool) {
	if r.dialect.Layout != Long || s == stampBad || s == stampGap {
		return -1, true
	}
	var name []byte
	if i := r.dialect.Tag; i < len(r.cells) {
		name = r.cells[i]
	}
	if len(name) == 0 {
		r.rows++
		r.faults.add(BadRow, line, "", row, "the row names no tag; correct the row")
		return 0, false
	}
	if bytes.Equal(name, r.lastTag) {
		return r.lastIdx, true
	}
	tag, ok = r.tags[string(name)]
	if !ok {
		if len(r.names) >= r.set.MaxColumns {
			r.rows++
			r.faults.add(BadRow, line, "", row, fmt.Sprintf("the file has more than %d tags; split it, or raise limits.columns", r.set.MaxColumns))
			return 0, false
		}
		tag = int32(len(r.names))
		r.tags[string(name)] = tag
		r.names = append(r.names, decodeText(name, r.dialect.Encoding))
		r.tagLast = append(r.tagLast, noStamp)
	}
	r.lastTag, r.lastIdx = append(r.lastTag[:0], name...), tag
	return tag, true
}

// storeTag puts the value of the row in hand into the batch.
func (r *Reader) storeTag(ns int64, tag int32, line int64) {
	var cell []byte
	if i := r.dialect.Value; i < len(r.cells) {
		cell = r.cells[i]
	}
	v := void()
	if r.trusted() {
		v = r.tagNumber(cell, tag, line)
	} else {
		r.row.untrusted++
	}
	r.values[r.n], r.sensor[r.n] = v, tag
	r.tagLast[tag] = ns
}

// trusted tells whether the quality of the row in hand is good; a row that
// says nothing about it is.
func (r *Reader) trusted() bool {
	q := r.dialect.Quality
	if q < 0 || q >= len(r.cells) || len(r.cells[q]) == 0 {
		return true
	}
	return inFolded(r.set.good, r.cells[q])
}

func (r *Reader) tagNumber(cell []byte, tag int32, line int64) float64 {
	v := r.number(cell, noColumn, line)
	if n := len(r.pending); n > 0 && r.pending[n-1].column == "" {
		r.pending[n-1].column = r.names[tag]
	}
	return v
}

// noColumn is the index of no column.
const noColumn = 1 << 30
