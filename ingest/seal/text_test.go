package seal

import (
	"encoding/csv"
	"strings"
	"testing"
)

// The name of a drop is whatever a sender chose.
func TestNamesOfDropsStayText(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"a.csv":                          "a.csv",
		"sub/=a.csv":                     "sub/=a.csv",
		`=HYPERLINK("http://x","a").csv`: `'=HYPERLINK("http://x","a").csv`,
		"@a,b.csv":                       "'@a,b.csv",
		"-1\nb.csv":                      "'-1\nb.csv",
	} {
		l := line{kind: kindRepeat, sensor: "flow", drop: name, keptDrop: name}
		fields, err := csv.NewReader(strings.NewReader(string(l.text(nil)))).Read()
		if err != nil || len(fields) != 8 || fields[3] != want || fields[6] != want {
			t.Errorf("%q: %q, %v", name, fields, err)
		}
	}
}
