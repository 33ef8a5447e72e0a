package series

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// hopelessText bounds the line that is shown, in bytes: it may be of no CSV at all.
const hopelessText = 200

// hopeless says why no row has a timestamp, by the first line that has cells
// like a data row.
func (s *sniffer) hopeless(r sniffed) error {
	if s.set.TimestampColumn != "" && s.pinnedStamp(r.rows) == -2 {
		return &HopelessError{Reason: fmt.Sprintf("no line names the column %q; correct csv.timestamp_column", s.set.TimestampColumn)}
	}
	if len(r.rows) == 0 {
		return &HopelessError{Reason: "the file holds blank lines only", Empty: s.whole}
	}
	best, score := 0, -1
	for i, row := range r.rows {
		if n := numbersIn(row); n > score {
			best, score = i, n
		}
	}
	row := r.rows[best]
	e := &HopelessError{Line: row.line, Text: s.shown(row.text[:min(len(row.text), hopelessText)])}
	switch {
	case score <= 0 && s.whole:
		e.Reason, e.Empty = "there is a header but no data row yet", len(r.rows[len(r.rows)-1].cells) > 1
		if !e.Empty {
			e.Reason = "no line has a timestamp and a value; is this a CSV? Pin csv.delimiter if it is"
		}
	case s.set.TimestampFormat != "":
		e.Reason = fmt.Sprintf("%q is no timestamp of the form %s; correct csv.timestamp_format", s.shown(row.cells[0]), s.set.TimestampFormat)
	default:
		e.Reason = fmt.Sprintf("%q %s", s.shown(row.cells[0]), suggestion(row.cells[0]))
	}
	return e
}

const notStamp = "cannot be read as a timestamp; pin csv.timestamp_format, such as \"dd.MM.yyyy HH:mm:ss\""

// suggestion says what is wrong with a cell that is no timestamp, and proposes
// patterns for those that begin with day or month.
func suggestion(cell []byte) string {
	a, i := digits(cell, 0, 1, 2)
	if i < 0 || i >= len(cell) || strings.IndexByte("./-", cell[i]) < 0 {
		return notStamp
	}
	sep := string(rune(cell[i]))
	b, k := digits(cell, i+1, 1, 2)
	if k < 0 || k >= len(cell) {
		return notStamp
	}
	_, end := digits(cell, k+1, 2, 4)
	year := "yyyy"
	if end == k+3 {
		year = "yy"
	}
	clock := " H:mm"
	if bytes.Count(cell, []byte(":")) > 1 {
		clock = " H:mm:ss"
	}
	if bytes.HasSuffix(bytes.ToLower(cell), []byte("m")) {
		clock = strings.Replace(clock, "H", "h", 1) + " a"
	}
	monthFirst, dayFirst := "M"+sep+"d"+sep+year+clock, "d"+sep+"M"+sep+year+clock
	pin := "begins with day or month, and which one is never guessed; pin csv.timestamp_format: "
	switch {
	case a > 12 || sep == ".":
		return pin + strconv.Quote(dayFirst)
	case b > 12:
		return pin + strconv.Quote(monthFirst)
	}
	return fmt.Sprintf("%s%q or %q, only you know which", pin, monthFirst, dayFirst)
}
