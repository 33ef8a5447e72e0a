package agent

import (
	"testing"

	"go.uber.org/zap"

	"millwright/ingest/seal"
	"millwright/internal/clock"
	"millwright/internal/ledger"
)

// TestTheNoteOnANewColumnEndsWithASchema stands the note and pins the columns.
func TestTheNoteOnANewColumnEndsWithASchema(t *testing.T) {
	t.Parallel()
	led, err := ledger.Open(t.Context(), t.TempDir(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	board, err := openNotes(t.Context(), led, clock.Real{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	key := [2]string{"component pump", newColumn}
	streams := []seal.Stream{{Component: "pump"}}
	widened(led, board, streams)(t.Context(), "pump", []string{"stray"})
	if board.standing[key] == "" {
		t.Error("no note")
	}
	if widened(led, board, streams); board.standing[key] == "" {
		t.Error("a reload without a schema ends it")
	}
	streams[0].Schema = []string{"flow"}
	if widened(led, board, streams); board.standing[key] != "" {
		t.Error("it stands although the schema is pinned")
	}
}
