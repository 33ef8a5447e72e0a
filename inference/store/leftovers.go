package store

import (
	"context"
	"fmt"
	"time"
)

// LeftoverScheduler is the kind of a deleted scheduler's leftovers: executions
// and events. The other kinds are those of objects.
const LeftoverScheduler ObjectKind = "scheduler"

// Leftover is an owner that was deleted. What it had in the work bucket, by its
// id, and in long tables is removed piece by piece, so that deleting takes no
// time.
type Leftover struct {
	Kind      ObjectKind
	Owner     string
	DeletedAt time.Time
}

// leave notes a leftover and removes what hangs on the resource's ARN.
func (t *Tx) leave(ctx context.Context, kind ObjectKind, owner, arn string, at time.Time) error {
	if err := t.forget(ctx, []string{`DELETE FROM tags WHERE arn = $1`, `DELETE FROM policies WHERE arn = $1`}, arn); err != nil {
		return err
	}
	return t.create(ctx, "leftovers", "kind, owner, deleted_at", []any{string(kind), owner, micros(at)}, string(kind), owner)
}

// Leftovers gives at most limit of them, oldest first.
func (r Reader) Leftovers(ctx context.Context, limit int) ([]Leftover, error) {
	all, err := many(ctx, r, func(s scanner) (l Leftover, err error) {
		return l, s.Scan(&l.Kind, &l.Owner, instant{&l.DeletedAt})
	}, `SELECT kind, owner, deleted_at FROM leftovers ORDER BY deleted_at, owner LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list leftovers: %w", err)
	}
	return all, nil
}

// ClearLeftover removes about limit rows of a leftover, and the leftover with
// the last of them: done is true then. Remove its objects from the work bucket
// before: their keys are among the rows.
func (t *Tx) ClearLeftover(ctx context.Context, l Leftover, limit int) (done bool, err error) {
	pieces := []struct{ table, owner, key string }{{"executions", "scheduler_id", "data_start"}, {"events", "scheduler_id", "started_at"}, {"event_states", "scheduler_id", "data_start"}}
	if l.Kind != LeftoverScheduler {
		pieces = pieces[:0]
		if _, err := t.exec(ctx, `DELETE FROM objects WHERE kind = $1 AND owner = $2`, string(l.Kind), l.Owner); err != nil {
			return false, fmt.Errorf("clear leftover of %s %s: %w", l.Kind, l.Owner, err)
		}
	}
	for _, p := range pieces {
		n, err := t.exec(ctx, `DELETE FROM `+p.table+` WHERE `+p.owner+` = $1 AND `+p.key+` IN (SELECT `+p.key+` FROM `+p.table+` WHERE `+p.owner+` = $1 LIMIT $2)`, l.Owner, limit)
		if err != nil {
			return false, fmt.Errorf("clear leftover of %s %s: %w", l.Kind, l.Owner, err)
		}
		if n >= int64(limit) {
			return false, nil
		}
	}
	if _, err := t.exec(ctx, `DELETE FROM leftovers WHERE kind = $1 AND owner = $2`, string(l.Kind), l.Owner); err != nil {
		return false, fmt.Errorf("clear leftover of %s %s: %w", l.Kind, l.Owner, err)
	}
	return true, nil
}
