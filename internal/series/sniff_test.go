package series

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func sniffOf(t *testing.T, text string, o Options) Dialect {
	t.Helper()
	r, err := NewReader(strings.NewReader(text), o)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return r.Dialect()
}

func TestDialectAsText(t *testing.T) {
	t.Parallel()
	d := sniffOf(t, "\xef\xbb\xbfZeit;Druck;Temp\n;bar;°C\n2026-01-02 00:00:00;1,5;20,25\n", Options{})
	const want = `utf-8 with BOM; delimiter ';'; decimal ','; names in line 1, units or descriptions in line 2; timestamp in column "Zeit" as yyyy-MM-dd HH:mm:ss, zone UTC; layout wide`
	if d.String() != want {
		t.Errorf("%s\nwant\n%s", d, want)
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var back Dialect
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.String() != want || len(back.Units) != 3 || back.Units[1] != "bar" {
		t.Errorf("%s becomes %+v", text, back)
	}
}

// What cannot be used says why, where, and what to do.
func TestHopeless(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text  string
		o     Options
		want  string
		empty bool
	}{
		"empty":                     {text: "", want: "empty", empty: true},
		"blank lines":               {text: "\n\n  \n", want: "empty", empty: true},
		"header only":               {text: "time,a,b\n", want: "no data row yet", empty: true},
		"month first":               {text: "time,a\n7/20/2001 11:07,1\n", want: `pin csv.timestamp_format: "M/d/yyyy H:mm"`},
		"day first":                 {text: "time;a\n20.07.2001 11:07:00;1\n", want: `never guessed; pin csv.timestamp_format: "d.M.yyyy H:mm:ss"`},
		"day first, decimal commas": {text: "time;a;b\n20.07.2001 11:07:00;1,5;2\n", want: `never guessed; pin csv.timestamp_format: "d.M.yyyy H:mm:ss"`},
		"one decimal comma":         {text: "time;a\n20.09.2026 00:00:00;1,5\n", want: `"20.09.2026 00:00:00" begins with day or month, and which one is never guessed; pin csv.timestamp_format: "d.M.yyyy H:mm:ss"`},
		"day or month":              {text: "time,a\n7/8/2001 11:07 PM,1\n", want: "only you know which"},
		"workbook":                  {text: "PK\x03\x04....", want: "export it as CSV"},
		"prose":                     {text: "Dear all,\nthe pump is broken.\n", want: "pin"},
		"wrong pin":                 {text: "time,a\n2026-01-02 00:00:00,1\n", o: Options{TimestampFormat: "M/d/yyyy H:mm"}, want: "correct csv.timestamp_format"},
		"no such column":            {text: "time,a\n2026-01-02 00:00:00,1\n", o: Options{TimestampColumn: "when"}, want: "correct csv.timestamp_column"},
		"too many columns":          {text: "time,a,b,c\n2026-01-02 00:00:00,1,2,3\n", o: Options{MaxColumns: 3}, want: "limits.columns"},
		"long needs three":          {text: "time,a\n2026-01-02 00:00:00,1\n", o: Options{Layout: Long}, want: "csv.layout"},
		"date but no time":          {text: "date,a\n2026-01-02,1\n2026-01-03,2\n", want: "pin csv.timestamp_format"},
		"larger than limit":         {text: "time,a\n2026-01-02 00:00:00,1\n", o: Options{MaxBytes: 10}, want: "limits.file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := NewReader(strings.NewReader(c.text), c.o)
			var h *HopelessError
			if !errors.As(err, &h) {
				t.Fatalf("%v is no HopelessError", err)
			}
			if !strings.Contains(strings.ToLower(h.Error()), strings.ToLower(c.want)) || h.Empty != c.empty {
				t.Errorf("%v (empty %v), want %q", h, h.Empty, c.want)
			}
		})
	}
}

func TestWrongOptions(t *testing.T) {
	t.Parallel()
	for _, o := range []Options{{Delimiter: "x"}, {Decimal: "'"}, {Encoding: "ebcdic"}, {Layout: "tall"}, {Header: []int{0}}, {TimestampFormat: "QQ"}} {
		if _, err := NewReader(strings.NewReader("time,a\n2026-01-02 00:00,1\n"), o); err == nil || !strings.Contains(err.Error(), "csv.") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func FuzzSniff(f *testing.F) {
	for _, c := range dialectSamples() {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := NewReader(strings.NewReader(string(text)), Options{Layout: Auto})
		if err != nil {
			var h *HopelessError
			if !errors.As(err, &h) {
				t.Fatalf("%v is no HopelessError", err)
			}
			return
		}
		d := r.Dialect()
		kept, err := json.Marshal(d)
		if err != nil || d.String() == "" {
			t.Fatal(err)
		}
		if r.Resumable() {
			var back Dialect
			if err := json.Unmarshal(kept, &back); err != nil {
				t.Fatal(err)
			}
			if _, err := NewReader(strings.NewReader("x\n"), Options{Resume: &Resume{Dialect: back, Offset: 1, Line: 1}}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
