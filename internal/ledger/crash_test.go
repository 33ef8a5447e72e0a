package ledger

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"millwright/internal/drop"
)

// A process that commits is killed again and again. Whatever it told to be
// durable is there, in whole batches, and all counts add up.
func TestKilledWhileCommitting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	last := -1
	for range 50 {
		last = max(last, killOne(t, dir))
		checkPrefix(t, dir, last)
	}
	if last < 50 {
		t.Errorf("only %d batches were ever committed: the processes end too early", last)
	}
}

// killOne runs the process, kills it anywhere in the next few batches after two that
// say how long one takes on this machine, and gives the last batch it told of.
func killOne(t *testing.T, dir string) int {
	t.Helper()
	cmd := child(t, "commit", dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	last := -1
	lines := bufio.NewScanner(out)
	var first time.Time
	for told := 0; lines.Scan(); told++ {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Error(lines.Text())
			break
		}
		switch told {
		case 0:
			first = time.Now()
		case 1:
			timer := time.AfterFunc(rand.N(3*time.Since(first)+1), func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		last = n
	}
	_ = cmd.Wait() // killed
	return last
}

func checkPrefix(t *testing.T, dir string, told int) {
	t.Helper()
	ctx := t.Context()
	l := openTest(t, dir)
	defer l.Close()
	if l.SetAside() != "" {
		t.Fatal("a sound ledger was set aside")
	}
	drops, err := l.Drops(ctx, DropFilter{})
	must(t, err)
	if len(drops)%crashBatch != 0 || len(drops) < (told+1)*crashBatch {
		t.Fatalf("%d drops are there, %d batches of %d were told to be durable", len(drops), told+1, crashBatch)
	}
	var sum drop.Counts
	for i, d := range drops { // newest first
		n := len(drops) - 1 - i
		if want := fmt.Sprintf("%d-%d.csv", n/crashBatch, n%crashBatch); d.ID != int64(n+1) || d.PathID != d.ID || d.Name != want {
			t.Fatalf("drop %d of path %d is %s, want %s", d.ID, d.PathID, d.Name, want)
		}
		if before := drops[max(i-1, 0)].Counts; n%crashBatch != crashBatch-1 && d.Counts != before {
			t.Fatalf("half a step was committed: drop %d has %+v, the next one %+v", d.ID, d.Counts, before)
		}
		open, closed := drop.Counts{Rows: 6, Open: 6, Values: 12}, drop.Counts{Rows: 6, Windowed: 2, Late: 1, Open: 3, Values: 12}
		if d.Counts != open && d.Counts != closed {
			t.Fatalf("drop %d has %+v", d.ID, d.Counts)
		}
		sum = plus(sum, d.Counts)
	}
	s, err := l.Summary(ctx)
	must(t, err)
	if s.Counts != sum || s.Drops[drop.Taken] != int64(len(drops)) {
		t.Fatalf("sums are %+v over %v, drops have %+v", s.Counts, s.Drops, sum)
	}
	live := int64(0)
	must(t, l.LiveBlocks(ctx, func(string, int64, int64, time.Time, int64) error { live++; return nil }))
	if live*3 != sum.Open {
		t.Fatalf("%d blocks are live, %d rows open", live, sum.Open)
	}
	appended, err := l.Appended(ctx)
	must(t, err)
	closed := int64(0) // the newest batch that was closed
	for _, d := range drops {
		if d.Counts.Late > 0 {
			closed = (d.ID-1)/crashBatch + 1
			break
		}
	}
	if appended["late/x"] != closed {
		t.Fatalf("batch %d is closed, but the file is committed to batch %d", closed, appended["late/x"])
	}
}

func TestOnlyOneProcessWrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := child(t, "hold", dir)
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "open\n" {
		t.Fatal(line, err)
	}
	if _, err := Open(t.Context(), dir, nil); err == nil {
		t.Error("two processes have the ledger open for writing")
	}
	r, err := OpenReadOnly(t.Context(), dir)
	must(t, err)
	if _, err := r.Summary(t.Context()); err != nil {
		t.Error(err)
	}
	must(t, r.Close())
	must(t, in.Close())
	must(t, cmd.Wait())
	must(t, openTest(t, dir).Close())
	if _, err := os.Stat(dir + "/ledger.db-wal"); !os.IsNotExist(err) {
		t.Error("closing left a write-ahead log", err)
	}
}
