package series

import "bytes"

// oddCell reads a cell that is no plain number into values[at] and returns the
// index of the byte that ends it: a delimiter, CR before LF, or LF. -1 when
// the row must go the general way.
func (r *Reader) oddCell(p, c, at int) int {
	end := p
	if r.buf[p] == '"' {
		p++
		for end = p; r.buf[end] != '"'; end++ {
			if r.buf[end] == '\n' || r.buf[end] == 0 {
				return -1
			}
		}
		if b := r.buf[end+1]; b != r.delim && b != '\n' && (b != '\r' || r.buf[end+2] != '\n') {
			return -1
		}
		r.values[at] = r.number(trimBlanks(r.buf[p:end], r.delim), c, r.line+1)
		return end + 1
	}
	for ; ; end++ {
		b := r.buf[end]
		if b == r.delim || b == '\n' {
			break
		}
		if b == '"' || b == 0 {
			return -1
		}
	}
	if end == p && r.delim == ' ' {
		return -1
	}
	r.values[at] = r.number(trimBlanks(r.buf[p:end], r.delim), c, r.line+1)
	return end
}

// number reads the text of a cell and counts what is none.
func (r *Reader) number(text []byte, c int, line int64) float64 {
	if len(text) == 0 {
		r.row.empty++
		return void()
	}
	mark := r.mark
	if mark == 0 {
		mark = r.dialect.Decimal[0]
	}
	if f, ok := parseNumber(text, mark); ok {
		return f
	}
	if r.dialect.NoMark {
		if f, ok := parseNumber(text, ','); ok {
			r.mark, r.dialect.Decimal, r.dialect.NoMark = ',', ",", false
			return f
		}
	}
	return r.noNumber(text, c, line)
}

func (r *Reader) noNumber(text []byte, c int, line int64) float64 {
	switch {
	case r.set.badWord(text):
		r.row.marked++
	case r.isText(c):
		r.row.text++
	default:
		r.row.bad++
		r.pending = append(r.pending, cellFault{column: r.columnName(c), text: bytes.Clone(text), line: line})
	}
	return void()
}

func (r *Reader) columnName(c int) string {
	if c < len(r.columns) {
		return r.columns[c].name
	}
	return ""
}

func (r *Reader) isText(c int) bool {
	for _, i := range r.text {
		if i == c {
			return true
		}
	}
	return false
}

// flush reports the bad cells of a row that is used.
func (r *Reader) flush() {
	for _, f := range r.pending {
		r.faults.add(BadCell, f.line, f.column, f.text, "no number; if it stands for a missing value name it in csv.bad_values")
	}
	r.pending = r.pending[:0]
}
