package simulate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestHistoryHasFaultsOnlyWhereLabelled holds each row against a healthy plant's.
func TestHistoryHasFaultsOnlyWhereLabelled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := History{Seed: 3, Rate: 10 * time.Minute, Weeks: 3}
	if err := h.Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "labels.csv"))
	if err != nil {
		t.Fatal(err)
	}
	var faults []stretch
	for line := range strings.Lines(string(text)) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), ",")
		a, err1 := time.Parse(labelForm, from)
		b, err2 := time.Parse(labelForm, to)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		faults = append(faults, stretch{a, b})
	}
	healthy := t.TempDir()
	l := Logger{Dir: healthy, Plant: New(Options{Seed: 3, Rate: h.Rate})}
	files, err := filepath.Glob(filepath.Join(dir, "*", "pump-7", "*.csv"))
	if err != nil || len(files) != 3+2 {
		t.Fatalf("%v, %v", files, err)
	}
	rows, worn := 0, map[int]int{}
	for _, path := range files {
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := bytes.Split(bytes.TrimSpace(got), []byte("\n"))[1:]
		first, _ := time.Parse(time.RFC3339, string(lines[0][:20]))
		last, _ := time.Parse(time.RFC3339, string(lines[len(lines)-1][:20]))
		want := bytes.Split(l.rows("pump-7", first.Add(-h.Rate), last), []byte("\n"))[1:]
		for i, line := range lines {
			at := first.Add(time.Duration(i) * h.Rate)
			rows++
			in := -1
			for k, f := range faults {
				if at.After(f.from) && !at.After(f.to) {
					in = k
				}
			}
			if same := bytes.Equal(line, want[i]); !same && in < 0 {
				t.Fatalf("%s is worn: %s", at, line)
			} else if !same {
				worn[in]++
			}
		}
	}
	if rows != int(4.5*7*24*6) || len(faults) != 3 || len(worn) != 3 {
		t.Errorf("%d rows, %d faults, rows worn in each: %v", rows, len(faults), worn)
	}
}
