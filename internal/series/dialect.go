package series

import (
	"fmt"
	"strconv"
	"strings"
)

// Dialect is how a file is written, as found at its beginning or as pinned by
// Options. As JSON it is kept with the file, to read on without the header
// when the file grows.
type Dialect struct {
	Encoding  string   `json:"encoding"` // utf-8, utf-16le, utf-16be or windows-1252
	BOM       bool     `json:"bom,omitempty"`
	Gzip      bool     `json:"gzip,omitempty"`
	LineEnd   string   `json:"line_end"`             // lf, crlf or cr
	Delimiter string   `json:"delimiter"`            // as in Options
	Decimal   string   `json:"decimal"`              // . or ,
	NoMark    bool     `json:"no_mark,omitempty"`    // no number had a decimal mark yet: Decimal is the likelier one
	Header    []int    `json:"header,omitempty"`     // lines (from 1) of the names and of units and descriptions; none: no names
	Data      int64    `json:"data"`                 // line (from 1) of the first data row
	Columns   []string `json:"columns"`              // every column of the file, as its name stands there
	Units     []string `json:"units,omitempty"`      // beside Columns, where a unit line was found
	Stamp     int      `json:"stamp"`                // index of the timestamp column
	StampSpan int      `json:"stamp_span,omitempty"` // 2: date and time stand in two columns, Stamp and the next
	Format    string   `json:"timestamp_format"`     // a form as in Options, never "auto"
	Strict    bool     `json:"strict,omitempty"`     // Format is pinned: no other form is read
	Zone      string   `json:"time_zone,omitempty"`  // for stamps without a zone
	Layout    Layout   `json:"layout"`               // wide or long
	Tag       int      `json:"tag,omitempty"`        // long layout: indices of the other columns
	Value     int      `json:"value,omitempty"`      //
	Quality   int      `json:"quality,omitempty"`    // -1: none
	Text      []int    `json:"text,omitempty"`       // columns in which no number was found
	Unnamed   []int    `json:"unnamed,omitempty"`    // columns without a name and, so far, without data
	Warnings  []string `json:"warnings,omitempty"`   // doubts about the above, in words
}

// String says it in one line, for people.
func (d Dialect) String() string {
	var b strings.Builder
	enc := d.Encoding
	if d.BOM {
		enc += " with BOM"
	}
	if d.Gzip {
		enc += ", gzip"
	}
	fmt.Fprintf(&b, "%s; delimiter %s; decimal %s; %s; ", enc, spellDelimiter(d.Delimiter), quoteMark(d.Decimal), d.headerText())
	stamp := strconv.Itoa(d.Stamp + 1)
	if d.Stamp < len(d.Columns) && d.Columns[d.Stamp] != "" {
		stamp = strconv.Quote(d.Columns[d.Stamp])
	}
	fmt.Fprintf(&b, "timestamp in column %s as %s", stamp, d.Format)
	if d.StampSpan == 2 {
		b.WriteString(" (date and time in two columns)")
	}
	zone := d.Zone
	if zone == "" {
		zone = "UTC"
	}
	fmt.Fprintf(&b, ", zone %s; layout %s", zone, d.Layout)
	return b.String()
}

func (d Dialect) headerText() string {
	switch len(d.Header) {
	case 0:
		return "no header, data from line " + strconv.FormatInt(d.Data, 10)
	case 1:
		return "names in line " + strconv.Itoa(d.Header[0])
	}
	more := make([]string, 0, len(d.Header)-1)
	for _, n := range d.Header[1:] {
		more = append(more, strconv.Itoa(n))
	}
	return fmt.Sprintf("names in line %d, units or descriptions in line %s", d.Header[0], strings.Join(more, " and "))
}

func spellDelimiter(d string) string {
	if len(d) == 1 {
		return quoteMark(d)
	}
	return d
}

func quoteMark(s string) string { return "'" + s + "'" }

// span is the number of cells that make a stamp.
func (d Dialect) span() int { return max(1, d.StampSpan) }

// delimiterByte gives the byte for a delimiter as Options spell it, 0 for auto.
func delimiterByte(s string) (byte, error) {
	switch s {
	case "", "auto":
		return 0, nil
	case ",", ";", "|", "\t", " ":
		return s[0], nil
	case "tab":
		return '\t', nil
	case "space":
		return ' ', nil
	}
	return 0, fmt.Errorf("read csv.delimiter %q: use one of , ; tab | space or auto", s)
}

func delimiterName(c byte) string {
	switch c {
	case '\t':
		return "tab"
	case ' ':
		return "space"
	}
	return string(rune(c))
}
