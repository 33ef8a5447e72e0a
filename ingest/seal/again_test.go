package seal

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// ledgerRig is a plant over the ledger that is shipped.
func ledgerRig(t *testing.T, now string, streams ...Stream) *rig {
	t.Helper()
	dir := t.TempDir()
	l, err := ledger.Open(t.Context(), dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return newRig(t, dir, l, clock(t, now), streams...)
}

func TestAFileThatIsGoneIsMadeAgainAsItWas(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"removed": os.Remove,
		"changed": func(path string) error { return os.WriteFile(path, []byte("x"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := ledgerRig(t, "10:00:00", stream())
			r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
			r.now = clock(t, "10:05:01")
			r.seal()
			before := r.record("s", "pump", ns(t, "10:00:00"))
			want := r.csv("s", "pump", before.Start)
			if err := spoil(before.Path); err != nil {
				t.Fatal(err)
			}
			r.restart()
			var wait sync.WaitGroup
			for range 4 { // as an uploader's workers do
				wait.Go(func() {
					if err := r.sealer.Derive(bg, before.Sealed, "gone"); err != nil {
						t.Error(err)
					}
				})
			}
			wait.Wait()
			<-r.sealer.Asked()
			r.seal()
			after := r.record("s", "pump", before.Start)
			if got := r.csv("s", "pump", before.Start); got != want || after.Generation != 1 || after.Path != before.Path || after.SealedSeq != before.SealedSeq {
				t.Errorf("record %+v, got\n%s", after, got)
			}
			r.upload()
		})
	}
}

func TestAFileWhoseRowsAreGoneIsAnError(t *testing.T) {
	t.Parallel()
	r := ledgerRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	rec := r.record("s", "pump", ns(t, "10:00:00"))
	r.streams[0].Component = "other" // the configuration changed
	r.restart()
	r.close() // its rows are in late/ now
	if err := r.sealer.Derive(bg, rec.Sealed, "gone"); err != nil {
		t.Fatalf("an error before it was tried: %v", err)
	}
	r.seal()
	if err := r.sealer.Derive(bg, rec.Sealed, "gone"); err == nil || !strings.Contains(err.Error(), "late/pump") {
		t.Errorf("no clear error: %v", err)
	}
}

// A component that no scheduler has any more keeps nothing back and loses nothing.
func TestRowsOfAComponentWithoutSchedulerGoToLate(t *testing.T) {
	t.Parallel()
	r := ledgerRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal() // it was sealed, but is not in the bucket
	r.take(pump(t, "b.csv", "10:05:00", "10:07:00", 6))
	r.streams[0].Component = "other"
	r.restart()
	r.seal()
	r.close()
	if live := r.record("s", "pump", ns(t, "10:00:00")); live.Closed {
		t.Error("closed before it is in the bucket")
	}
	r.upload()
	r.at(clock(t, "10:08:00"))
	if got := r.record("s", "pump", ns(t, "10:00:00")); !got.Closed || len(r.objects) != 1 {
		t.Errorf("what was sealed did not go its way: %+v", got)
	}
	if got := r.text("late/pump/20260105.csv"); strings.Count(got, "\n") != 8 || !strings.Contains(got, "T10:06:00.000000,flow,6,b.csv,2\n") {
		t.Errorf("late\n%s", got)
	}
	for id, rows := range map[int64]int64{1: 5, 2: 2} {
		if c := r.drop(id).Counts; c.Late != rows || c.Open != 0 {
			t.Errorf("drop %d: %+v", id, c)
		}
	}
	dead, err := r.book.(*ledger.Ledger).DeadSegments(bg)
	if err != nil || len(dead) != 2 {
		t.Errorf("segments are not freed: %v, %v", dead, err)
	}
	r.restart()
	if n := len(r.sealer.components); n != 1 {
		t.Errorf("%d components", n)
	}
}

// The bucket has an object that is left alone: nothing of ours is in it as far
// as we know, so the rows go to late/, and the window is not sealed again.
func TestRowsOfAWindowWhoseObjectIsLeftAloneAreLate(t *testing.T) {
	t.Parallel()
	r := ledgerRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	id := window.ID{Scheduler: "s", Component: "pump", Start: ns(t, "10:00:00")}
	if err := r.book.Uploaded(bg, []window.Result{{ID: id, Generation: 1, Kept: true, Err: "it was there before", At: r.now}}); err != nil {
		t.Fatal(err)
	}
	r.take(pump(t, "b.csv", "10:00:30", "10:02:30", 50))
	r.at(clock(t, "10:05:20"))
	r.at(clock(t, "10:06:30"))
	r.at(clock(t, "10:07:01"))
	if len(r.objects) != 0 {
		t.Errorf("uploaded all the same: %v", r.puts)
	}
	rec := r.record("s", "pump", id.Start)
	if !rec.Closed || !rec.Kept || rec.Generation != 1 || rec.Late != 7 || rec.Error == "" {
		t.Errorf("record %+v", rec)
	}
	r.restart()
	r.take(pump(t, "c.csv", "10:02:40", "10:04:40", 70)) // and what comes still later
	r.at(clock(t, "10:08:00"))
	for id, rows := range map[int64]int64{1: 5, 2: 2, 3: 2} {
		if c := r.drop(id).Counts; c.Late != rows || c.Open != 0 {
			t.Errorf("drop %d: %+v", id, c)
		}
	}
	if got := r.text("late/pump/20260105.csv"); strings.Count(got, "\n") != 10 {
		t.Errorf("late\n%s", got)
	}
}

// Whoever can save something of damaged rows is told, and they are released
// only when that was done.
func TestDamagedBlocksAreReported(t *testing.T) {
	t.Parallel()
	r := ledgerRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	path := filepath.Join(r.dirs().Segments, "000001.seg")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 60; i < len(body)-50; i++ {
		body[i] ^= 0x5a
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	told, refuse := 0, context.DeadlineExceeded
	r.sealer = New(r.streams, r.book, r.dirs(), Settings{Damaged: func(_ context.Context, b drop.Block, cause error) error {
		if told++; b.Drop != 1 || b.File != "000001.seg" || cause == nil {
			t.Errorf("told of %+v: %v", b, cause)
		}
		return refuse
	}}, zap.NewNop())
	if err := r.sealer.Load(bg, r.now); err != nil {
		t.Fatal(err)
	}
	r.now = clock(t, "10:07:01")
	r.seal()
	r.take(pump(t, "b.csv", "10:00:30", "10:04:30", 50))
	r.now = r.now.Add(10 * time.Minute)
	r.seal()
	r.upload()
	if _, err := r.sealer.Close(bg, r.now); err == nil || told < 2 || r.drop(1).Counts.Open != 5 {
		t.Errorf("released before it was saved: %v, told %d times, %+v", err, told, r.drop(1).Counts)
	}
	refuse = nil
	r.close()
	if c := r.drop(1).Counts; c.Open != 0 || c.Bad != 5 {
		t.Errorf("%+v", c)
	}
}
