package ledger

import (
	"context"
	"fmt"
	"time"

	"millwright/internal/outbox"
)

// Waiting tells how many messages of the given kinds, or of all, come after a
// sequence number, and when the oldest of them was made; zero for none.
func (l *Ledger) Waiting(ctx context.Context, after int64, kinds []outbox.Kind) (n int64, oldest time.Time, err error) {
	q := where{args: []any{after}}
	for _, k := range kinds {
		q.add(true, "kind = ", string(k))
	}
	query := `SELECT count(*), coalesce(min(at), 0) FROM messages WHERE seq > $1`
	if len(kinds) > 0 {
		query += " AND " + q.either()
	}
	var ns int64
	if err := l.db.Read.QueryRowContext(ctx, query, q.args...).Scan(&n, &ns); err != nil {
		return 0, oldest, fmt.Errorf("count messages: %w", err)
	}
	return n, at(ns), nil
}
