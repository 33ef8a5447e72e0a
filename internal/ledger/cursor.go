package ledger

import (
	"context"
	"fmt"
	"math"
)

const (
	selectCursor  = `SELECT seq FROM cursors WHERE sink = $1`
	selectLastSeq = `SELECT COALESCE(MAX(seq), 0) FROM messages`
)

// LastSeq is the sequence number of the newest message of any kind, 0 for none.
func (l *Ledger) LastSeq(ctx context.Context) (int64, error) {
	seq, _, err := one(ctx, l.reads, scanID, selectLastSeq)
	if err != nil {
		return 0, fmt.Errorf("look up the newest message: %w", err)
	}
	return seq, nil
}

// Cursor is the sequence number of the last message that a sink is done with,
// 0 for none.
func (l *Ledger) Cursor(ctx context.Context, sink string) (int64, error) {
	seq, _, err := one(ctx, l.reads, scanID, selectCursor, sink)
	if err != nil {
		return 0, fmt.Errorf("look up how far %s has come: %w", sink, err)
	}
	return seq, nil
}

// SetCursor says how far a sink has come. It never goes back.
func (l *Ledger) SetCursor(ctx context.Context, sink string, seq int64) error {
	return l.write(ctx, "enter how far "+sink+" has come", func(t *tx) error {
		_, err := t.exec(`INSERT INTO cursors (sink, seq) VALUES ($1, $2)
			ON CONFLICT (sink) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > cursors.seq`, sink, seq)
		return err
	})
}

// passed is up to where every one of the sinks has come, 0 with no sinks: one
// that is added later gets what is kept.
func (l *Ledger) passed(ctx context.Context, sinks []string) (int64, error) {
	if len(sinks) == 0 {
		return 0, nil
	}
	least := int64(math.MaxInt64)
	for _, name := range sinks {
		seq, err := l.Cursor(ctx, name)
		if err != nil {
			return 0, err
		}
		least = min(least, seq)
	}
	return least, nil
}
