package agent

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/zap"

	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/ledger"
)

// board counts what is written.
type board struct{ noted, cleared int }

func (b *board) Note(context.Context, ledger.Notice) error        { b.noted++; return nil }
func (b *board) ClearNote(context.Context, string, string) error  { b.cleared++; return nil }
func (b *board) Notices(context.Context) ([]ledger.Notice, error) { return nil, nil }

// emptyBoard is the board of a ledger that knows nothing.
func emptyBoard(t *testing.T) (*ledger.Ledger, *notes) {
	t.Helper()
	led, err := ledger.Open(t.Context(), t.TempDir(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = led.Close() })
	n, err := openNotes(t.Context(), led, clock.Real{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return led, n
}

// Each note is a write to the ledger, and a line that a person reads: a folder
// of which no file may be read must not bring a hundred thousand of them.
func TestUnreadableDropsAreNotedByTheFew(t *testing.T) {
	t.Parallel()
	b := &board{}
	n, err := openNotes(t.Context(), b, clock.Real{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	var faults []take.Fault
	for i := range 5000 {
		faults = append(faults, take.Fault{Folder: "/srv/drop", Name: fmt.Sprintf("%04d.csv", i), Err: errors.New("permission denied")})
	}
	for range 3 {
		n.faults(t.Context(), faults)
	}
	if b.noted == 0 || b.noted > 2*mostFaults {
		t.Errorf("%d notes were written", b.noted)
	}
	if n.faults(t.Context(), nil); b.cleared != b.noted || len(n.standing) != 0 {
		t.Errorf("%d of %d notes were cleared", b.cleared, b.noted)
	}
}
