package ledger

import (
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/drop"
	"millwright/internal/segment"
)

func TestTheNewestOfAComponent(t *testing.T) {
	t.Parallel()
	l, err := Open(t.Context(), t.TempDir(), zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if taken, row, err := l.Newest(t.Context(), "pump-7"); err != nil || !taken.IsZero() || !row.IsZero() {
		t.Errorf("never heard of: %v, %v, %v", taken, row, err)
	}
	now := time.Date(2026, 1, 5, 10, 20, 0, 0, time.UTC)
	for i := range 2 {
		slot := now.Add(time.Duration(i-2) * segment.Slot)
		last := slot.Add(2 * time.Minute).UnixNano()
		ref := segment.Ref{Component: "pump-7", Slot: slot.UnixNano(), File: "a.seg", Length: 1, Rows: 1, Values: 1, First: last, Last: last}
		d := drop.Drop{
			Folder: "/srv/drop", Name: slot.Format("150405"), Component: "pump-7", Identity: [32]byte{byte(i)}, State: drop.Taken,
			TakenAt: slot.Add(time.Hour), Segment: "a.seg", Counts: drop.Counts{Rows: 1, Open: 1, Values: 1}, First: last, Last: last,
		}
		if _, err := l.CommitTaken(t.Context(), []drop.Taking{{Drop: d, Blocks: []segment.Ref{ref}, Latest: map[string]map[string]int64{"pump-7": {"flow": last}}}}); err != nil {
			t.Fatal(err)
		}
	}
	taken, row, err := l.Newest(t.Context(), "pump-7")
	if err != nil || !taken.Equal(now.Add(-segment.Slot+time.Hour)) || !row.Equal(now.Add(-segment.Slot+2*time.Minute)) {
		t.Errorf("taken %v, row %v, %v", taken, row, err)
	}
	if taken, _, err := l.Newest(t.Context(), "mill-3"); err != nil || !taken.IsZero() {
		t.Errorf("another one: %v, %v", taken, err)
	}
}
