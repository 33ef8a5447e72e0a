package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// hostile is a drop that something is wrong with.
type hostile struct {
	name    string
	content []byte
	state   string   // in status drop --json
	words   []string // of what status drop says to a person
	rows    harness.Counts
}

func squeezed(content []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	return b.Bytes()
}

func junk() []byte {
	b := make([]byte, 20_000)
	rng := rand.NewChaCha8([32]byte{1})
	rng.Read(b)
	return b
}

const (
	head = "Timestamp,flow,speed\n"
	row1 = "2026-01-05T08:00:30Z,1,2\n"
	row2 = "2026-01-05T08:01:30Z,3,4\n"
)

// TestHostileDrops drops everything that no logger should write beside a healthy
// one. Each is told of in words, stays where it is or is kept in quarantine, and
// changes nothing else.
func TestHostileDrops(t *testing.T) {
	t.Parallel()
	all := hostiles()
	s := pump()
	plan := tidy(9, s)
	plan.For = 15 * time.Minute
	hurt := pump()
	hurt.Prefix, hurt.Components = "hurt/", []string{"hurt"}
	sc := set(t, s, plan, func(c *harness.Setup) {
		c.More = []oracle.Scheduler{hurt}
		c.Top = map[string]any{"limits": map[string]any{"file": "2MiB"}}
	})
	outside := filepath.Join(t.TempDir(), "secret.csv")
	if err := os.WriteFile(outside, []byte(head+row1), 0o644); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(sc.agent.Drops(), "hurt")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	link, pipe := filepath.Join(folder, "link.csv"), filepath.Join(folder, "pipe.csv")
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(outside), filepath.Join(sc.agent.Drops(), "motor-8")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(pipe, 0o644); err != nil {
		t.Fatal(err)
	}
	sc.begin()
	for _, h := range all {
		sc.agent.PutAt("hurt/"+h.name, h.content, time.Now().Add(-time.Hour)) // still for long
	}
	sc.play(nothing)
	healthy := sc.bucket.Missing(t, sc.want)
	if healthy != "" {
		t.Errorf("the healthy components:\n%s", healthy)
	}
	sc.agent.Await("accounts", sc.unaccounted)
	sc.agent.Await("putting away", func() string {
		for _, h := range all {
			if fates, err := sc.agent.Fates("hurt/" + h.name); err != nil || fates[0].State != h.state {
				return fmt.Sprint(h.name, fates, err)
			}
		}
		return ""
	})
	for _, h := range all {
		t.Run(h.name, func(t *testing.T) { sc.told(t, h) })
	}
	for path, words := range map[string]string{
		link: "it is a symbolic link, and those are not followed", pipe: "it is no regular file",
		filepath.Join(sc.agent.Drops(), "motor-8", "secret.csv"): "",
	} {
		out := sc.agent.Verb("status", "drop", path, "--config", sc.agent.Config())
		if !strings.Contains(oneLine(out.Stdout), words) || strings.Contains(oneLine(out.Stdout), "taken, ") {
			t.Errorf("%s: %+v", path, out)
		}
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
}

// told checks what a person is told of a drop, and that it is not lost.
func (sc *scene) told(t *testing.T, h hostile) {
	path := filepath.Join(sc.agent.Drops(), "hurt", h.name)
	fates, err := sc.agent.Fates("hurt/" + h.name)
	if err != nil {
		t.Fatal(err)
	}
	out := sc.agent.Verb("status", "drop", path, "--config", sc.agent.Config())
	if testing.Verbose() {
		t.Logf("%.600s", out.Stdout)
	}
	if len(out.Stdout) > 10_000 {
		t.Errorf("%d bytes are said", len(out.Stdout))
	}
	if fates[0].State != h.state || fates[0].Counts != h.rows {
		t.Errorf("got %+v", fates[0])
	}
	for _, words := range h.words {
		if !strings.Contains(oneLine(out.Stdout), words) {
			t.Errorf("nothing of %q", words)
		}
	}
	if content, err := os.ReadFile(path); err != nil || !bytes.Equal(content, h.content) {
		t.Errorf("the file is not as it was: %v", err)
	}
}

// noisy gives rows that do not compress well.
func noisy(rows int) []byte {
	b := bytes.NewBufferString(head)
	rng := rand.New(rand.NewPCG(9, 9))
	for i := range rows {
		at := begin().Add(time.Duration(i) * 100 * time.Millisecond)
		fmt.Fprintf(b, "%s,%.6f,%.6f\n", at.Format(time.RFC3339Nano), rng.Float64(), rng.Float64())
	}
	return b.Bytes()
}

func hostiles() []hostile {
	long := strings.Repeat("9", 1_500_000)
	const bad = "in quarantine as"
	return []hostile{
		{"junk.csv", junk(), "kept", []string{"no row could be used", "pin csv.timestamp_format", bad}, harness.Counts{}},
		{"quote.csv", []byte(head + row1 + "\"2026-01-05T08:01:30Z,3,4\n" + row2), "kept", []string{"rows and cells " + bad, ".rows.csv: 1"}, harness.Counts{Rows: 3, Windowed: 2, Bad: 1}},
		{"line.csv", []byte(head + row1 + "2026-01-05T08:01:30Z," + long + ",4\n" + row2), "kept", []string{"rows and cells " + bad, ".rows.csv: 1"}, harness.Counts{Rows: 3, Windowed: 2, Bad: 1}},
		{"endless.csv", bytes.Repeat([]byte("x"), 1<<20), "kept", []string{"no row could be used: line 1", bad}, harness.Counts{}},
		{"large.csv", []byte(head + strings.Repeat(row1, 3<<20/len(row1))), "refused", []string{"not taken: it has", "limits.file"}, harness.Counts{}},
		{"bomb.csv.gz", squeezed([]byte(head + strings.Repeat(row1, 50<<20/len(row1)))), "kept", []string{"more than 2097152 bytes (unpacked); split it, or raise limits.file", bad}, harness.Counts{}},
		{"zeros.csv.gz", squeezed(make([]byte, 50<<20)), "kept", []string{"no row could be used: line 1", bad}, harness.Counts{}},
		{"short.csv.gz", squeezed(noisy(5000))[:9000], "kept", []string{"rows and cells " + bad, ".rows.csv: 1"}, harness.Counts{Rows: 830, Windowed: 829, Bad: 1}},
		{"notgzip.csv.gz", []byte(head + row1), "kept", []string{"1 row = 1 in windows"}, harness.Counts{Rows: 1, Windowed: 1}},
		{"header.csv", []byte(head), "kept", []string{"there is a header but no data row yet"}, harness.Counts{}},
		{"empty.csv", nil, "kept", []string{"the file is empty"}, harness.Counts{}},
		{"nostamp.csv", []byte("flow,speed\nfast,slow\nslow,fast\n"), "kept", []string{"there is a header but no data row yet"}, harness.Counts{}},
		{"onecolumn.csv", []byte("Timestamp\n2026-01-05T08:00:30Z\n"), "kept", []string{"no line has a timestamp and a value; is this a CSV?", bad}, harness.Counts{}},
		{"ragged.csv", []byte(head + "2026-01-05T08:00:30Z,1,2,3\n2026-01-05T08:01:30Z\n"), "refused", []string{`column "(column 4)" has no name of its own; give it one with csv.rename`}, harness.Counts{}},
		{"clash.csv", []byte("Timestamp,a b,a/b\n2026-01-05T08:00:30Z,1,2\n"), "refused", []string{`columns ["a b" "a/b"] would all be called "a_b"; tell them apart with csv.rename`}, harness.Counts{}},
		{"formula.csv", []byte(head + "2026-01-05T08:00:30Z,=cmd|' /C calc'!A0,\n2026-01-05T08:01:30Z,+1+1,@SUM(A1)\n"), "kept", []string{"rows and cells " + bad, ".rows.csv: 2"}, harness.Counts{Rows: 2, Bad: 2}},
		{"formulaname.csv", []byte("Timestamp,=1+1\n2026-01-05T08:00:30Z,x\n"), "kept", []string{"rows and cells " + bad, ".rows.csv: 1"}, harness.Counts{Rows: 1, Bad: 1}},
		{"nul.csv", []byte(head + "2026-01-05T08:00:30Z,1\x002,\x00\n"), "kept", []string{"the line has NUL bytes: it was not wholly written", bad}, harness.Counts{}},
		{"nulend.csv", []byte(head + row1 + "\x00\x00\x00"), "refused", []string{"it ends in NUL bytes: its writer has not finished it, or lost power"}, harness.Counts{}},
		{"words.csv", []byte("Dear operator,\nthe pump, as you know, is old.\n"), "kept", []string{"there is a header but no data row yet"}, harness.Counts{}},
	}
}

// oneLine undoes the breaking of lines: words may be looked for in what people read.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
