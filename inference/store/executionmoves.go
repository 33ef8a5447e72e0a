package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// FixInputs keeps what an execution is about to read, once: every attempt is given
// what the first one with found gave it, nil before that. What it is the caller
// knows. It is ErrFenced when the execution is not this attempt's, and a conflict
// that names the status once the execution has ended.
func (t *Tx) FixInputs(ctx context.Context, f Fence, scheduler string, start time.Time, found json.RawMessage) (json.RawMessage, error) {
	var text string
	status, err := one(ctx, t.Reader, func(s scanner) (status ExecutionStatus, err error) { return status, s.Scan(&status, &text) },
		"inference execution", window(start), `SELECT status, inputs FROM executions WHERE scheduler_id = $1 AND data_start = $2`, scheduler, start.UnixMicro())
	if err != nil {
		return nil, err
	}
	if status != ExecutionRunning {
		return nil, inState("inference execution", window(start), status, "it reads nothing any more")
	}
	if err := t.Holds(ctx, f); err != nil {
		return nil, err
	}
	if text != "" {
		return json.RawMessage(text), nil
	}
	if found == nil {
		return nil, nil
	}
	return found, t.setInputs(ctx, scheduler, start, found)
}

// CutInputs leaves of an execution's inputs what is worth keeping after its end;
// nil: nothing.
func (t *Tx) CutInputs(ctx context.Context, scheduler string, start time.Time, brief json.RawMessage) error {
	return t.setInputs(ctx, scheduler, start, brief)
}

func (t *Tx) setInputs(ctx context.Context, scheduler string, start time.Time, inputs json.RawMessage) error {
	if _, err := t.exec(ctx, `UPDATE executions SET inputs = $1 WHERE scheduler_id = $2 AND data_start = $3`, string(inputs), scheduler, start.UnixMicro()); err != nil {
		return fmt.Errorf("keep inputs of %s: %w", window(start), err)
	}
	return nil
}

// MoveExecution ends an execution, and changes its detail as change says (nil:
// nothing). A conflict names the present status. latest, for one in SUCCESS, is
// what the scheduler's LatestResult becomes if no later window has succeeded.
func (t *Tx) MoveExecution(ctx context.Context, scheduler string, start time.Time, to ExecutionStatus, at time.Time, latest string, change func(*ExecutionDetail)) (Execution, error) {
	e, err := t.Execution(ctx, scheduler, start)
	if err != nil {
		return Execution{}, err
	}
	if err := may("inference execution", window(start), e.Status, to); err != nil {
		return Execution{}, err
	}
	if change != nil {
		change(&e.ExecutionDetail)
	}
	detail, err := body(e.ExecutionDetail)
	if err != nil {
		return Execution{}, err
	}
	n, err := t.exec(ctx, `UPDATE executions SET status = $1, updated_at = $2, body = $3 WHERE scheduler_id = $4 AND data_start = $5 AND status = $6`,
		string(to), micros(at), detail, scheduler, start.UnixMicro(), string(e.Status))
	if err != nil {
		return Execution{}, fmt.Errorf("end execution %s: %w", window(start), err)
	}
	if n == 0 {
		return Execution{}, inState("inference execution", window(start), "", "it has changed meanwhile")
	}
	e.Status, e.UpdatedAt = to, at
	if to == ExecutionSuccess && latest != "" {
		if _, err := t.exec(ctx, `UPDATE schedulers SET latest_result = $1, latest_end = $2 WHERE id = $3 AND (latest_end IS NULL OR latest_end < $2)`,
			latest, e.DataEnd.UnixMicro(), scheduler); err != nil {
			return Execution{}, fmt.Errorf("set latest result: %w", err)
		}
	}
	return e, nil
}
