package main

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"millwright/e2e/oracle"
)

// dialect is what the command line says of the files.
type dialect struct {
	delimiter  string // auto, or the character
	timeName   string // "": the first column
	timeFormat string // for the program; "": it finds out
	drop       []string
}

// sensors is one file as the replay understands it, by rules of its own.
type sensors struct {
	path, component string
	comma           rune
	decimal         bool // a comma in numbers
	header          []string
	rows            []row
	rewritten       bool // columns were left out
}

// row has the cells as they stand in the file.
type row struct {
	at    time.Time
	cells []string
}

var (
	odd      = regexp.MustCompile(`[^0-9A-Za-z:#$._-]`)
	oddName  = regexp.MustCompile(`[^0-9A-Za-z._-]`)
	decimals = regexp.MustCompile(`^[+-]?\d+,\d+$`)
	number   = regexp.MustCompile(`^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$`) // Go takes 1_0 and 0x1p4 too
)

// load reads a file whole.
func load(path string, d dialect) (*sensors, error) {
	text, err := content(path)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".csv")
	f := &sensors{path: path, component: oddName.ReplaceAllString(name, "_"), comma: delimiter(text, d.delimiter)}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.LazyQuotes = f.comma, -1, true
	records, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(records) < 2 {
		return nil, errors.New("it has no rows")
	}
	stampAt := 0
	if d.timeName != "" {
		if stampAt = slices.Index(records[0], d.timeName); stampAt < 0 {
			return nil, fmt.Errorf("it has no column %q", d.timeName)
		}
	}
	var keep []int
	for i, name := range records[0] {
		if i == stampAt || !slices.Contains(d.drop, name) {
			keep = append(keep, i)
		} else {
			f.rewritten = true
		}
	}
	// The stamp comes first here, whatever the file says.
	slices.SortStableFunc(keep, func(a, b int) int { return rank(a, stampAt) - rank(b, stampAt) })
	f.header = pick(records[0], keep)
	f.rewritten = f.rewritten || stampAt != 0
	for i, record := range records[1:] {
		at, err := instant(strings.TrimSpace(record[stampAt]))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+2, err)
		}
		cells := pick(record, keep)
		f.decimal = f.decimal || f.comma != ',' && slices.ContainsFunc(cells[1:], decimals.MatchString)
		f.rows = append(f.rows, row{at, cells})
	}
	return f, nil
}

func rank(i, stampAt int) int {
	if i == stampAt {
		return 0
	}
	return 1
}

func pick(record []string, keep []int) []string {
	var out []string
	for _, i := range keep {
		if i < len(record) {
			out = append(out, record[i])
		}
	}
	return out
}

// content gives the file's text without gzip and byte order mark.
func content(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil, err
		}
	}
	text, err := io.ReadAll(in)
	return bytes.TrimPrefix(text, []byte("\ufeff")), err
}

// delimiter is the one given, else the commonest candidate of the first line.
func delimiter(text []byte, given string) rune {
	switch given {
	case "tab":
		return '\t'
	case "space":
		return ' '
	case "auto":
	default:
		return []rune(given)[0]
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', 0
	for _, c := range ",;\t|" {
		if n := strings.Count(string(line), string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

func instant(text string) (time.Time, error) {
	for _, form := range []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02 15:04",
		"2006/01/02 15:04:05", "02.01.2006 15:04:05",
	} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("this command reads no stamp like %q", text)
}

// original is the text for the program: cells as they were.
func (f *sensors) original(rows []row) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = f.comma
	_ = w.Write(f.header) // into memory, as below
	for _, r := range rows {
		_ = w.Write(r.cells)
	}
	w.Flush()
	return b.Bytes()
}

// plain is the text for the oracle: names as they are mapped, one kind of stamp,
// decimal points.
func (f *sensors) plain(rows []row) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(append([]string{"Timestamp"}, f.mapped()...))
	for _, r := range rows {
		cells := slices.Clone(r.cells)
		cells[0] = r.at.Format(time.RFC3339Nano)
		for i := range cells[1:] {
			cells[i+1] = f.number(cells[i+1])
		}
		_ = w.Write(cells)
	}
	w.Flush()
	return b.Bytes()
}

// mapped gives the sensors' names (ruling 10), in the file's order.
func (f *sensors) mapped() []string {
	var all []string
	for _, name := range f.header[1:] {
		all = append(all, odd.ReplaceAllString(strings.TrimSpace(name), "_"))
	}
	return all
}

// names gives the sensors' names in byte order.
func (f *sensors) names() []string { return slices.Sorted(slices.Values(f.mapped())) }

// number gives a cell as every language writes numbers, "" when it holds none.
func (f *sensors) number(cell string) string {
	if cell = strings.TrimSpace(cell); f.decimal {
		cell = strings.Replace(cell, ",", ".", 1)
	}
	if v, err := strconv.ParseFloat(cell, 64); err != nil || math.IsInf(v, 0) || !number.MatchString(cell) {
		return ""
	}
	return cell
}

// values counts the cells that hold a number.
func (f *sensors) values() (n int) {
	for _, r := range f.rows {
		for _, cell := range r.cells[1:] {
			if f.number(cell) != "" {
				n++
			}
		}
	}
	return n
}

// span gives the first and the last instant.
func (f *sensors) span() (first, last time.Time) {
	first, last = f.rows[0].at, f.rows[0].at
	for _, r := range f.rows {
		if r.at.Before(first) {
			first = r.at
		}
		if r.at.After(last) {
			last = r.at
		}
	}
	return first, last
}

// cut gives the drops of a stretch of rows for the program, those for the oracle,
// and how many rows they have. Each has the rows of one period, in the file's order.
func (f *sensors) cut(from time.Time, length, period time.Duration) (real, plain []oracle.Drop, rows int) {
	cuts := map[time.Time][]row{}
	for _, r := range f.rows {
		if r.at.Before(from) || !r.at.Before(from.Add(length)) {
			continue
		}
		end := r.at.Add(period - 1).Truncate(period)
		cuts[end] = append(cuts[end], r)
		rows++
	}
	for end, part := range cuts {
		d := oracle.Drop{
			Path:      fmt.Sprintf("%s/%s-%s.csv", f.component, f.component, end.Format("20060102T150405")),
			Component: f.component, At: end, Content: f.original(part),
		}
		real = append(real, d)
		d.Content = f.plain(part)
		plain = append(plain, d)
	}
	byTime := func(a, b oracle.Drop) int { return a.At.Compare(b.At) }
	slices.SortFunc(real, byTime)
	slices.SortFunc(plain, byTime)
	return real, plain, rows
}
