package agent

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"
)

// TestReserveIsGivenBeforeTheDiskIsFull holds the free space that is asked for
// against the machine's own.
func TestReserveIsGivenBeforeTheDiskIsFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &disk{state: dir, free: func(int64) int64 { return 0 }, now: time.Now}
	if err := d.tend(); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(filepath.Join(dir, "reserve")); d.unable || err != nil || st.Size() != reserveSize {
		t.Fatalf("unable %t, %v", d.unable, err)
	}
	d.free = func(int64) int64 { return math.MaxInt64 / 2 }
	if err := d.release(); err != nil {
		t.Fatal(err)
	}
	if err := d.tend(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "reserve")); !os.IsNotExist(err) {
		t.Errorf("a reserve is kept where there is no room: %v", err)
	}
	if why, err := d.full(t.Context(), 1); err != nil || why == "" {
		t.Errorf("%q, %v", why, err)
	}
}

// aGate is one before an empty state folder with a quota, on a disk of which
// nothing is to stay free.
func aGate(t *testing.T, quota int64) *gate {
	t.Helper()
	_, board := emptyBoard(t)
	d := &disk{state: t.TempDir(), quota: quota, free: func(int64) int64 { return 0 }, now: time.Now}
	return &gate{disk: d, largest: 1 << 30, notes: board, log: zap.NewNop()}
}

// TestRoomForAFewDrops shows that a batch that is too large is not all or nothing.
func TestRoomForAFewDrops(t *testing.T) {
	t.Parallel()
	g := aGate(t, 8<<20)
	d, board := g.disk, g.notes
	if err := d.tend(); err != nil {
		t.Fatal(err)
	}
	sizes := make([]int64, 16)
	for i := range sizes {
		sizes[i] = 1 << 20
	}
	if n := g.Room(t.Context(), sizes); n != 0 || board.standing[[2]string{"disk", "full"}] == "" {
		t.Errorf("room for %d, notes %v", n, board.standing)
	}
	d.quota = 16 << 20
	if n := g.Room(t.Context(), sizes); n != 2 || len(board.standing) != 0 {
		t.Errorf("room for %d, notes %v", n, board.standing)
	}
}

// copies is a folder of files that may go.
type copies struct {
	dir   string
	asked []int64
}

func (c *copies) MakeRoom(_ context.Context, need int64) (freed int64, err error) {
	c.asked = append(c.asked, need)
	files, err := filepath.Glob(filepath.Join(c.dir, "*"))
	for _, f := range files {
		if freed < need {
			st, _ := os.Stat(f)
			err, freed = os.Remove(f), freed+st.Size()
		}
	}
	return freed, err
}

// TestResultsMakeRoomBehindTheArchive: no drop is held back while copies of what is
// in the bucket take the quota.
func TestResultsMakeRoomBehindTheArchive(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fill := func(path string, size int) {
		t.Helper()
		put(t, path, time.Now())
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archived := filepath.Join(dir, "archive", "20260101", "a.csv")
	fill(archived, 2<<20)
	for _, name := range []string{"a", "b", "c", "d"} {
		fill(filepath.Join(dir, "results", name), 2<<20)
	}
	d := &disk{state: dir, quota: 8 << 20, free: func(int64) int64 { return 0 }, now: time.Now}
	c := &copies{dir: filepath.Join(dir, "results")}
	g := &gate{disk: d, largest: 1 << 30, archives: []archiveRule{{dir: filepath.Join(dir, "archive")}}, results: c, notes: &notes{}, log: zap.NewNop()}
	if n := g.Room(t.Context(), []int64{1 << 10}); n != 1 || len(c.asked) != 1 || exists(archived) {
		t.Errorf("room for %d; asked for %d bytes; the archive is there: %t", n, c.asked, exists(archived))
	}
	if left, _ := os.ReadDir(c.dir); len(left) != 3 {
		t.Errorf("%d files of results are left", len(left))
	}
}

// TestResultsAloneKeepToTheQuota: they come to the site while no drop wants in.
func TestResultsAloneKeepToTheQuota(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 6 {
		path := filepath.Join(dir, "results", fmt.Sprint(i))
		put(t, path, time.Now())
		if err := os.WriteFile(path, make([]byte, 2<<20), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := &disk{state: dir, quota: 8 << 20, free: func(int64) int64 { return 1 << 60 }, now: time.Now} // others have filled the disk
	c := &copies{dir: filepath.Join(dir, "results")}
	g := &gate{disk: d, results: c, notes: &notes{}, log: zap.NewNop()}
	for range 2 {
		if err := g.within(t.Context()); err != nil || !slices.Equal(c.asked, []int64{4 << 20}) {
			t.Errorf("asked for %d bytes, %v", c.asked, err)
		}
	}
	if left, _ := os.ReadDir(c.dir); len(left) != 4 {
		t.Errorf("%d files of results are left", len(left))
	}
	if d.quota = 0; g.within(t.Context()) != nil || len(c.asked) != 1 {
		t.Errorf("without a quota %d bytes are asked for", c.asked)
	}
}

// TestADropThatNeverFitsHoldsNoOthersBack: it is refused, and needs no room.
func TestADropThatNeverFitsHoldsNoOthersBack(t *testing.T) {
	t.Parallel()
	d := &disk{state: t.TempDir(), quota: 32 << 20, free: func(int64) int64 { return 0 }, now: time.Now}
	if err := d.tend(); err != nil {
		t.Fatal(err)
	}
	g := &gate{disk: d, largest: largest(5<<30, d.quota), notes: &notes{}}
	if n := g.Room(t.Context(), []int64{27 << 20, 1 << 10, 1 << 10}); n != 3 {
		t.Errorf("room for %d of 3", n)
	}
	if n := g.Room(t.Context(), []int64{g.largest}); n != 1 {
		t.Errorf("the largest drop that is taken has no room in an empty spool")
	}
	if n := largest(5<<30, 0); n != 5<<30 {
		t.Errorf("%d bytes without a quota", n)
	}
	if n := largest(5<<30, 1<<20); n != 1 {
		t.Errorf("%d bytes in a quota that is too small for any", n)
	}
}

// TestTheNoteStandsWhileALargeDropWaits: smaller ones that pass it do not end it.
func TestTheNoteStandsWhileALargeDropWaits(t *testing.T) {
	t.Parallel()
	g := aGate(t, 32<<20)
	d, board := g.disk, g.notes
	for _, step := range []struct {
		size  int64
		room  int
		notes int
	}{{20 << 20, 0, 1}, {1 << 10, 1, 1}, {20 << 20, 0, 1}, {20 << 20, 1, 0}} {
		if step.room == 1 && step.size > 1<<20 {
			d.quota = 128 << 20
		}
		if n := g.Room(t.Context(), []int64{step.size}); n != step.room || len(board.standing) != step.notes {
			t.Errorf("a drop of %d bytes: room for %d, notes %v", step.size, n, board.standing)
		}
	}
}

// TestUseIsCloseToWhatLies takes many small batches, of which little is written:
// what is told of the disk stays close to what lies there, and none is refused.
func TestUseIsCloseToWhatLies(t *testing.T) {
	t.Parallel()
	g := aGate(t, 4<<20)
	d, board := g.disk, g.notes
	for i := range 500 {
		if n := g.Room(t.Context(), []int64{20 << 10}); n != 1 {
			t.Fatalf("batch %d is refused: %v", i, board.standing)
		}
		if used, err := d.measure(t.Context(), false); err != nil || used > d.quota/trusted {
			t.Fatalf("batch %d: %d bytes are told of an empty folder, %v", i, used, err)
		}
	}
}
