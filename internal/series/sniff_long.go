package series

import (
	"slices"
	"strings"
)

// layout decides between wide and long and finds the columns of the long one.
func (s *sniffer) layout(r sniffed, data int, d *Dialect) {
	long, sure := s.longColumns(r, data, d)
	switch {
	case s.set.Layout == Long || s.set.Layout == Auto && sure:
		d.Layout, d.Tag, d.Value, d.Quality = Long, long.tag, long.value, long.quality
		d.Text, d.Unnamed = nil, nil
	case sure:
		d.Warnings = append(d.Warnings, "this looks like one row per tag and value; if so set csv.layout: long")
	}
}

type longColumns struct{ tag, value, quality int }

// longColumns finds tag, value and quality by their names, else by what they
// hold, else by their order. sure means that the file can hardly be wide.
func (s *sniffer) longColumns(r sniffed, data int, d *Dialect) (long longColumns, sure bool) {
	long = longColumns{-1, -1, -1}
	var rest []int
	for c, name := range d.Columns {
		if c >= r.stamp && c < r.stamp+r.span {
			continue
		}
		switch word := strings.ToLower(name); {
		case long.tag < 0 && inWords(word, "tag", "tagname", "tag name", "tag_name", "name", "sensor", "variable", "point", "pointname", "point name", "signal", "path", "item", "itemid", "id", "instance", "channel", "measurement", "parameter"):
			long.tag = c
		case long.value < 0 && inWords(word, "value", "val", "wert", "valeur", "valor", "reading", "data", "pv"):
			long.value = c
		case long.quality < 0 && inWords(word, "quality", "dataquality", "data quality", "opcquality", "qualität", "status", "q", "qc", "state", "confidence"):
			long.quality = c
		default:
			rest = append(rest, c)
		}
	}
	named := long.tag >= 0 && long.value >= 0
	if long.tag < 0 {
		long.tag = takeFirst(&rest, d.Text)
	}
	if long.value < 0 {
		long.value = takeFirst(&rest, nil)
	}
	if long.quality < 0 && len(rest) > 0 && s.qualityColumn(r, data, rest[0]) {
		long.quality = rest[0]
	}
	few := len(d.Columns)-r.span <= 4
	return long, few && named && slices.Contains(d.Text, long.tag)
}

// takeFirst takes the first column that is among the wanted ones, else the first.
func takeFirst(rest *[]int, wanted []int) int {
	if len(*rest) == 0 {
		return -1
	}
	at := max(0, slices.IndexFunc(*rest, func(c int) bool { return slices.Contains(wanted, c) }))
	c := (*rest)[at]
	*rest = slices.Delete(*rest, at, at+1)
	return c
}

func inWords(s string, words ...string) bool { return slices.Contains(words, s) }

// qualityColumn tells a column that holds nothing but qualities.
func (s *sniffer) qualityColumn(r sniffed, data, c int) bool {
	some := false
	for _, row := range r.rows[data:] {
		if !row.stamp || c >= len(row.cells) || len(row.cells[c]) == 0 {
			continue
		}
		word := strings.ToLower(string(row.cells[c]))
		if !inFolded(s.set.good, row.cells[c]) && !inWords(word, "good", "bad", "uncertain", "questionable", "192", "0", "64", "128") {
			return false
		}
		some = true
	}
	return some
}
