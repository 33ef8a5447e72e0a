package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file, text string
		d                dialect
		plain            string
		real             string
	}{
		{
			"semicolons, decimal commas, names with blanks", "Pumpe 7.csv", "\ufeffZeit;Druck (bar);n\n05.01.2026 08:00:01;1,5;2\n05.01.2026 08:00:00;;3\n",
			dialect{delimiter: "auto"},
			"Timestamp,Druck__bar_,n\n2026-01-05T08:00:01Z,1.5,2\n2026-01-05T08:00:00Z,,3\n",
			"Zeit;Druck (bar);n\n05.01.2026 08:00:01;1,5;2\n05.01.2026 08:00:00;;3\n",
		},
		{
			"columns left out, a stamp that is not first", "x.csv", "a,time,b,c\n1,2026-01-05T08:00:00.25,2,x\n",
			dialect{delimiter: ",", timeName: "time", drop: []string{"a", "c"}},
			"Timestamp,b\n2026-01-05T08:00:00.25Z,2\n", "time,b\n2026-01-05T08:00:00.25,2\n",
		},
		{
			"gzip, tabs", "x.csv.gz", "t\ta\tb\tc\n2026-01-05 08:00\t1e3\t1_0\t .5\n",
			dialect{delimiter: "auto"},
			"Timestamp,a,b,c\n2026-01-05T08:00:00Z,1e3,,.5\n", "t\ta\tb\tc\n2026-01-05 08:00\t1e3\t1_0\t\" .5\"\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), tt.file)
			text := []byte(tt.text)
			if strings.HasSuffix(path, ".gz") {
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				_, _ = w.Write(text)
				_ = w.Close()
				text = b.Bytes()
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			f, err := load(path, tt.d)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.plain(f.rows)); got != tt.plain {
				t.Errorf("plain: got\n%swant\n%s", got, tt.plain)
			}
			if got := string(f.original(f.rows)); got != tt.real {
				t.Errorf("original: got\n%swant\n%s", got, tt.real)
			}
			if strings.Contains(f.component, " ") {
				t.Errorf("component %q", f.component)
			}
		})
	}
}

// TestCut: a drop has the rows of (end-period, end], in the file's order.
func TestCut(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	f := &sensors{component: "p", comma: ',', header: []string{"t", "a"}}
	for _, second := range []int{0, 301, 299, 300, 900} {
		at := start.Add(time.Duration(second) * time.Second)
		f.rows = append(f.rows, row{at, []string{at.Format(time.RFC3339), "1"}})
	}
	drops, plain, rows := f.cut(start, 15*time.Minute, 5*time.Minute)
	if rows != 4 || len(drops) != 3 || len(plain) != 3 {
		t.Fatalf("%d rows in %d drops", rows, len(drops))
	}
	var got []string
	for _, d := range drops {
		got = append(got, d.At.Format("15:04")+"="+strings.Join(strings.Fields(string(d.Content))[1:], " "))
	}
	want := []string{"08:00=2026-01-05T08:00:00Z,1", "08:05=2026-01-05T08:04:59Z,1 2026-01-05T08:05:00Z,1", "08:10=2026-01-05T08:05:01Z,1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"PT1S", "PT30S", "PT1M", "PT5M", "PT1H", "PT1H30M"} {
		d, err := iso(text)
		if err != nil || period(d) != text {
			t.Errorf("%s becomes %s: %v", text, period(d), err)
		}
	}
}

func TestTableTellsOfFaults(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	fine := outcome{name: "a.csv", rate: time.Minute, windows: tally{true, 3, 3, 0}}
	if !table(&b, []outcome{fine}) || !strings.Contains(b.String(), "3 of 3") {
		t.Error(b.String())
	}
	bad := fine
	bad.faults = []string{"in/a_1.csv differs in " + differing("x\ny\n", "x\nz\n")}
	if b.Reset(); table(&b, []outcome{fine, bad}) || !strings.Contains(b.String(), "line 2:\n   got y\n  want z") {
		t.Error(b.String())
	}
}

// TestStage: what is fatal ends the work on one file only.
func TestStage(t *testing.T) {
	t.Parallel()
	var dir string
	cleaned := 0
	faults := on(context.Background(), "a", func(s *stage) {
		dir = s.TempDir()
		s.Cleanup(func() { cleaned++ })
		s.Errorf("first %d", 1)
		s.Fatal("second")
		s.Fatal("never")
	})
	defer os.RemoveAll(filepath.Dir(dir))
	if !slices.Equal(faults, []string{"first 1", "second"}) || cleaned != 1 {
		t.Errorf("%q, cleaned %d times", faults, cleaned)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error("what a fault left behind is gone")
	}
	if faults := on(context.Background(), "b", func(s *stage) { dir = s.TempDir() }); len(faults) > 0 {
		t.Error(faults)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("folders stay when all is well")
	}
}
