package series

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sample is a file as plants write it, and what must be read from it: one line
// per row, "seconds from 2026-01-02T00:00:00Z: values" (a dot for a missing one).
type sample struct {
	name  string
	text  string
	o     Options
	names []string
	rows  []string
	bad   map[FaultKind]int64
	check func(*testing.T, Dialect, Report)
}

func utf16Text(s string, big, bom bool) string {
	var b strings.Builder
	put := func(r rune) {
		if big {
			b.WriteByte(byte(r >> 8))
			b.WriteByte(byte(r))
		} else {
			b.WriteByte(byte(r))
			b.WriteByte(byte(r >> 8))
		}
	}
	if bom {
		put(0xfeff)
	}
	for _, r := range s {
		put(r)
	}
	return b.String()
}

func dialectSamples() []sample {
	const plain = "time,a,b\n2026-01-02 00:00:00,1.5,2\n2026-01-02 00:00:01,-3.25,\n"
	rows := []string{"0: 1.5 2", "1: -3.25 ."}
	ab := []string{"a", "b"}
	swap := func(old, new string) string { return strings.ReplaceAll(plain, old, new) }
	german := strings.ReplaceAll(swap(",", ";"), ".", ",")
	return []sample{
		{name: "plain", text: plain, names: ab, rows: rows},
		{name: "no newline at the end", text: strings.TrimSuffix(plain, "\n"), names: ab, rows: rows},
		{name: "crlf", text: swap("\n", "\r\n"), names: ab, rows: rows},
		{name: "cr alone", text: swap("\n", "\r"), names: ab, rows: rows},
		{name: "semicolon", text: swap(",", ";"), names: ab, rows: rows},
		{name: "tab", text: swap(",", "\t"), names: ab, rows: rows},
		{name: "bar", text: swap(",", "|"), names: ab, rows: rows},
		{name: "decimal comma", text: german, names: ab, rows: rows},
		{name: "decimal comma, stamps too", text: strings.ReplaceAll(german, ":00;", ":00,250;"), names: ab, rows: []string{"0.25: 1.5 2", "1: -3.25 ."}},
		{name: "decimal comma in quotes", text: "time,a,b\n2026-01-02 00:00:00,\"1,5\",2\n2026-01-02 00:00:01,\"-3,25\",\n", names: ab, rows: rows},
		{name: "all quoted", text: "\"time\",\"a\",\"b\"\n\"2026-01-02 00:00:00\",\"1.5\",\"2\"\n\"2026-01-02 00:00:01\",\"-3.25\",\"\"\n", names: ab, rows: rows},
		{name: "bom", text: "\xef\xbb\xbf" + plain, names: ab, rows: rows},
		{name: "bom and quotes", text: "\xef\xbb\xbf\"time\",\"a\",\"b\"\n2026-01-02 00:00:00,1.5,2\n2026-01-02 00:00:01,-3.25,\n", names: ab, rows: rows},
		{name: "utf-16 le", text: utf16Text(plain, false, true), names: ab, rows: rows},
		{name: "utf-16 be", text: utf16Text(plain, true, true), names: ab, rows: rows},
		{name: "utf-16 le without bom", text: utf16Text(plain, false, false), names: ab, rows: rows},
		{name: "utf-16 be without bom", text: utf16Text(plain, true, false), names: ab, rows: rows},
		{name: "windows-1252", text: "Zeit;Temp \xb0C;Durchfl\xfc\xdfe\n2026-01-02 00:00:00;1,5;2\n2026-01-02 00:00:01;-3,25;\n", names: []string{"Temp °C", "Durchflüße"}, rows: rows},
		{name: "utf-8 names", text: "Zeit;Temp °C;µ\n2026-01-02 00:00:00;1,5;2\n2026-01-02 00:00:01;-3,25;\n", names: []string{"Temp °C", "µ"}, rows: rows},
		{name: "blanks around cells", text: "time , a , b\n2026-01-02 00:00:00 , 1.5 ,  2\n2026-01-02 00:00:01, -3.25 , \n", names: ab, rows: rows},
		{name: "blank lines", text: "\n\ntime,a,b\n\n2026-01-02 00:00:00,1.5,2\n\r\n   \n2026-01-02 00:00:01,-3.25,\n,,\n\n", names: ab, rows: rows},
		{name: "blank delimiter, iso", text: "time a b\n2026-01-02T00:00:00 1.5 2\n2026-01-02T00:00:01  -3.25  .\n", names: ab, rows: []string{"0: 1.5 2", "1: -3.25 ."}, bad: map[FaultKind]int64{BadCell: 1}},
		{name: "blank delimiter, date and time", text: "date time a b\n2026-01-02 00:00:00 1.5 2\n2026-01-02 00:00:01   -3.25 NaN\n", names: ab, rows: rows},
		{name: "date and time in two columns", text: "Date;Time;a;b\n2026-01-02;00:00:00;1.5;2\n2026-01-02;00:00:01;-3.25;\n", names: ab, rows: rows},
		{name: "comments above", text: "# logger 7\n# site: Nord, Halle 2\n" + plain, names: ab, rows: rows},
		{name: "header in a comment", text: "# time,a,b\n2026-01-02 00:00:00,1.5,2\n2026-01-02 00:00:01,-3.25,\n", names: ab, rows: rows},
		{name: "prose above", text: "Trend export\nPrinted by: Operator 3\n\n" + plain, names: ab, rows: rows},
		{name: "metadata pairs above", text: "Station;P-101\nSerial;12345\n" + german, names: ab, rows: rows},
		{name: "units below", text: strings.Replace(plain, "\n", "\ns,bar,°C\n", 1), names: ab, rows: rows, check: func(t *testing.T, d Dialect, _ Report) {
			if !slices.Equal(d.Units, []string{"s", "bar", "°C"}) || !slices.Equal(d.Header, []int{1, 2}) {
				t.Errorf("units %q in lines %v", d.Units, d.Header)
			}
		}},
		{name: "units above", text: ",[bar],[°C]\n" + plain, names: ab, rows: rows},
		{name: "three header lines", text: ",TI-101,FI-202\n,degC,m3/h\n,Reactor temperature,Feed flow\n2026-01-02 00:00,1.5,2\n2026-01-02 00:01,-3.25,NO DATA\n", names: []string{"TI-101", "FI-202"}, rows: []string{"0: 1.5 2", "60: -3.25 ."}},
		{name: "bracketed commands", text: "[Header]\n[Data]\n" + plain + "[End]\n", names: ab, rows: rows},
		{name: "sep line", text: "sep=;\n" + german, names: ab, rows: rows},
		{name: "header again", text: plain + "time,a,b\n2026-01-02 00:00:02,7,8\n", names: ab, rows: append(slices.Clone(rows), "2: 7 8"), check: func(t *testing.T, _ Dialect, r Report) {
			if r.Skipped != 1 {
				t.Errorf("skipped %d", r.Skipped)
			}
		}},
		{name: "delimiter at the end", text: "time,a,b,\n2026-01-02 00:00:00,1.5,2,\n2026-01-02 00:00:01,-3.25,,\n", names: ab, rows: rows},
		{name: "delimiter at the end of data only", text: "time,a,b\n2026-01-02 00:00:00,1.5,2,\n2026-01-02 00:00:01,-3.25,,\n", names: ab, rows: rows},
		{name: "no header", text: "2026-01-02 00:00:00,1.5,2\n2026-01-02 00:00:01,-3.25,\n", names: []string{"(column 2)", "(column 3)"}, rows: rows},
		{name: "stamp is not first", text: "no,when,a\n1,2026-01-02 00:00:00,1.5\n2,2026-01-02 00:00:01,-3.25\n", names: []string{"no", "a"}, rows: []string{"0: 1 1.5", "1: 2 -3.25"}},
		{name: "stamp column by name", text: "made,measured,a\n2026-01-01 00:00:00,2026-01-02 00:00:00,1.5\n2026-01-01 00:00:00,2026-01-02 00:00:01,-3.25\n", o: Options{TimestampColumn: "Measured"}, names: []string{"made", "a"}, rows: []string{"0: . 1.5", "1: . -3.25"}},
		{name: "ragged rows", text: "time,a,b\n2026-01-02 00:00:00,1.5\n2026-01-02 00:00:01\n2026-01-02 00:00:02,1,2,3\n2026-01-02 00:00:03,1,2\n2026-01-02 00:00:04,1,2\n", names: ab, rows: []string{"0: 1.5 .", "1: . .", "3: 1 2", "4: 1 2"}, bad: map[FaultKind]int64{BadRow: 1}},
		{name: "repeated names", text: "time,x,x,y\n2026-01-02 00:00:00,1,2,3\n", names: []string{"x (column 2)", "x (column 3)", "y"}, rows: []string{"0: 1 2 3"}},
		{name: "empty name with data", text: "time,x,,y\n2026-01-02 00:00:00,1,2,3\n", names: []string{"x", "(column 3)", "y"}, rows: []string{"0: 1 2 3"}},
		{name: "bad values", text: "time,a,b\n2026-01-02 00:00:00,Bad,2\n2026-01-02 00:00:01,1,I/O Timeout\n2026-01-02 00:00:02,No Data,nan\n2026-01-02 00:00:03,MISSING,NEGINF\n", names: ab, rows: []string{"0: . 2", "1: 1 .", "2: . .", "3: . ."}},
		{name: "bad numbers when named", text: "time,a,b\n2026-01-02 00:00:00,-9999,2\n2026-01-02 00:00:01,1,-9999.00\n", o: Options{BadValues: []string{"-9999"}}, names: ab, rows: []string{"0: . 2", "1: 1 ."}},
		{name: "bad numbers when not named", text: "time,a\n2026-01-02 00:00:00,-9999\n", names: []string{"a"}, rows: []string{"0: -9999"}},
		{name: "bad cells", text: "time,a,b\n2026-01-02 00:00:00,1,1\n2026-01-02 00:00:01,abc,2\n2026-01-02 00:00:02,=1+2,\"x\"\n", names: ab, rows: []string{"0: 1 1", "1: . 2", "2: . ."}, bad: map[FaultKind]int64{BadCell: 3}},
		{name: "text column", text: "time,state,a\n2026-01-02 00:00:00,Running,1\n2026-01-02 00:00:01,Stopped,2\n", names: []string{"state", "a"}, rows: []string{"0: . 1", "1: . 2"}, check: func(t *testing.T, _ Dialect, r Report) {
			if !slices.Equal(r.TextColumns, []string{"state"}) || r.Text != 2 {
				t.Errorf("text columns %q, %d cells", r.TextColumns, r.Text)
			}
		}},
		{name: "bad stamps", text: "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:61,2\nyesterday,3\n,4\n2026-01-02 00:00:01,5\nTotal 5 rows\n", names: []string{"a"}, rows: []string{"0: 1", "1: 5"}, bad: map[FaultKind]int64{BadStamp: 4}},
		{name: "nul bytes", text: "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:01,2\x00\x00\n2026-01-02 00:00:02,3\n\x00\x00\x00", names: []string{"a"}, rows: []string{"0: 1", "2: 3"}, bad: map[FaultKind]int64{BadRow: 2}},
		{name: "quoted newline", text: "time,note,a\n2026-01-02 00:00:00,\"two\nlines\",1\n2026-01-02 00:00:01,\"say \"\"hi\"\"\",2\n", names: []string{"note", "a"}, rows: []string{"0: . 1", "1: . 2"}},
		{name: "header with newline", text: "time,\"flow\n(m3/h)\",a\n2026-01-02 00:00:00,3,1\n", names: []string{"flow (m3/h)", "a"}, rows: []string{"0: 3 1"}},
		{name: "open quote", text: "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:01,\"2\n2026-01-02 00:00:02,3\n", names: []string{"a"}, rows: []string{"0: 1", "2: 3"}, bad: map[FaultKind]int64{BadRow: 1}},
		{name: "quotes that close badly", text: "time,a\n2026-01-02 00:00:00,1\n2026-01-02 00:00:01,\"2\n2026-01-02 00:00:02,\"3\n2026-01-02 00:00:03,4\n", names: []string{"a"}, rows: []string{"0: 1", "3: 4"}, bad: map[FaultKind]int64{BadRow: 2}},
		{name: "epoch seconds", text: "t,a\n1767312000,1\n1767312001.5,2\n", names: []string{"a"}, rows: []string{"0: 1", "1.5: 2"}},
		{name: "epoch milliseconds", text: "t,a\n1767312000000,1\n1767312001500,2\n", names: []string{"a"}, rows: []string{"0: 1", "1.5: 2"}},
		{name: "epoch microseconds", text: "t,a\n1767312000000000,1\n", names: []string{"a"}, rows: []string{"0: 1"}},
		{name: "epoch nanoseconds", text: "t,a\n1767312000000000000,1\n", names: []string{"a"}, rows: []string{"0: 1"}},
		{name: "iso with offset", text: "t,a\n2026-01-02T01:00:00+01:00,1\n2026-01-02T00:00:01Z,2\n2026-01-02T00:00:02.25Z,3\n", names: []string{"a"}, rows: []string{"0: 1", "1: 2", "2.25: 3"}},
		{name: "fraction comes and goes", text: "t,a\n2026-01-02T00:00:00,1\n2026-01-02T00:00:00.500000,2\n2026-01-02T00:00:01,3\n", names: []string{"a"}, rows: []string{"0: 1", "0.5: 2", "1: 3"}},
		{name: "month first when pinned", text: "t,a\n1/2/2026 0:00,1\n1/2/2026 0:01,2\n", o: Options{TimestampFormat: "M/d/yyyy H:mm"}, names: []string{"a"}, rows: []string{"0: 1", "60: 2"}},
		{name: "newest first", text: "t,a\n2026-01-02 00:00:02,3\n2026-01-02 00:00:01,2\n2026-01-02 00:00:00,1\n", names: []string{"a"}, rows: []string{"2: 3", "1: 2", "0: 1"}, check: func(t *testing.T, _ Dialect, r Report) {
			if r.OutOfOrder != 2 {
				t.Errorf("%d rows out of order", r.OutOfOrder)
			}
		}},
		{name: "exponents and signs", text: "t,a,b\n2026-01-02 00:00:00,+1.5E+00,2e0\n2026-01-02 00:00:01,-325e-2,\n", names: ab, rows: rows},
		{name: "many digits", text: "t,a,b\n2026-01-02 00:00:00,1.50000000000000000000,2.000000000\n2026-01-02 00:00:01,-3.250000000,\n", names: ab, rows: rows},
		{name: "pinned header lines", text: "junk,x,y\ntime,a,b\nmore,u,v\n2026-01-02 00:00:00,1.5,2\n2026-01-02 00:00:01,-3.25,\n", o: Options{Header: []int{2, 3}}, names: ab, rows: rows, check: func(t *testing.T, d Dialect, _ Report) {
			if !slices.Equal(d.Units, []string{"more", "u", "v"}) {
				t.Errorf("units %q", d.Units)
			}
		}},
		{name: "pinned delimiter and decimal", text: "time;a,x;b\n2026-01-02 00:00:00;15;2\n2026-01-02 00:00:01;-3,25;\n", o: Options{Delimiter: ";", Decimal: ","}, names: []string{"a,x", "b"}, rows: []string{"0: 15 2", "1: -3.25 ."}},
		{name: "pinned point", text: "time;a\n2026-01-02 00:00:00;1,5\n", o: Options{Decimal: "."}, names: []string{"a"}, rows: []string{"0: ."}, bad: map[FaultKind]int64{BadCell: 1}},
		{name: "fixed zone", text: "t,a\n2026-01-02 05:30:00,1\n", o: Options{Zone: time.FixedZone("+05:30", 19800)}, names: []string{"a"}, rows: []string{"0: 1"}},
		{name: "first row has a bad stamp", text: "time,a\nsoon,1\n2026-01-02 00:00:01,2\n", names: []string{"a"}, rows: []string{"1: 2"}, bad: map[FaultKind]int64{BadStamp: 1}},
	}
}

func TestDialects(t *testing.T) {
	t.Parallel()
	for _, c := range dialectSamples() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, names, rows := readRows(t, c.text, c.o)
			if !slices.Equal(names, c.names) {
				t.Errorf("names %q, want %q", names, c.names)
			}
			if !slices.Equal(rows, c.rows) {
				t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(c.rows, "\n"))
			}
			rep := r.Report()
			for _, k := range []FaultKind{BadStamp, GapStamp, Ambiguous, BadCell, BadRow} {
				if rep.Bad[k] != c.bad[k] {
					t.Errorf("%d faults of kind %s, want %d: %+v", rep.Bad[k], k, c.bad[k], rep.Faults)
				}
			}
			if rep.Used != int64(len(c.rows)) || rep.Rows != rep.Used+rep.Bad[BadStamp]+rep.Bad[BadRow]+rep.Bad[GapStamp]+rep.Bad[Ambiguous] {
				t.Errorf("the counts do not add up: %+v", rep)
			}
			if want := int64(countValues(c.rows)); rep.Values != want {
				t.Errorf("%d values counted, want %d", rep.Values, want)
			}
			for _, f := range rep.Faults {
				if f.Line == 0 || f.Text == "" || f.Reason == "" {
					t.Errorf("fault %+v does not say what and where", f)
				}
			}
			if c.check != nil {
				c.check(t, r.Dialect(), rep)
			}
		})
	}
}

func countValues(rows []string) (n int) {
	for _, row := range rows {
		for _, cell := range strings.Fields(row)[1:] {
			if cell != "." {
				n++
			}
		}
	}
	return n
}

var epoch2026 = time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).UnixNano()

// readRows reads a file and gives its rows as in sample. In the long layout a
// row is "seconds: tag=value".
func readRows(t testing.TB, text string, o Options) (*Reader, []string, []string) {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatalf("%v", err)
	}
	rows, err := drain(r)
	if err != nil {
		t.Fatal(err)
	}
	return r, r.Names(), rows
}

func drain(r *Reader) (rows []string, err error) {
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for i := range b.Len() {
			row := strconv.FormatFloat(float64(b.Times[i]-epoch2026)/1e9, 'f', -1, 64) + ":"
			for c := range b.Columns {
				v := "."
				if f := b.Columns[c][i]; f == f {
					v = strconv.FormatFloat(f, 'f', -1, 64)
				}
				if b.Sensor != nil {
					v = r.Names()[b.Sensor[i]] + "=" + v
				}
				row += " " + v
			}
			rows = append(rows, row)
		}
	}
}

// Every sample in every guise: batches, delimiters and line ends do not change
// what is read.
func TestReportedLines(t *testing.T) {
	t.Parallel()
	text := "# export\ntime,a,b\ns,bar,C\n\n2026-01-02 00:00:00,1,2\n2026-01-02 00:00:01,x,2\n\n2026-01-02 00:00:02,\"q\nr\",y\n2026-01-02 00:00:03,1,2\nbroken,1,2\n"
	var got []string
	o := Options{Lines: true, OnFault: func(f Fault) { got = append(got, fmt.Sprintf("%d %s %q %s", f.Line, f.Column, f.Text, f.Kind)) }}
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if want := []int64{5, 6, 8, 10}; !slices.Equal(b.Lines, want) {
		t.Errorf("lines %v, want %v", b.Lines, want)
	}
	want := []string{`6 a "x" value`, `8 a "q\nr" value`, `8 b "y" value`, `11  "broken,1,2" timestamp`}
	if !slices.Equal(got, want) {
		t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
