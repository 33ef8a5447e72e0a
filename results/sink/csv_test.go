package sink

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
)

func csvOf(t testing.TB, s *site, dir string) *csvSink {
	t.Helper()
	return made(t, Settings{Kind: "csv", State: s.state, Dir: dir}).(*csvSink)
}

// send sends everything from a message on, as often as it takes.
func (s *site) send(t testing.TB, k Sink, from int) {
	t.Helper()
	for from < len(s.ms) {
		n, err := k.Send(t.Context(), s.ms[from:])
		if err != nil {
			t.Fatal(err)
		}
		from += n
	}
}

func TestCSVGolden(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	k := csvOf(t, s, dir)
	s.result(t, "pump-7", 10, 1)
	s.result(t, "pump-7", 11, 1) // its last row is the next day's first
	s.event(t, "pump-7", 10, 1, event.Open)
	s.alarm(t, "pump-7", 11, 2, outbox.Raised)
	s.send(t, k, 0)
	for path, want := range map[string]string{
		"pump-7/2026-01-05.csv": ResultHeader +
			`2026-01-05T23:51:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235000Z/result/1
2026-01-05T23:52:00Z,pump-7,1,ANOMALY_DETECTED,0.75,pump\speed,0.75,1,pump-7/20260105T235000Z/result/1
2026-01-05T23:53:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235000Z/result/1
2026-01-05T23:54:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235000Z/result/1
2026-01-05T23:55:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235000Z/result/1
2026-01-05T23:56:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235500Z/result/1
2026-01-05T23:57:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235500Z/result/1
2026-01-05T23:58:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235500Z/result/1
2026-01-05T23:59:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.25,pump\speed,0.75,1,pump-7/20260105T235500Z/result/1
`,
		"pump-7/2026-01-06.csv": ResultHeader + "2026-01-06T00:00:00Z,pump-7,0,MACHINE_OFF,,,,1,pump-7/20260105T235500Z/result/1\n",
		"pump-7/events-2026-01.csv": eventHeader +
			"pump-7/20260105T235000Z/event/1,1,pump-7,20260105T235000Z,open,2026-01-05T23:50:00Z,2026-01-05T23:51:00Z,60,1,0.875,2026-01-05T23:50:00Z,'=pump\\flow,0.5,2026-01-05T23:57:00Z\n",
		"pump-7/alarms-2026-01.csv": alarmHeader +
			"pump-7/20260105T235500Z/alarm/2,2,pump-7,failed,raised,2026-01-05T23:55:00Z,2026-01-05T23:55:00Z,2,\"no data for \"\"flow\"\", says the service\",look at it,2026-01-05T23:55:00Z,,2026-01-06T00:02:00Z\n",
	} {
		if got := read(t, filepath.Join(dir, filepath.FromSlash(path))); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
		}
	}
}

// TestCSVNextGeneration: what replaces a result is appended, so that the last row
// of a timestamp counts; what was replaced before it was written is left out.
func TestCSVNextGeneration(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	k := csvOf(t, s, dir)
	s.result(t, "pump-7", 0, 1)
	s.send(t, k, 0)
	s.resultOf(t, "pump-7", 0, 2, rows(0)[:2])
	s.resultOf(t, "pump-7", 0, 3, rows(0)[:4]) // takes the file's place before 2 is written
	s.send(t, k, 1)
	all := table(t, filepath.Join(dir, "pump-7", "2026-01-05.csv"))
	var generations []string
	for _, line := range all[1:] {
		generations = append(generations, line[7])
	}
	if got := strings.Join(generations, ""); got != "111113333" {
		t.Errorf("the generations of the lines are %s", got)
	}
}

func table(t testing.TB, path string) [][]string {
	t.Helper()
	all, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestCSVBatchAgain: a batch whose cursor was lost is taken back, one that others
// have written behind is not.
func TestCSVBatchAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(path string) error
		again bool // the lines are there twice
	}{
		{"whole", func(string) error { return nil }, false},
		{"torn", func(path string) error { return os.Truncate(path, 700) }, false},
		{"gone", os.Remove, false},
		{"written by others", func(path string) error { return appendBytes(path, "theirs") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, dir := newSite(t), t.TempDir()
			s.result(t, "pump-7", 0, 1)
			s.send(t, csvOf(t, s, dir), 0)
			s.result(t, "pump-7", 1, 1)
			s.send(t, csvOf(t, s, dir), 1)
			path := filepath.Join(dir, "pump-7", "2026-01-05.csv")
			before := read(t, path)
			if err := c.spoil(path); err != nil {
				t.Fatal(err)
			}
			s.result(t, "pump-7", 2, 1) // the batch may be another one but for its begin
			s.send(t, csvOf(t, s, dir), 1)
			after := read(t, path)
			switch {
			case c.name == "gone":
				if !strings.HasPrefix(after, ResultHeader+"2026-01-05T23:06:00Z") {
					t.Errorf("the new file begins with %.200s", after)
				}
			case c.again:
				if !strings.HasPrefix(after, before+"theirs\n2026-01-05T23:06:00Z,") {
					t.Errorf("what others wrote is gone:\n%s", after)
				}
			case !strings.HasPrefix(after, before) || strings.Count(after, "\n") != 1+3*5:
				t.Errorf("got %d bytes:\n%s", len(after), after)
			}
		})
	}
}

func appendBytes(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

func TestCSVLinesOfOthersEnd(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	s.result(t, "pump-7", 0, 1)
	path := filepath.Join(dir, "pump-7", "2026-01-05.csv")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("no line end"), 0o644); err != nil {
		t.Fatal(err)
	}
	s.send(t, csvOf(t, s, dir), 0)
	if got := read(t, path); !strings.HasPrefix(got, "no line end\n2026-01-05T23:01:00Z,") {
		t.Errorf("got %s", got)
	}
}

func TestCSVFaultsHaveARemedy(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.result(t, "pump-7", 0, 1)
	file := wrote(t, t.TempDir(), "file", "x")
	elsewhere := t.TempDir()
	linked := t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(linked, "pump-7")); err != nil {
		t.Fatal(err)
	}
	pipes := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(pipes, "pump-7"), 0o755), syscall.Mkfifo(filepath.Join(pipes, "pump-7", "2026-01-05.csv"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, dir, remedy string }{
		{"no folder", filepath.Join(t.TempDir(), "gone"), "mount it again"},
		{"no folder but a file", file, "check the folder"},
		{"a link that leads out", linked, "check the folder"},
		{"a pipe", pipes, "check the folder"},
	} {
		n, err := csvOf(t, s, c.dir).Send(t.Context(), []outbox.Message{m})
		var f *Fault
		if n != 0 || !errors.As(err, &f) || f.Verdict != Again || !strings.Contains(f.Remedy, c.remedy) {
			t.Errorf("%s: sent %d, %#v", c.name, n, err)
		}
	}
	if files, _ := os.ReadDir(elsewhere); len(files) != 0 {
		t.Errorf("a link was followed out of the folder: %v", files)
	}
}

// TestCSVFullDisk has a child whose files cannot grow beyond a size: what was
// appended in part is taken back, and nothing is there twice once there is room.
func TestCSVFullDisk(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	s.fill(t, 0, 8)
	out, err := child(t, "full", s.state, dir, string(marshal(t, s.ms))).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "file too large") {
		t.Fatalf("the child says %s, %v", out, err)
	}
	for _, scheduler := range []string{"pump-7", "mill_2"} {
		if info, err := os.Stat(filepath.Join(dir, scheduler, "2026-01-05.csv")); err == nil && info.Size() != 0 {
			t.Errorf("%s: %d bytes are left", scheduler, info.Size())
		}
	}
	s.send(t, csvOf(t, s, dir), 0)
	whole := t.TempDir()
	s.send(t, csvOf(t, s, whole), 0)
	same(t, dir, whole)
}

// same compares all files of two folders.
func same(t testing.TB, got, want string) {
	t.Helper()
	read := func(dir string) map[string]string {
		all := map[string]string{}
		err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			rel, _ := filepath.Rel(dir, path)
			all[rel] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	a, b := read(got), read(want)
	for name := range b {
		if a[name] != b[name] {
			t.Errorf("%s has %d bytes, want %d", name, len(a[name]), len(b[name]))
		}
	}
	if len(a) != len(b) {
		t.Errorf("%d files, want %d", len(a), len(b))
	}
}

func TestCSVResultGone(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	s.result(t, "pump-7", 0, 1)
	gone := s.result(t, "pump-7", 1, 1)
	torn := s.result(t, "pump-7", 2, 1)
	s.result(t, "pump-7", 3, 1)
	if err := os.Remove(filepath.Join(s.state, gone.Path)); err != nil {
		t.Fatal(err)
	}
	s.ms[2].Body = writeTorn(t, s.state, torn.Path)
	k := csvOf(t, s, dir)
	sail(t, s.runner(k))
	s.untilSent(t, k)
	if all := table(t, filepath.Join(dir, "pump-7", "2026-01-05.csv")); len(all) != 1+2*5 {
		t.Errorf("%d lines", len(all))
	}
	if n := countAside(s.state, k.Name()); n != 2 || s.notice(CodeSetAside) == "" {
		t.Errorf("%d messages are set aside, and the notice says %q", n, s.notice(CodeSetAside))
	}
}

func writeTorn(t testing.TB, state, path string) []byte {
	t.Helper()
	text := resultline.Append(nil, rows(0)[0])
	text = text[:len(text)-9]
	if err := os.WriteFile(filepath.Join(state, path), text, 0o644); err != nil {
		t.Fatal(err)
	}
	return marshal(t, outbox.Summary{SHA256: hexSum(text)})
}

// TestCSVLargeResult: what limits.memory has let in goes out as well.
func TestCSVLargeResult(t *testing.T) {
	t.Parallel()
	s, dir := newSite(t), t.TempDir()
	k := csvOf(t, s, dir)
	note := json.RawMessage(`"` + strings.Repeat("x", 1000<<10) + `"`)
	var all []resultline.Row
	for i := range int64(70) {
		all = append(all, resultline.Row{Time: start(0) + (i+1)*int64(time.Millisecond), Reason: resultline.NoAnomalyDetected, Extra: map[string]json.RawMessage{"note": note}})
	}
	s.resultOf(t, "pump-7", 0, 1, all)
	s.send(t, k, 0)
	if lines := strings.Count(read(t, filepath.Join(dir, "pump-7/2026-01-05.csv")), "\n"); lines != len(all)+1 {
		t.Errorf("%d lines", lines)
	}
}
