package sink

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestCells(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"pump\\flow", "pump\\flow"},
		{"=1+1", "'=1+1"},
		{"+41", "'+41"},
		{"-pump", "'-pump"},
		{"@SUM(A1)", "'@SUM(A1)"},
		{"  =1", `'  =1`},
		{"\t=1", `' =1`},
		{"\r\n=1", `'  =1`},
		{"＝1", "'＝1"},
		{"=1+1\\x", "'=1+1\\x"},
		{" =1+1\\x", "' =1+1\\x"},
		{"\u00a0@x\\y", "'\u00a0@x\\y"},
		{"＝x\\y", "'＝x\\y"},
		{"-x\\y", "'-x\\y"},
		{"a=1", "a=1"},
		{"a,b", `"a,b"`},
		{"a;b", `"a;b"`},
		{`say "no"`, `"say ""no"""`},
		{"=HYPERLINK(\"x\",\"y\")", `"'=HYPERLINK(""x"",""y"")"`},
		{"two\nlines", "two lines"},
		{"nul\x00", `"nul "`},
		{"\xff", "\uFFFD"},
		{"\u202egnp.exe", `" gnp.exe"`},
	} {
		if got := string(appendText(nil, c.text)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
}

// FuzzCell: whatever was written by others is one cell of one line, and no formula.
func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "=1", `"`, "a,b\r\nc", "\x00", "\xff=", " -1", "＋", "'", "\u2028=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := append(appendText([]byte("1,"), text), ",2\n"...)
		if strings.Count(string(line), "\n") != 1 {
			t.Fatalf("%q is more than a line: %q", text, line)
		}
		all, err := csv.NewReader(strings.NewReader(string(line))).ReadAll()
		if err != nil || len(all) != 1 || len(all[0]) != 3 || all[0][0] != "1" || all[0][2] != "2" {
			t.Fatalf("%q is read as %q, %v", text, all, err)
		}
		cell := all[0][1]
		if formula(cell) || strings.IndexFunc(cell, unicode.IsControl) >= 0 || !utf8.ValidString(cell) {
			t.Fatalf("%q: the cell is %q", text, cell)
		}
	})
}
