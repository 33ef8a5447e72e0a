package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// t0 is a round instant: the start of a slot and of a window.
var t0 = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

const slot = int64(segment.Slot)

func openTest(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := Open(context.Background(), dir, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// aTaking makes a drop with a block of rows in each of the slots, counted from t0.
func aTaking(name, file string, rows int64, slots ...int) drop.Taking {
	k := drop.Taking{
		Drop: drop.Drop{
			Folder: "/srv/drop", Name: name, Component: "pump", Size: 1000, ModTime: t0.Add(3 * time.Nanosecond), Identity: sha256.Sum256([]byte(name)),
			State: drop.Taken, TakenAt: t0, Segment: file, Part: drop.Part{To: 1000, Line: rows + 1, Dialect: []byte(`{"delimiter":","}`)},
			Counts: drop.Counts{Rows: rows * int64(len(slots)), Values: 2 * rows * int64(len(slots))},
		},
		Latest: map[string]map[string]int64{},
	}
	for _, n := range slots {
		start := t0.UnixNano() + int64(n)*slot
		last := start + slot
		k.Blocks = append(k.Blocks, segment.Ref{
			Component: "pump", Slot: start, File: file, Offset: 16, Length: 100, Rows: rows, Values: 2 * rows, First: start + 1, Last: last,
			Tails: []segment.Tail{{Sensor: "flow", Time: last, Value: float64(n) + 0.1}, {Sensor: "speed", Time: last - int64(time.Second), Value: float64(n)}},
		})
		k.Latest["pump"] = map[string]int64{"flow": last, "speed": last - int64(time.Second)}
	}
	return k
}

func commit(t testing.TB, l *Ledger, batch ...drop.Taking) []drop.Drop {
	t.Helper()
	out, err := l.CommitTaken(context.Background(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// record makes a window of 5 minutes, n slots from t0.
func record(n int, generation int64) window.Record {
	start := t0.UnixNano() + int64(n)*slot
	return window.Record{
		Sealed: window.Sealed{
			ID: window.ID{Scheduler: "s", Component: "pump", Start: start}, Generation: generation, Bucket: "plant", Key: fmt.Sprintf("in/pump_%d.csv", n),
			Path: fmt.Sprintf("spool/windows/s/pump_%d.g%d.csv", n, generation), Size: 50, SHA256: sha256.Sum256([]byte{byte(n), byte(generation)}),
			MD5: [16]byte{1, 2, 3}, Wake: time.Unix(0, start+2*slot).UTC(),
		},
		End: start + slot, SealedSeq: 7, SealedAt: t0.Add(time.Hour), FirstSealedAt: t0.Add(time.Hour), LastRowAt: t0, RealRows: 5,
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCounts checks that every row of a drop is accounted for, and where.
func wantCounts(t testing.TB, l *Ledger, id int64, want drop.Counts) {
	t.Helper()
	d, ok, err := l.Drop(context.Background(), id)
	must(t, err)
	if !ok || d.Counts != want {
		t.Fatalf("drop %d: counts are %+v, want %+v", id, d.Counts, want)
	}
}
