package store

import (
	"context"
	"fmt"
	"time"
)

// Event is an episode of anomalous rows. Those of a scheduler do not overlap.
type Event struct {
	SchedulerID        string
	StartTime, EndTime time.Time // first and last anomalous row; may be the same
	EventDetail
}

// EventDetail is what no list filters by.
type EventDetail struct {
	Open        bool   `json:",omitempty"` // may still grow
	Diagnostics string // JSON array of name and value, as the API gives it
}

const eventColumns = `scheduler_id, started_at, ended_at, body`

func scanEvent(s scanner) (e Event, err error) {
	return e, s.Scan(&e.SchedulerID, instant{&e.StartTime}, instant{&e.EndTime}, bodyOf{&e.EventDetail})
}

// Events lists a scheduler's events with EndTime >= from and StartTime < to, the
// latest first.
func (r Reader) Events(ctx context.Context, scheduler string, from, to time.Time, p Page) ([]Event, string, error) {
	l := listing[Event]{
		name: "inference events", from: `SELECT ` + eventColumns + ` FROM events`, keys: [2]string{"started_at"},
		scan: scanEvent, at: func(e Event) place { return place{n: e.StartTime.UnixMicro()} },
	}
	l.where.add(true, "scheduler_id = ?", scheduler)
	l.where.add(true, "started_at < ?", to.UnixMicro())
	l.where.add(true, "ended_at >= ?", from.UnixMicro())
	// They do not overlap: at most one that began before from reaches it.
	l.where.add(true, "started_at >= coalesce((SELECT max(o.started_at) FROM events o WHERE o.scheduler_id = ? AND o.started_at < ?), ?)", scheduler, from.UnixMicro(), from.UnixMicro())
	return l.page(ctx, r, p)
}

// LastEvent is a scheduler's latest event that began before to (zero: of all);
// ok is false without one.
func (r Reader) LastEvent(ctx context.Context, scheduler string, to time.Time) (e Event, ok bool, err error) {
	var w where
	w.add(true, "scheduler_id = ?", scheduler)
	w.add(!to.IsZero(), "started_at < ?", micros(to))
	all, err := many(ctx, r, scanEvent, `SELECT `+eventColumns+` FROM events`+w.String()+` ORDER BY started_at DESC LIMIT 1`, w.args...)
	if err != nil {
		return Event{}, false, fmt.Errorf("read latest event: %w", err)
	}
	if len(all) == 0 {
		return Event{}, false, nil
	}
	return all[0], true, nil
}

// ReplaceEvents puts events in the place of all those of a scheduler that began
// from <= StartTime < to (zero: no end). An open event is replaced by its longer
// self, an out-of-order window by what follows from it.
func (t *Tx) ReplaceEvents(ctx context.Context, scheduler string, from, to time.Time, events []Event) error {
	var w where
	w.add(true, "scheduler_id = ?", scheduler)
	w.add(true, "started_at >= ?", from.UnixMicro())
	w.add(!to.IsZero(), "started_at < ?", micros(to))
	if _, err := t.exec(ctx, `DELETE FROM events`+w.String(), w.args...); err != nil {
		return fmt.Errorf("replace events: %w", err)
	}
	for _, e := range events {
		detail, err := body(e.EventDetail)
		if err != nil {
			return err
		}
		if err := t.create(ctx, "events", eventColumns, []any{scheduler, micros(e.StartTime), micros(e.EndTime), detail}, "inference event", window(e.StartTime)); err != nil {
			return err
		}
	}
	return nil
}
