package ledger

import (
	"context"
	"fmt"
)

// DeadSegments gives the segment files whose blocks are all released. Delete
// the file, then ForgetSegment.
func (l *Ledger) DeadSegments(ctx context.Context) ([]string, error) {
	return l.segmentNames(ctx, `SELECT name FROM segments WHERE live = 0`)
}

// Segments gives all segment files the ledger lists, dead ones too: any other
// in the spool was never committed.
func (l *Ledger) Segments(ctx context.Context) ([]string, error) {
	return l.segmentNames(ctx, `SELECT name FROM segments`)
}

func (l *Ledger) segmentNames(ctx context.Context, query string) ([]string, error) {
	out, err := all(ctx, l.db.Read, scanText, query)
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	return out, nil
}

// ForgetSegment takes a dead segment off the list. One with blocks that are not
// released stays on it.
func (l *Ledger) ForgetSegment(ctx context.Context, name string) error {
	return l.write(ctx, "forget segment "+name, func(t *tx) error {
		_, err := t.exec(`DELETE FROM segments WHERE name = $1 AND live = 0`, name)
		return err
	})
}

func scanText(scan func(...any) error) (string, error) {
	var s string
	err := scan(&s)
	return s, err
}
