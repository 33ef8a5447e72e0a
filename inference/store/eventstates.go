package store

import (
	"context"
	"fmt"
	"time"
)

// EventState is what the events of a scheduler remember after the newest window
// that begins before start and has a state; nil without one.
func (r Reader) EventState(ctx context.Context, scheduler string, start time.Time) ([]byte, error) {
	all, err := many(ctx, r, func(s scanner) (b []byte, err error) { return b, s.Scan(&b) },
		`SELECT state FROM event_states WHERE scheduler_id = $1 AND data_start < $2 ORDER BY data_start DESC LIMIT 1`, scheduler, start.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("read state of events: %w", err)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all[0], nil
}

// PutEventState keeps the state of events after a window, in place of what there was.
func (t *Tx) PutEventState(ctx context.Context, scheduler string, start time.Time, state []byte) error {
	if _, err := t.exec(ctx, `INSERT INTO event_states (scheduler_id, data_start, state) VALUES ($1, $2, $3)
		ON CONFLICT (scheduler_id, data_start) DO UPDATE SET state = excluded.state`, scheduler, start.UnixMicro(), state); err != nil {
		return fmt.Errorf("keep state of events: %w", err)
	}
	return nil
}

// PruneEventStates removes at most limit states of windows that begin before an
// instant, and tells how many. The newest of them stays: windows at the instant and
// after it follow from it. So do those that a window that is still IN_PROGRESS and all
// after it follow from.
func (t *Tx) PruneEventStates(ctx context.Context, scheduler string, before time.Time, limit int) (int64, error) {
	open, err := many(ctx, t.Reader, scanInt, `SELECT data_start FROM executions WHERE scheduler_id = $1 AND status = 'IN_PROGRESS' AND data_start < $2 ORDER BY data_start LIMIT 1`, scheduler, before.UnixMicro())
	if err != nil {
		return 0, fmt.Errorf("prune states of events: %w", err)
	}
	if len(open) > 0 {
		before = time.UnixMicro(open[0])
	}
	n, err := t.exec(ctx, `DELETE FROM event_states WHERE scheduler_id = $1 AND data_start IN (SELECT data_start FROM event_states
		WHERE scheduler_id = $1 AND data_start < (SELECT max(data_start) FROM event_states WHERE scheduler_id = $1 AND data_start < $2)
		ORDER BY data_start LIMIT $3)`, scheduler, before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("prune states of events: %w", err)
	}
	return n, nil
}

// Succeeded gives at most limit executions in SUCCESS whose windows begin after
// start, in their order.
func (r Reader) Succeeded(ctx context.Context, scheduler string, start time.Time, limit int) ([]Execution, error) {
	all, err := many(ctx, r, scanExecution, selectExecutions+` WHERE e.scheduler_id = $1 AND e.data_start > $2 AND e.status = 'SUCCESS' ORDER BY e.data_start LIMIT $3`,
		scheduler, start.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("list executions in SUCCESS: %w", err)
	}
	return all, nil
}
