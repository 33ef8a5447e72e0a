package agent

import (
	"testing"

	"millwright/ingest/seal"
)

// TestTheNoteOnANewColumnEndsWithASchema stands the note and pins the columns.
func TestTheNoteOnANewColumnEndsWithASchema(t *testing.T) {
	t.Parallel()
	led, board := emptyBoard(t)
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
