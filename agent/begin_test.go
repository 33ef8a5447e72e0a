package agent

import (
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/agent/status"
	"millwright/internal/clock"
	"millwright/internal/ledger"
)

// A verb beside the daemon knows of a rehearsal by the ledger alone.
func TestTheLedgerTellsOfARehearsal(t *testing.T) {
	t.Parallel()
	led, err := ledger.Open(t.Context(), t.TempDir(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	from := time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		clock clock.Source
		pace  float64 // 0: none
	}{{clock.NewRehearsal(from, 60), 60}, {clock.NewRehearsal(from, 2), 2}, {clock.Real{}, 0}} {
		begun := time.Now()
		if err := New(nil, c.clock, zap.NewNop()).rehearse(t.Context(), led); err != nil {
			t.Fatal(err)
		}
		notices, err := led.Notices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		r, ok := status.Rehearsed(notices)
		if ok != (c.pace > 0) || r.Pace != c.pace || ok && (!r.From.Equal(from) || r.Began.Before(begun.Add(-time.Minute))) {
			t.Errorf("pace %v: %+v %t", c.pace, r, ok)
		}
		board, err := openNotes(t.Context(), led, c.clock, zap.NewNop())
		if err != nil || len(board.standing) != 0 {
			t.Errorf("a rehearsal needs no attention: %v, %v", board.standing, err)
		}
	}
}
