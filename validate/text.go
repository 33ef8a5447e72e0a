package validate

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// textWidth is how many characters a line has at most.
const textWidth = 80

// Text writes the report for people: files, names, sensors, wake-ups, the worst
// first, and the verdict in the last line.
func (r *Report) Text(out io.Writer) error {
	w := &page{}
	w.files(r.Files)
	w.dialects(r.Files)
	w.names(r.Files)
	w.components(r.Components)
	for i := range r.Schedulers {
		w.scheduler(&r.Schedulers[i])
	}
	for _, n := range r.Notes {
		w.wrapped("note: ", n)
	}
	w.wrapped("", r.Verdict)
	_, err := io.WriteString(out, w.String())
	return err
}

// page is text in lines of at most textWidth.
type page struct{ strings.Builder }

func (w *page) line(format string, args ...any) {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?' // names of files and columns are written by others
		}
		return r
	}, fmt.Sprintf(format, args...))
	w.WriteString(strings.TrimRight(text, " "))
	w.WriteByte('\n')
}

// wrapped writes text after head; its further lines begin under its beginning.
func (w *page) wrapped(head, text string) {
	indent := utf8.RuneCountInString(head)
	room, at, line := textWidth-indent, 0, head
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if at > 0 && at+1+n > room {
			w.line("%s", line)
			line, at = strings.Repeat(" ", indent), 0
		}
		for n > room { // a word without end
			cut := []rune(word)
			w.line("%s%s", line, string(cut[:room]))
			line, word, n = strings.Repeat(" ", indent), string(cut[room:]), n-room
		}
		if at > 0 {
			line, at = line+" ", at+1
		}
		line, at = line+word, at+n
	}
	w.line("%s", line)
}

// manyRows is how many rows of a table people read.
const manyRows = 25

func (w *page) files(files []*File) {
	if len(files) == 0 {
		return
	}
	w.line("%-22s %-12s %7s  %-16s %-11s %6s", "FILES", "COMPONENT", "ROWS", "FIRST", "LAST", "EVERY")
	order := slices.Clone(files)
	slices.SortStableFunc(order, func(a, b *File) int { return cmp.Compare(b.rank(), a.rank()) })
	shown := order[:min(len(order), manyRows)]
	for _, f := range shown {
		w.file(f)
	}
	if rest := order[len(shown):]; len(rest) > 0 {
		bad := 0
		for _, f := range rest {
			if len(f.problems()) > 0 {
				bad++
			}
		}
		w.line("  and %s more, %d of them with problems (see --json)", plural(len(rest), "file"), bad)
	}
	w.line("")
}

func (f *File) rank() int {
	switch {
	case f.State != Usable && f.State != Empty:
		return 3
	case len(f.problems()) > 0:
		return 2
	case f.State == Empty || len(f.findings()) > 0:
		return 1
	}
	return 0
}

func (w *page) file(f *File) {
	component := strings.Join(f.Components, ",")
	w.line("%-22s %-12s %7d  %-16s %-11s %6s", head(f.Path, 22), tail(component, 12), f.Used, minute(f.First), minuteAfter(f.Last, f.First), seconds(f.IntervalSeconds))
	if f.State != Usable {
		w.wrapped("  "+string(f.State)+": ", f.Why)
	}
	for _, s := range f.findings() {
		w.wrapped("  ", s)
	}
	if f.State == Hopeless {
		return
	}
	for i, q := range f.Faults {
		if i == shownFaults {
			w.line("  - ... (%d more)", f.FaultCount-shownFaults)
			break
		}
		w.wrapped("  - ", q.String())
	}
}

// shownFaults is how many faults of a file people read.
const shownFaults = 5

// String is the fault in one line.
func (q Fault) String() string {
	s := "line " + strconv.FormatInt(q.Line, 10)
	if q.Column != "" {
		s += ", column " + strconv.Quote(q.Column)
	}
	return s + ": " + strconv.QuoteToGraphic(tail(q.Text, 60)) + ": " + q.Reason
}

// findings are the counts that are worth a word.
func (f *File) findings() []string {
	var s []string
	say := func(n int64, noun string) {
		if n > 0 {
			s = append(s, plural(int(n), noun))
		}
	}
	say(f.FaultCount, "fault")
	if f.OutOfOrder > 0 {
		s = append(s, fmt.Sprintf("%d out of order", f.OutOfOrder))
	}
	say(f.Duplicates, "repeated timestamp")
	say(f.EmptyCells, "empty cell")
	say(f.Marked, "bad-value word")
	say(f.Untrusted, "untrusted value")
	out := []string{}
	if len(s) > 0 {
		out = append(out, fmt.Sprintf("%s; %s", plural(int(f.Values), "value"), strings.Join(s, ", ")))
	}
	if f.State == Usable && f.Values == 0 {
		out = append(out, "no cell holds a number, so nothing comes of it: see that the right columns were written, and csv.decimal, csv.bad_values and csv.good_quality")
	}
	if len(f.TextColumns) > 0 {
		out = append(out, "text, no sensors: "+few(f.TextColumns))
	}
	if f.State != Refused {
		out = append(out, f.Clashes...)
	}
	if f.Damage != "" {
		out = append(out, f.Damage)
	}
	return append(out, f.Notes...)
}

// dialects says how files are written, once for all that are written alike.
func (w *page) dialects(files []*File) {
	count, first := map[string]int{}, []string{}
	for _, f := range files {
		if f.Dialect == "" {
			continue
		}
		if count[f.Dialect]++; count[f.Dialect] == 1 {
			first = append(first, f.Dialect)
		}
	}
	if len(first) == 0 {
		return
	}
	slices.SortStableFunc(first, func(a, b string) int { return count[b] - count[a] })
	w.line("WRITTEN AS")
	for i, d := range first {
		if i == manyRows {
			w.line("  and in %d other ways", len(first)-i)
			break
		}
		w.wrapped(fmt.Sprintf("  %s: ", plural(count[d], "file")), d)
	}
	w.line("")
}

// names says what becomes of names, once for all files with the same ones.
func (w *page) names(files []*File) {
	type group struct {
		columns []Column
		files   int
	}
	var groups []*group
	at := map[*Column]*group{}
	for _, f := range files {
		if len(f.Columns) == 0 {
			continue
		}
		g := at[&f.Columns[0]]
		if g == nil {
			g = &group{columns: f.Columns}
			at[&f.Columns[0]] = g
			groups = append(groups, g)
		}
		g.files++
	}
	if len(groups) == 0 {
		return
	}
	w.line("NAMES")
	for i, g := range groups {
		if i == manyRows {
			w.line("  and %d other sets of names (see --json)", len(groups)-i)
			break
		}
		w.wrapped(fmt.Sprintf("  %s: ", plural(g.files, "file")), describeNames(g.columns))
	}
	w.line("")
}

func describeNames(columns []Column) string {
	var changed []string
	same := 0
	for _, c := range columns {
		switch c.Change {
		case unchanged:
			same++
		case renamed, replaced:
			changed = append(changed, fmt.Sprintf("%q -> %s (%s)", c.Raw, c.Sensor, c.Change))
		default:
			changed = append(changed, fmt.Sprintf("%q left out (%s)", c.Raw, c.Change))
		}
	}
	s := fmt.Sprintf("%d of %d names stay as they are", same, len(columns))
	if len(changed) > 0 {
		s += "; " + few(changed)
	}
	return s
}
