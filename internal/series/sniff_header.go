package series

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// header finds the lines of names, units and descriptions, fills the columns'
// names and returns the index into r.rows of the first data row.
func (s *sniffer) header(r sniffed, d *Dialect) (data int) {
	names := -1
	if len(s.set.Header) > 0 {
		for i, row := range r.rows {
			if row.line == int64(s.set.Header[0]) {
				names = i
			}
		}
	} else {
		names = s.namesRow(r)
	}
	if names >= 0 {
		d.Columns = s.texts(headerCells(r.rows[names]))
		d.Header = []int{int(r.rows[names].line)}
	}
	for len(d.Columns) < r.width {
		d.Columns = append(d.Columns, "")
	}
	data = r.first
	if names >= 0 {
		data = firstData(r, names)
	}
	s.units(r, names, data, d)
	return data
}

// firstData is the first row after the names that has a timestamp, or numbers
// that belong to one which cannot be read.
func firstData(r sniffed, names int) int {
	for i := names + 1; i < r.first; i++ {
		row := r.rows[i]
		numbers, filled := 0, 0
		for c, cell := range row.cells {
			if c < r.stamp || c >= r.stamp+r.span {
				if len(cell) > 0 {
					filled++
				}
				if numeric(cell) {
					numbers++
				}
			}
		}
		if len(row.cells) == r.width && numbers > 0 && numbers*2 >= filled && !commentRow(row.text) && row.stampCell(r) != "" {
			return i
		}
	}
	return max(r.first, min(names+1, len(r.rows)-1))
}

func (row sniffRow) stampCell(r sniffed) string {
	if r.stamp < len(row.cells) {
		return string(row.cells[r.stamp])
	}
	return ""
}

// units notes the other header lines.
func (s *sniffer) units(r sniffed, names, data int, d *Dialect) {
	if names < 0 {
		return
	}
	if len(s.set.Header) > 1 {
		for _, n := range s.set.Header[1:] {
			d.Header = append(d.Header, n)
			for _, row := range r.rows {
				if row.line == int64(n) && d.Units == nil {
					d.Units = s.texts(headerCells(row))
				}
			}
		}
		return
	}
	likeness := 0
	for i := 0; i < data; i++ {
		cells := headerCells(r.rows[i])
		if i == names || len(cells) < 2 || len(cells) != len(d.Columns) {
			continue
		}
		d.Header = append(d.Header, int(r.rows[i].line))
		if n := unitCells(cells, r); d.Units == nil || n > likeness {
			d.Units, likeness = s.texts(cells), n
		}
	}
}

// namesRow picks the line above the data that looks most like names; -1 when
// there is none.
func (s *sniffer) namesRow(r sniffed) int {
	best, top := -1, 0
	for i := 0; i < r.first; i++ {
		cells := headerCells(r.rows[i])
		if len(cells) <= r.span {
			continue
		}
		score := 2
		if len(cells) != r.width {
			score--
			if i != r.first-1 && (len(cells) < r.width-1 || len(cells) > r.width+1) {
				score -= 3
			}
		}
		score += s.nameLikeness(cells, r)
		if commentRow(r.rows[i].text) {
			score--
		}
		if score > top {
			best, top = i, score
		}
	}
	return best
}

func (s *sniffer) nameLikeness(cells [][]byte, r sniffed) (score int) {
	seen := map[string]bool{}
	filled, numbers, repeats := 0, 0, 0
	for c, cell := range cells {
		if c >= r.stamp && c < r.stamp+r.span || len(cell) == 0 {
			continue
		}
		filled++
		if numeric(cell) {
			numbers++
		}
		if seen[string(cell)] {
			repeats++
		}
		seen[string(cell)] = true
	}
	if r.stamp < len(cells) && timeWord(decodeText(cells[r.stamp], s.enc)) {
		score += 5
	}
	if filled > 0 && repeats == 0 {
		score++
	}
	if numbers*2 > filled {
		score -= 6
	}
	if unitCells(cells, r)*2 > len(cells)-r.span {
		score -= 3
	}
	return score
}

// headerCells are a row's cells, without the mark of a comment before them.
func headerCells(row sniffRow) [][]byte {
	if len(row.cells) == 0 || !commentRow(row.text) {
		return row.cells
	}
	cells := slices.Clone(row.cells)
	cells[0] = bytes.TrimLeft(cells[0], "#!%/; \t")
	return cells
}

// timeWord tells how plants call the column of timestamps.
func timeWord(s string) bool {
	s = strings.ToLower(s)
	switch s {
	case "t", "ts", "utc", "index", "tid", "hora", "heure", "ora", "fecha", "czas", "tijd":
		return true
	}
	for _, w := range []string{"time", "date", "stamp", "zeit", "datum", "horodat", "fecha", "epoch", "unix"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// unitCells counts the cells that look like physical units.
func unitCells(cells [][]byte, r sniffed) (n int) {
	for c, cell := range cells {
		if c >= r.stamp && c < r.stamp+r.span {
			continue
		}
		if unitLike(string(cell)) {
			n++
		}
	}
	return n
}

func unitLike(s string) bool {
	if len(s) > 1 && (s[0] == '[' && s[len(s)-1] == ']' || s[0] == '(' && s[len(s)-1] == ')') {
		return true
	}
	switch strings.ToLower(s) {
	case "c", "f", "k", "degc", "degf", "deg", "bar", "mbar", "psi", "psig", "pa", "kpa", "mpa", "rpm", "1/min", "min-1", "hz", "khz", "kg", "t", "g",
		"m", "mm", "um", "cm", "s", "ms", "h", "min", "v", "mv", "kv", "a", "ma", "w", "kw", "mw", "kwh", "mwh", "var", "kvar", "l", "ppm", "ph", "nm", "n", "kn", "pct", "-":
		return true
	}
	return len(s) > 0 && len(s) <= 9 && (strings.ContainsAny(s, "%°/²³µ") || latinSign(s))
}

// latinSign finds °, ², ³ and µ in text whose encoding is not undone yet.
func latinSign(s string) bool {
	return !utf8.ValidString(s) && slices.ContainsFunc([]byte(s), func(c byte) bool {
		return c == 0xb0 || c == 0xb2 || c == 0xb3 || c == 0xb5
	})
}

func (s *sniffer) texts(cells [][]byte) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = strings.Join(strings.Fields(decodeText(c, s.enc)), " ")
	}
	return out
}

// columns tells text from numbers, finds columns without name and data, and
// the layout.
func (s *sniffer) columns(r sniffed, data int, d *Dialect) {
	for len(r.filled) < len(d.Columns) {
		r.filled, r.numbers = append(r.filled, 0), append(r.numbers, 0)
	}
	for c := range d.Columns {
		if c >= r.stamp && c < r.stamp+r.span {
			continue
		}
		switch {
		case d.Columns[c] == "" && r.filled[c] == 0:
			d.Unnamed = append(d.Unnamed, c)
		case r.filled[c] > 0 && r.numbers[c] == 0:
			d.Text = append(d.Text, c)
		}
	}
	s.layout(r, data, d)
}

// headLine is the line of names as it stands, to know it where files were
// joined.
func headLine(head []byte, d Dialect) []byte {
	if len(d.Header) == 0 {
		return nil
	}
	for n := 1; n < d.Header[0]; n++ {
		_, head, _ = bytes.Cut(head, []byte("\n"))
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.Clone(bytes.TrimRight(line, "\r"))
}
