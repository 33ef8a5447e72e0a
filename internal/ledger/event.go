package ledger

import (
	"context"
	"encoding/json"
	"fmt"

	"millwright/internal/outbox"
)

const (
	upsertEvent = `INSERT INTO events (scheduler, start, finish, generation, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (scheduler, start) DO UPDATE SET finish = excluded.finish, generation = excluded.generation, body = excluded.body`
	pruneEvents = `DELETE FROM events WHERE (scheduler, start) IN (SELECT scheduler, start FROM events WHERE scheduler = $1 AND finish < $2 LIMIT $3)`
)

// StoredEvent is an event as the ledger keeps it.
type StoredEvent = outbox.Event

// EventFilter chooses events; zero fields choose all.
type EventFilter struct {
	Scheduler string
	From, To  int64 // events that touch From <= t < To (Unix ns)
	Limit     int
}

// Events gives the chosen events, the newest first.
func (l *Ledger) Events(ctx context.Context, f EventFilter) ([]StoredEvent, error) {
	var q where
	q.add(f.Scheduler != "", "scheduler = ", f.Scheduler)
	q.add(f.From != 0, "finish >= ", f.From)
	q.add(f.To != 0, "start < ", f.To)
	query := "SELECT scheduler, generation, body FROM events" + q.String() + " ORDER BY start DESC, scheduler" + q.limit(f.Limit)
	out, err := all(ctx, l.db.Read, func(scan func(...any) error) (StoredEvent, error) {
		var e StoredEvent
		var body []byte
		if err := scan(&e.Scheduler, &e.Generation, &body); err != nil {
			return e, err
		}
		return e, json.Unmarshal(body, &e.Event)
	}, query, q.args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return out, nil
}

func (t *tx) event(e *StoredEvent) error {
	body, err := json.Marshal(e.Event)
	if err != nil {
		return err
	}
	_, err = t.exec(upsertEvent, e.Scheduler, e.Start, e.End, e.Generation, body)
	return err
}
