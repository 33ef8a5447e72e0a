package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"millwright/internal/outbox"
)

const (
	insertMessage = `INSERT INTO messages (id, scheduler, kind, start, generation, at, path, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO NOTHING`
	selectMessages = `SELECT seq, id, scheduler, kind, start, generation, at, path, body FROM messages WHERE seq > $1`
	selectUnsent   = `SELECT COUNT(*) FROM (SELECT 1 FROM messages WHERE seq > $1 AND scheduler = $2 AND kind = $3 AND start >= $4 AND start < $5 LIMIT 1) m`
	// $1: up to here every sink has come; $2: older than what is kept.
	pruneMessages = `DELETE FROM messages WHERE seq IN (SELECT seq FROM messages WHERE seq <= $1 OR at < $2 ORDER BY seq LIMIT $3)`
)

// Messages gives up to limit messages after a sequence number, of the given
// kinds or of all, in their order. 0 means no limit.
func (l *Ledger) Messages(ctx context.Context, after int64, kinds []outbox.Kind, limit int) ([]outbox.Message, error) {
	query, args := selectMessages, []any{after}
	if len(kinds) > 0 {
		var q where
		q.args = args
		for _, k := range kinds {
			q.add(true, "kind = ", string(k))
		}
		query, args = query+" AND "+q.either(), q.args
	}
	query += " ORDER BY seq"
	if limit > 0 {
		args = append(args, limit)
		query += fmt.Sprintf(" LIMIT $%d", len(args))
	}
	out, err := all(ctx, l.db.Read, func(scan func(...any) error) (outbox.Message, error) {
		var m outbox.Message
		var when int64
		var body []byte
		err := scan(&m.Seq, &m.ID, &m.Scheduler, &m.Kind, &m.Start, &m.Generation, &when, &m.Path, &body)
		m.At, m.Body = at(when), slices.Clone(body)
		return m, err
	}, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list messages: %w", err)
	}
	return out, nil
}

// PruneMessages forgets messages that every one of the sinks has passed, and
// those from before the given time in any case. With no sinks that is all.
func (l *Ledger) PruneMessages(ctx context.Context, before time.Time, sinks []string) error {
	passed, err := l.passed(ctx, sinks)
	if err != nil {
		return err
	}
	for n := int64(pruneBatch); n == pruneBatch; {
		err := l.write(ctx, "prune messages", func(t *tx) (err error) {
			n, err = t.exec(pruneMessages, passed, ns(before), pruneBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Unsent tells whether one of the sinks has still to get a result of windows
// from <= start < to (Unix ns).
func (l *Ledger) Unsent(ctx context.Context, scheduler string, from, to int64, sinks []string) (bool, error) {
	if len(sinks) == 0 {
		return false, nil
	}
	passed, err := l.passed(ctx, sinks)
	if err != nil {
		return false, err
	}
	n, _, err := one(ctx, l.reads, scanID, selectUnsent, passed, scheduler, string(outbox.Result), from, to)
	if err != nil {
		return false, fmt.Errorf("look up results that sinks have still to get: %w", err)
	}
	return n > 0, nil
}

func (t *tx) message(m *outbox.Message) error {
	body := []byte(m.Body)
	if body == nil {
		body = []byte("null")
	}
	_, err := t.exec(insertMessage, m.ID, m.Scheduler, string(m.Kind), m.Start, m.Generation, ns(m.At), m.Path, body)
	return err
}
