package ledger

import (
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/outbox"
)

func TestWhatWaitsForASink(t *testing.T) {
	t.Parallel()
	l, err := Open(t.Context(), t.TempDir(), zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	now := time.Date(2026, 1, 5, 10, 20, 0, 0, time.UTC)
	var ms []outbox.Message
	for i, kind := range []outbox.Kind{outbox.Result, outbox.Change, outbox.Result, outbox.Alert} {
		start := now.Add(time.Duration(i) * time.Minute)
		ms = append(ms, outbox.Message{ID: outbox.ID("pump-7", start.UnixNano(), kind, 1), Scheduler: "pump-7", Kind: kind, Start: start.UnixNano(), Generation: 1, At: start})
	}
	if err := l.CommitStep(t.Context(), outbox.Step{Scheduler: "pump-7", Messages: ms}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		after  int64
		kinds  []outbox.Kind
		n      int64
		oldest time.Time
	}{
		{0, nil, 4, now},
		{1, nil, 3, now.Add(time.Minute)},
		{1, []outbox.Kind{outbox.Result}, 1, now.Add(2 * time.Minute)},
		{0, []outbox.Kind{outbox.Change, outbox.Alert}, 2, now.Add(time.Minute)},
		{4, nil, 0, time.Time{}},
	} {
		n, oldest, err := l.Waiting(t.Context(), tt.after, tt.kinds)
		if err != nil || n != tt.n || !oldest.Equal(tt.oldest) {
			t.Errorf("after %d of %v: %d since %v, %v", tt.after, tt.kinds, n, oldest, err)
		}
	}
}
