package series

import (
	"bytes"
	"fmt"
	"strings"
)

// sniffRows is how many rows from the first one with a timestamp on are looked at.
const sniffRows = 32

// sniffer finds the dialect of a file from its beginning.
type sniffer struct {
	set   *settings
	head  []byte // decoded text, without a byte order mark
	whole bool   // head is the whole file
	enc   string
}

// sniffed is a reading of the head with one delimiter.
type sniffed struct {
	delim byte
	rows  []sniffRow
	stamp int // column
	span  int // cells of a stamp
	first int // index into rows of the first row with a stamp
	width int // cells of the usual data row
	hits  int // rows with a stamp
	cells int // value cells that hold something
	good  int // of them numbers and bad-value words

	filled, numbers []int // per column: cells that hold something other than a bad-value word, and those that are numbers
	points, commas  int   // numbers with a decimal point, with a decimal comma
}

type sniffRow struct {
	line  int64 // from 1
	off   int   // in head
	text  []byte
	cells [][]byte
	stamp bool
}

// find gives the dialect and the offset in head of the line dialect.Data.
func (s *sniffer) find() (Dialect, int, error) {
	if err := s.foreign(); err != nil {
		return Dialect{}, 0, err
	}
	best, ok := s.best()
	if !ok {
		return Dialect{}, 0, s.hopeless(best)
	}
	d := Dialect{
		Encoding: s.enc, Delimiter: delimiterName(best.delim), LineEnd: lineEnd(s.head), Zone: newZone(s.set.Zone).name(),
		Stamp: best.stamp, StampSpan: best.span, Layout: Wide, Quality: -1,
	}
	if d.StampSpan == 1 {
		d.StampSpan = 0
	}
	d.Decimal = s.decimal(best, &d)
	d.Format, d.Strict = s.form(best)
	data := s.header(best, &d)
	if n := len(d.Columns); n > s.set.MaxColumns {
		return d, 0, &HopelessError{Reason: fmt.Sprintf("the file has %d columns, more than %d; split it, or raise limits.columns", n, s.set.MaxColumns), Line: best.rows[data].line, Text: s.shown(best.rows[data].text)}
	}
	s.columns(best, data, &d)
	row := best.rows[data]
	d.Data = row.line
	return d, row.off, nil
}

// foreign refuses files that are no text.
func (s *sniffer) foreign() error {
	switch {
	case len(bytes.TrimSpace(s.head)) == 0 && s.whole:
		return &HopelessError{Reason: "the file is empty", Empty: true}
	case bytes.HasPrefix(s.head, []byte("PK\x03\x04")), bytes.HasPrefix(s.head, []byte("\xd0\xcf\x11\xe0")):
		return &HopelessError{Reason: "this is a workbook or an archive, not text; export it as CSV"}
	case bytes.HasPrefix(s.head, []byte("PAR1")), bytes.HasPrefix(s.head, []byte("ARROW1")):
		return &HopelessError{Reason: "this is a Parquet or Arrow file, not text; export it as CSV"}
	}
	return nil
}

// best reads the head with every delimiter that is allowed and takes the one
// with the most timestamps and numbers.
func (s *sniffer) best() (sniffed, bool) {
	try := []byte{',', ';', '\t', '|', ' '}
	if s.set.delimiter != 0 {
		try = []byte{s.set.delimiter}
	} else if c, ok := sepLine(s.head); ok {
		try = []byte{c}
	}
	var best sniffed
	found := false
	for _, delim := range try {
		if delim != ' ' && len(try) > 1 && bytes.IndexByte(s.head, delim) < 0 {
			continue
		}
		r := s.read(delim)
		if !found || r.better(best) {
			best, found = r, true
		}
		if r.hits >= sniffRows/2 && r.good == r.cells && r.cells > 0 {
			break
		}
	}
	if !found {
		best = s.read(',')
	}
	return best, best.hits > 0
}

func (a sniffed) better(b sniffed) bool {
	if (a.hits > 0) != (b.hits > 0) {
		return a.hits > 0
	}
	if x, y := a.good*max(1, b.cells), b.good*max(1, a.cells); x != y {
		return x > y
	}
	if a.hits != b.hits {
		return a.hits > b.hits
	}
	if a.hits == 0 { // no stamp can be read: numbers tell which delimiter it is
		if x, y := a.loose(), b.loose(); x != y {
			return x > y
		}
		return a.dated() > b.dated()
	}
	return a.width > b.width
}

// loose counts numbers beside the first cells of rows, stamps or not.
func (a sniffed) loose() (n int) {
	for _, row := range a.rows[:min(len(a.rows), sniffRows)] {
		n += numbersIn(row)
	}
	return n
}

// dated counts rows whose first cell holds nothing that a date and time cannot:
// with the wrong delimiter a value hangs on it.
func (a sniffed) dated() (n int) {
	for _, row := range a.rows[:min(len(a.rows), sniffRows)] {
		if cell := row.cells[0]; len(row.cells) > 1 && len(bytes.Trim(cell, "0123456789./-: +APMTZapmtz")) == 0 && bytes.IndexByte(cell, ':') > 0 {
			n++
		}
	}
	return n
}

func numbersIn(row sniffRow) (n int) {
	for _, cell := range row.cells[1:] {
		if numeric(cell) {
			n++
		}
	}
	return n
}

// sepLine reads the line "sep=;" that spreadsheets take for themselves.
func sepLine(head []byte) (byte, bool) {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	line = bytes.Trim(line, "\r\"")
	if len(line) == 5 && bytes.EqualFold(line[:4], []byte("sep=")) {
		c, err := delimiterByte(string(line[4:]))
		return c, err == nil && c != 0
	}
	return 0, false
}

func (s *sniffer) read(delim byte) sniffed {
	r := sniffed{delim: delim, stamp: -1, span: 1, first: -1}
	line := int64(1)
	stamper := s.stamper(delim)
	left, width := sniffRows, 8
	for at := 0; at < len(s.head) && left > 0; {
		span, ok := spanRow(s.head, at, len(s.head), delim)
		end := span.end
		if !ok {
			if !s.whole && len(r.rows) > 0 {
				break // the last line of the head is cut
			}
			end, span.lines = len(s.head), 1
			if n := bytes.IndexByte(s.head[at:], '\n'); n >= 0 {
				end = at + n
			}
		}
		row := sniffRow{line: line, off: at, text: s.head[at:end]}
		at, line = end+1, line+span.lines
		if emptyRow(row.text, delim) {
			continue
		}
		row.cells = splitCells(make([][]byte, 0, width), row.text, delim)
		width = len(row.cells) + 1
		r.rows = append(r.rows, row)
		if r.stamp < 0 {
			if r.stamp, r.span = findStamp(row.cells, stamper, s.pinnedStamp(r.rows)); r.stamp >= 0 {
				r.first = len(r.rows) - 1
			}
		}
		if r.stamp >= 0 {
			left--
		}
	}
	if r.stamp >= 0 {
		r.count(stamper, s.set)
	}
	return r
}

// count weighs the rows from the first stamp on.
func (r *sniffed) count(read func([][]byte, int, int) bool, set *settings) {
	widths := map[int]int{}
	for i := r.first; i < len(r.rows); i++ {
		row := &r.rows[i]
		if row.stamp = read(row.cells, r.stamp, r.span) && len(row.cells) > r.span; !row.stamp {
			continue
		}
		r.hits++
		widths[len(row.cells)]++
		for c, cell := range row.cells {
			if c < r.stamp || c >= r.stamp+r.span {
				r.countCell(c, cell, set)
			}
		}
	}
	for w, n := range widths {
		if n > widths[r.width] || n == widths[r.width] && w > r.width {
			r.width = w
		}
	}
}

func (r *sniffed) countCell(c int, cell []byte, set *settings) {
	if len(cell) == 0 {
		return
	}
	for len(r.filled) <= c {
		r.filled, r.numbers = append(r.filled, 0), append(r.numbers, 0)
	}
	r.cells++
	switch {
	case isNumber(cell, '.'):
		r.numbers[c]++
		if bytes.IndexByte(cell, '.') >= 0 {
			r.points++
		}
	case isNumber(cell, ','):
		r.numbers[c]++
		r.commas++
	case set.badWord(cell):
		r.good++
		return
	default:
		r.filled[c]++
		return
	}
	r.filled[c]++
	r.good++
}

func isNumber(cell []byte, mark byte) bool {
	_, ok := parseNumber(cell, mark)
	return ok
}

func numeric(cell []byte) bool { return isNumber(cell, '.') || isNumber(cell, ',') }

// stamper tells whether cells hold a timestamp at a column.
func (s *sniffer) stamper(delim byte) func(cells [][]byte, at, span int) bool {
	var pinned *stamper
	if f := s.set.TimestampFormat; f != "" {
		pinned, _ = newStamper(f, true, ' ', s.set.Zone)
	}
	return func(cells [][]byte, at, span int) bool {
		if at < 0 || at+span > len(cells) {
			return false
		}
		cell := cells[at]
		if span == 2 {
			cell = append(append(append(make([]byte, 0, 40), cell...), ' '), cells[at+1]...)
		}
		if pinned != nil {
			return pinned.read(cell).state != stampBad
		}
		if _, ok := isoStamp(cell, 0); ok {
			return true
		}
		return span == 1 && epochForm(cell) != ""
	}
}

// pinnedStamp is the column that Options name: its index once the header was
// seen, -1 when none is named, -2 when it was not seen yet.
func (s *sniffer) pinnedStamp(rows []sniffRow) int {
	name := s.set.TimestampColumn
	if name == "" {
		return -1
	}
	for _, row := range rows {
		for i, cell := range headerCells(row) {
			if strings.EqualFold(decodeText(cell, s.enc), name) {
				return i
			}
		}
	}
	return -2
}

// findStamp looks for the leftmost cell that is a timestamp, then for two
// cells that are a date and a time.
func findStamp(cells [][]byte, read func([][]byte, int, int) bool, pinned int) (at, span int) {
	if len(cells) < 2 || pinned == -2 {
		return -1, 1
	}
	for span := 1; span <= 2; span++ {
		for i := 0; i < min(len(cells), 16); i++ {
			if (pinned == -1 || i == pinned) && len(cells) > span && read(cells, i, span) {
				return i, span
			}
		}
	}
	return -1, 1
}

// decimal finds the decimal mark.
func (s *sniffer) decimal(r sniffed, d *Dialect) string {
	if s.set.decimal != 0 {
		return string(rune(s.set.decimal))
	}
	points, commas := r.points, r.commas
	if points > 0 && commas > 0 {
		d.Warnings = append(d.Warnings, "numbers with a decimal point and numbers with a decimal comma stand side by side; pin csv.decimal")
	}
	d.NoMark = points == 0 && commas == 0 && r.delim != ','
	if commas > points {
		return ","
	}
	return "."
}

// form names the timestamps' form.
func (s *sniffer) form(r sniffed) (form string, strict bool) {
	if f := s.set.TimestampFormat; f != "" {
		return f, true
	}
	stamps := make([][]byte, 0, sniffRows)
	for _, row := range r.rows[r.first:] {
		if row.stamp {
			stamps = append(stamps, bytes.Join(row.cells[r.stamp:r.stamp+r.span], []byte(" ")))
		}
	}
	if _, ok := isoStamp(stamps[0], 0); !ok {
		return epochForm(stamps[0]), false
	}
	for _, form := range serviceForms() {
		if len(strings.ReplaceAll(form, "'", "")) != len(stamps[0]) {
			continue
		}
		if p, err := compilePattern(form); err == nil && allFit(p, stamps) {
			return form, false
		}
	}
	return formISO, false
}

func allFit(p *stampPattern, stamps [][]byte) bool {
	for _, b := range stamps {
		if _, ok := p.parse(b, 0); !ok {
			return false
		}
	}
	return true
}

func lineEnd(head []byte) string {
	n := bytes.IndexByte(head, '\n')
	if n > 0 && head[n-1] == '\r' {
		return "crlf"
	}
	return "lf"
}

// shown gives a line as people may read it.
func (s *sniffer) shown(b []byte) string {
	return decodeText(b[:min(len(b), maxFaultText)], s.enc)
}
