package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// FixInputs keeps what an execution is about to read, once: every attempt is
// given what the first one found.
func (t *Tx) FixInputs(ctx context.Context, scheduler string, start time.Time, found []ExecutionInput) ([]ExecutionInput, error) {
	text, err := one(ctx, t.Reader, scanText, "inference execution", window(start),
		`SELECT inputs FROM executions WHERE scheduler_id = $1 AND data_start = $2`, scheduler, start.UnixMicro())
	if err != nil {
		return nil, err
	}
	if text != "" {
		var fixed []ExecutionInput
		if err := json.Unmarshal([]byte(text), &fixed); err != nil {
			return nil, fmt.Errorf("read inputs of %s: %w", window(start), err)
		}
		return fixed, nil
	}
	if text, err = body(found); err != nil {
		return nil, err
	}
	if _, err := t.exec(ctx, `UPDATE executions SET inputs = $1 WHERE scheduler_id = $2 AND data_start = $3`, text, scheduler, start.UnixMicro()); err != nil {
		return nil, fmt.Errorf("keep inputs of %s: %w", window(start), err)
	}
	return found, nil
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
