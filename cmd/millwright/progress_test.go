package main

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"pgregory.net/rapid"

	"millwright/backfill"
)

// screen is a terminal of so many columns that does what progress asks of one.
type screen struct {
	t       *testing.T
	columns int
	mu      sync.Mutex
	lines   []string
	row     int
	writes  int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	text, column := string(p), 0
	if s.lines == nil {
		s.lines = []string{""}
	}
	for text != "" {
		var up int
		switch {
		case strings.HasPrefix(text, clearLine):
			text = text[len(clearLine):]
			s.lines[s.row] = s.lines[s.row][:min(column, len(s.lines[s.row]))]
		case strings.HasPrefix(text, clearBelow):
			text = text[len(clearBelow):]
			s.lines = s.lines[:s.row+1]
			s.lines[s.row] = s.lines[s.row][:min(column, len(s.lines[s.row]))]
		case strings.HasPrefix(text, "\x1b"):
			if n, err := fmt.Sscanf(text, upLines, &up); n != 1 || err != nil || up > s.row {
				s.t.Fatalf("%q with the cursor in line %d", text[:min(10, len(text))], s.row)
			}
			s.row -= up
			_, text, _ = strings.Cut(text, "A")
		case text[0] == '\r':
			text, column = text[1:], 0
		case text[0] == '\n':
			if text, column = text[1:], 0; s.row == len(s.lines)-1 {
				s.lines = append(s.lines, "")
			}
			s.row++
		default:
			if column >= s.columns {
				s.t.Errorf("a line of more than %d columns: %q", s.columns, s.lines[s.row])
			}
			line := []byte(s.lines[s.row])
			if column == len(line) {
				line = append(line, 0)
			}
			line[column] = text[0]
			s.lines[s.row] = string(line)
			text, column = text[1:], column+1
		}
	}
	return len(p), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.TrimRight(strings.Join(s.lines, "\n"), "\n")
}

func TestProgressOnAScreen(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		columns              int
		first, second, ended string
	}{
		{
			80,
			"read files  [#######------------------]  2.4 MB / 8.0 MB    1.1 MB/s  5.0s left",
			"read files: 8.0 MB in 6.0s, 1.3 MB/s\nupload  [#######---------------------]  2 / 8       0.3/s  18s left",
			"read files: 8.0 MB in 6.0s, 1.3 MB/s\nupload: 8 in 7.9s, 1.0/s",
		},
		{
			40,
			"read files   30 %  1.1 MB/s  5.0s left",
			"read files: 8.0 MB in 6.0s, 1.3 MB/s\nupload   25 %  0.3/s  18s left",
			"read files: 8.0 MB in 6.0s, 1.3 MB/s\nupload: 8 in 7.9s, 1.0/s",
		},
		{20, "read files   30 %", "read files: 8.0 MB\nupload   25 %", "read files: 8.0 MB\nupload: 8"},
		{8, "read fi", "read fi\nupload", "read fi\nupload:"},
		{1, "", "", ""},
	} {
		t.Run(fmt.Sprint(c.columns), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &screen{t: t, columns: c.columns}
				shows := func(want string) {
					t.Helper()
					synctest.Wait()
					if got := s.String(); got != strings.TrimRight("\n"+want, "\n") {
						t.Errorf("got\n%s\nwant\n%s", got, want)
					}
				}
				p := startProgress(s, func() int { return c.columns })
				files := p.Step("read files", backfill.UnitBytes, 8_000_000)
				for range 2 {
					time.Sleep(time.Second)
					files.Add(1_200_000)
				}
				fmt.Fprintln(p)
				time.Sleep(time.Second / refreshes)
				shows(c.first)
				upload := p.Step("upload", backfill.UnitObjects, 0)
				upload.Total(8)
				time.Sleep(4*time.Second - time.Second/refreshes)
				files.Add(8_000_000 - 2_400_000)
				files.Done()
				upload.Add(2)
				time.Sleep(2 * time.Second)
				shows(c.second)
				upload.Add(6)
				time.Sleep(2 * time.Second)
				upload.Done()
				p.wait()
				shows(c.ended)
				writes := s.writes
				p.wait()
				time.Sleep(time.Minute)
				if s.writes != writes || writes > 10*refreshes+4 {
					t.Errorf("%d writes in ten seconds, %d after the end", writes, s.writes-writes)
				}
			})
		})
	}
}

// What is logged stands above the steps, whole.
func TestProgressLetsLogsThrough(t *testing.T) {
	t.Parallel()
	s := &screen{t: t, columns: 40}
	p := startProgress(s, func() int { return 40 })
	step := p.Step("step", backfill.UnitBytes, 0)
	for i := range 3 {
		fmt.Fprintf(p, "line %d\n", i)
	}
	step.Total(2) // fewer than are done
	step.Add(4)
	other := p.Step("left \x1b[31mred\nbehind", backfill.UnitObjects, 5)
	other.Add(1)
	step.Done()
	step.Done()
	p.wait()
	if got := s.String(); !strings.HasPrefix(got, "line 0\nline 1\nline 2\nstep: 4 B in 0.0s, 4") || !strings.Contains(got, "\nleft ?[31mred?behind   20 %") {
		t.Errorf("got\n%s", got)
	}
}

// A step that takes days, and one that says nothing, keep to their line.
func TestProgressLineFits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &progressLine{name: rapid.StringN(1, 60, -1).Draw(t, "name"), n: new(atomic.Int64), unit: backfill.Unit(rapid.IntRange(0, 1).Draw(t, "unit"))}
		l.n.Store(rapid.Int64Min(0).Draw(t, "n"))
		l.total.Store(rapid.Int64Min(0).Draw(t, "total"))
		l.rate = rapid.Float64Range(0, 1e18).Draw(t, "rate")
		width := rapid.IntRange(-1, 200).Draw(t, "width")
		for _, text := range []string{l.text(width, rapid.IntRange(0, 80).Draw(t, "names")), l.last(width)} {
			if columns(text) > max(0, width) || strings.ContainsFunc(text, unicode.IsControl) {
				t.Fatalf("%q in %d columns", text, width)
			}
		}
	})
}
