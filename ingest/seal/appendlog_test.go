package seal

import (
	"encoding/csv"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"millwright/internal/window"
)

// appender is an appendLog with a ledger of one map.
type appender struct {
	t       fataler
	dir     string
	log     *appendLog
	lengths map[string]int64
}

func newAppender(t fataler, dir string) *appender {
	return &appender{t: t, dir: dir, log: newAppendLog(dir), lengths: map[string]int64{}}
}

func (a *appender) register(list []window.Append) error {
	for _, p := range list {
		a.lengths[p.Path] = p.Length
	}
	return nil
}

// step appends lines to a file; it dies before the ledger has it unless commit is set.
func (a *appender) step(name string, commit bool, lines ...string) {
	a.t.Helper()
	for _, l := range lines {
		a.log.line(name, "head\n", func(b []byte) []byte { return append(b, l+"\n"...) })
	}
	if err := a.log.flush(a.register); err != nil {
		a.t.Fatal(err)
	}
	appends, err := a.log.sync()
	if err != nil {
		a.t.Fatal(err)
	}
	if !commit {
		a.log.abort()
		return
	}
	if err := a.register(appends); err != nil {
		a.t.Fatal(err)
	}
	a.log.committed(appends)
}

func (a *appender) restart() {
	a.t.Helper()
	a.log = newAppendLog(a.dir)
	if err := a.log.load(a.lengths); err != nil {
		a.t.Fatal(err)
	}
}

func (a *appender) content(name string) string {
	b, err := os.ReadFile(filepath.Join(a.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		a.t.Fatal(err)
	}
	return string(b)
}

func TestAppendedLinesCountOnceCommitted(t *testing.T) {
	t.Parallel()
	const name = "late/pump/20260105.csv"
	a := newAppender(t, t.TempDir())
	a.step(name, false, "a", "b") // dies: registered with length 0
	a.restart()
	if got := a.content(name); got != "" {
		t.Fatalf("not cut off: %q", got)
	}
	a.step(name, true, "a", "b")
	a.step(name, false, "c")
	a.step(name, true, "c") // the same process tries again
	a.step(name, false, "d", "e", "f")
	a.restart()
	if got := a.content(name); got != "head\na\nb\nc\n" {
		t.Fatalf("content %q", got)
	}
}

func TestAFileThatSomebodyTookAwayIsBegunAnew(t *testing.T) {
	t.Parallel()
	const name = "late/pump/20260105.csv"
	a := newAppender(t, t.TempDir())
	a.step(name, true, "a", "b")
	if err := os.Remove(filepath.Join(a.dir, name)); err != nil {
		t.Fatal(err)
	}
	a.step(name, false, "c")
	a.restart()
	a.step(name, true, "c")
	if got := a.content(name); got != "head\nc\n" {
		t.Fatalf("content %q", got)
	}
}

// After the ledger was lost, what is in the files stays: it may be the only copy.
func TestAFileThatTheLedgerDoesNotKnowIsGoneOnWith(t *testing.T) {
	t.Parallel()
	const name = "late/pump/20260105.csv"
	a := newAppender(t, t.TempDir())
	a.step(name, true, "a", "b")
	clear(a.lengths)
	f, err := os.OpenFile(filepath.Join(a.dir, name), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("half a li"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	a.restart()
	a.step(name, false, "c")
	a.restart()
	a.step(name, true, "c")
	if got := a.content(name); got != "head\na\nb\nc\n" {
		t.Fatalf("content %q", got)
	}
}

func TestAnySequenceOfStepsAndCrashesKeepsTheCommittedLines(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "append")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		a, want := newAppender(t, dir), map[string]string{}
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"late/a/1.csv", "late/b/1.csv", "repeats/a/2.csv"}).Draw(t, "file")
			line := rapid.StringMatching(`[a-z]{0,5}`).Draw(t, "line")
			commit := rapid.Bool().Draw(t, "commit")
			a.step(name, commit, line)
			if commit {
				if want[name] == "" {
					want[name] = "head\n"
				}
				want[name] += line + "\n"
			}
			if rapid.Bool().Draw(t, "restart") {
				a.restart()
			}
		}
		a.restart()
		got := maps.Clone(want)
		for name := range got {
			got[name] = a.content(name)
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

// Names of drops are somebody else's: none may break a line or a column.
func FuzzLateLine(f *testing.F) {
	f.Add("day/a.csv", 1.5, int64(1), int64(7))
	f.Add("a,\"b\"\r\n=cmd()", -0.25, int64(-1), int64(1)<<40)
	f.Fuzz(func(t *testing.T, name string, v float64, at, lineNumber int64) {
		l := line{kind: kindRepeat, time: at, sensor: "flow", value: v, drop: name, line: lineNumber, kept: v, keptDrop: name, keptLine: 1}
		r := csv.NewReader(strings.NewReader(string(l.text(nil))))
		record, err := r.Read()
		if err != nil || len(record) != 8 {
			t.Fatalf("%q: %v, %v", l.text(nil), record, err)
		}
		// encoding/csv turns \r\n into \n within quotes
		if name != "" && strings.Contains("=+-@\t\r", name[:1]) {
			name = "'" + name // no formula for a spreadsheet
		}
		if want := strings.ReplaceAll(name, "\r\n", "\n"); record[3] != want || record[6] != want {
			t.Fatalf("name %q became %q", name, record[3])
		}
		if _, err := r.Read(); err == nil {
			t.Fatal("more than one line")
		}
	})
}

func FuzzSpoolName(f *testing.F) {
	f.Add("pump_20260105T100000Z.g1.csv")
	f.Add("pu_mp.g2_20260105T100000Z.g12.csv")
	f.Add("..csv")
	f.Fuzz(func(t *testing.T, name string) {
		id, generation, ok := parseName("s", name)
		if !ok {
			return
		}
		again, g, ok := parseName("s", filepath.Base(Dirs{}.path(id, generation)))
		if !ok || again != id || g != generation {
			t.Fatalf("%q: %+v %d, then %+v %d", name, id, generation, again, g)
		}
	})
}
