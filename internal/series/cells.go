package series

import "bytes"

// splitCells appends the cells of a row to dst: without blanks around them,
// without quotes. A quote counts only where a cell begins; a cell that goes on
// after its closing quote is taken as it stands. With a blank as delimiter any
// number of them parts two cells.
func splitCells(dst [][]byte, row []byte, delim byte) [][]byte {
	if n := len(row); n > 0 && row[n-1] == '\r' {
		row = row[:n-1]
	}
	if delim == ' ' {
		row = bytes.Trim(row, " ")
		if len(row) == 0 {
			return dst
		}
	}
	for i := 0; ; {
		for i < len(row) && blank(row[i], delim) {
			i++
		}
		var cell []byte
		next := -1
		if i < len(row) && row[i] == '"' {
			cell, next = quotedCell(row, i, delim)
		}
		if next < 0 {
			next = len(row)
			if n := bytes.IndexByte(row[i:], delim); n >= 0 {
				next = i + n
			}
			cell = trimBlanks(row[i:next], delim)
		}
		dst = append(dst, cell)
		if next >= len(row) {
			return dst
		}
		i = next + 1
		for delim == ' ' && i < len(row) && row[i] == ' ' {
			i++
		}
	}
}

// blank tells the bytes that mean nothing around a cell.
func blank(c, delim byte) bool { return (c == ' ' || c == '\t') && c != delim }

func trimBlanks(b []byte, delim byte) []byte {
	for len(b) > 0 && (blank(b[len(b)-1], delim) || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	for len(b) > 0 && blank(b[0], delim) {
		b = b[1:]
	}
	return b
}

// quotedCell reads a cell whose quote opens at row[i]; next is the index of
// the delimiter behind it (or len(row)), -1 when the cell is not well quoted.
func quotedCell(row []byte, i int, delim byte) (cell []byte, next int) {
	start := i + 1
	doubled := false
	for i = start; ; {
		n := bytes.IndexByte(row[i:], '"')
		if n < 0 {
			return nil, -1
		}
		i += n
		if i+1 < len(row) && row[i+1] == '"' {
			doubled = true
			i += 2
			continue
		}
		break
	}
	cell = row[start:i]
	if doubled {
		cell = bytes.ReplaceAll(cell, []byte(`""`), []byte(`"`))
	}
	for i++; i < len(row) && blank(row[i], delim); i++ {
	}
	if i < len(row) && row[i] != delim {
		return nil, -1
	}
	return trimBlanks(cell, delim), i
}

// rowSpan finds where the row at b[from:to] ends: at a newline outside quotes.
type rowSpan struct {
	end    int   // index of the newline
	lines  int64 // lines it covers
	broken bool  // quotes over several lines that do not close well: end is that of the first line
}

// spanRow gives ok = false when b[from:to] does not hold the end of the row.
func spanRow(b []byte, from, to int, delim byte) (s rowSpan, ok bool) {
	n := bytes.IndexByte(b[from:to], '\n')
	if n < 0 {
		return rowSpan{}, false
	}
	first := from + n
	s = rowSpan{end: first, lines: 1}
	if bytes.IndexByte(b[from:first], '"') < 0 {
		return s, true
	}
	for i := from; ; {
		for i < s.end && blank(b[i], delim) {
			i++
		}
		if i < s.end && b[i] == '"' {
			var closed bool
			if i, closed = closeQuote(b, i+1, to); !closed {
				return s, false
			}
			for s.end < i { // the quote went over line ends
				n := bytes.IndexByte(b[i:to], '\n')
				if n < 0 {
					return s, false
				}
				s.lines += int64(bytes.Count(b[s.end:i], []byte("\n")))
				s.end = i + n
			}
			for i < s.end && (blank(b[i], delim) || b[i] == '\r') {
				i++
			}
			if i < s.end && b[i] != delim && s.lines > 1 {
				return rowSpan{end: first, lines: 1, broken: true}, true
			}
		}
		n := bytes.IndexByte(b[i:s.end], delim)
		if n < 0 {
			return s, true
		}
		i += n + 1
	}
}

// closeQuote gives the index after the quote that closes a cell.
func closeQuote(b []byte, i, to int) (int, bool) {
	for {
		n := bytes.IndexByte(b[i:to], '"')
		if n < 0 {
			return 0, false
		}
		i += n + 1
		if i >= to || b[i] != '"' {
			return i, true
		}
		i++
	}
}

// emptyRow tells a row of blanks and delimiters only.
func emptyRow(row []byte, delim byte) bool {
	for _, c := range row {
		if c != delim && c != ' ' && c != '\t' && c != '\r' && c != '"' {
			return false
		}
	}
	return true
}

// commentRow tells lines that are addressed to people or to other programs:
// # or // at the beginning, or a command in brackets.
func commentRow(row []byte) bool {
	row = bytes.TrimSpace(row)
	switch {
	case len(row) == 0:
		return false
	case row[0] == '#', row[0] == '!', row[0] == '%':
		return true
	case bytes.HasPrefix(row, []byte("//")), bytes.HasPrefix(row, []byte(";;")):
		return true
	}
	return row[0] == '[' && bytes.IndexByte(row, ']') > 0
}
