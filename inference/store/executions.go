package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// ExecutionStatus is the state of one run of a scheduler.
type ExecutionStatus string

// The states of an execution. FAILED is final.
const (
	ExecutionRunning ExecutionStatus = "IN_PROGRESS"
	ExecutionSuccess ExecutionStatus = "SUCCESS"
	ExecutionFailed  ExecutionStatus = "FAILED"
)

func (s ExecutionStatus) leadsTo() []string {
	if s == ExecutionRunning {
		return []string{string(ExecutionSuccess), string(ExecutionFailed)}
	}
	return nil
}

// Execution is one run of a scheduler over the rows DataStart < t <= DataEnd. A
// window has one.
type Execution struct {
	SchedulerID        string
	DataStart, DataEnd time.Time
	ScheduledAt        time.Time // the wake-up
	ModelVersion       int64     // active at the wake-up
	Status             ExecutionStatus
	UpdatedAt          time.Time
	ExecutionDetail
	Config ExecutionConfig
}

// ExecutionDetail is what no list filters by.
type ExecutionDetail struct {
	MadeUp       bool      `json:",omitempty"` // after the service was down
	FalseAlarms  float64   `json:",omitempty"` // a week, that the version's limit was for at the wake-up
	Result       *S3Object `json:",omitempty"`
	FailedReason string    `json:",omitempty"`
	Notes        []string  `json:",omitempty"` // for people: unseen modes, missing sensors
}

// ExecutionConfig is what the scheduler was set to at the wake-up.
type ExecutionConfig struct {
	SchedulerName, SchedulerARN  string
	ModelID, ModelName, ModelARN string
	Input                        InferenceInput
	Output                       Output
}

const (
	executionColumns = `scheduler_id, data_start, data_end, scheduled_at, model_version, status, config_id, updated_at, body, inputs`
	selectExecutions = `SELECT e.scheduler_id, e.data_start, e.data_end, e.scheduled_at, e.model_version, e.status, e.updated_at, e.body, c.body
		FROM executions e JOIN execution_configs c ON c.id = e.config_id`
)

func scanExecution(s scanner) (e Execution, err error) {
	return e, s.Scan(&e.SchedulerID, instant{&e.DataStart}, instant{&e.DataEnd}, instant{&e.ScheduledAt}, &e.ModelVersion, &e.Status, instant{&e.UpdatedAt},
		bodyOf{&e.ExecutionDetail}, bodyOf{&e.Config})
}

func window(start time.Time) string { return start.UTC().Format(time.RFC3339) }

// Execution finds the run of a scheduler over the window that begins at start.
func (r Reader) Execution(ctx context.Context, scheduler string, start time.Time) (Execution, error) {
	return one(ctx, r, scanExecution, "inference execution", window(start), selectExecutions+` WHERE e.scheduler_id = $1 AND e.data_start = $2`, scheduler, start.UnixMicro())
}

// ExecutionFilter chooses among a scheduler's executions; zero fields choose all.
type ExecutionFilter struct {
	From, To time.Time // From <= DataStart and DataEnd <= To
	Status   ExecutionStatus
}

// Executions lists a scheduler's executions, the latest window first.
func (r Reader) Executions(ctx context.Context, scheduler string, f ExecutionFilter, p Page) ([]Execution, string, error) {
	l := listing[Execution]{
		name: "inference executions", from: selectExecutions, keys: [2]string{"e.data_start"},
		scan: scanExecution, at: func(e Execution) place { return place{n: e.DataStart.UnixMicro()} },
	}
	l.where.add(true, "e.scheduler_id = ?", scheduler)
	switch f.Status {
	case "":
	case ExecutionRunning, ExecutionSuccess, ExecutionFailed: // as a constant, which is what its index is known by
		l.where.add(true, "e.status = '"+string(f.Status)+"'")
	default:
		return nil, "", nil
	}
	l.where.add(!f.From.IsZero(), "e.data_start >= ?", micros(f.From))
	l.where.add(!f.To.IsZero(), "e.data_end <= ? AND e.data_start < ?", micros(f.To), micros(f.To)) // the second one is what the index has
	return l.page(ctx, r, p)
}

// Window is the stretch of data of an execution.
type Window struct{ Start, End time.Time }

// ExecutionWindows gives the windows of all executions of a scheduler with
// from <= DataStart < to, in their order: what is not among them was missed.
func (r Reader) ExecutionWindows(ctx context.Context, scheduler string, from, to time.Time) ([]Window, error) {
	all, err := many(ctx, r, func(s scanner) (w Window, err error) { return w, s.Scan(instant{&w.Start}, instant{&w.End}) },
		`SELECT data_start, data_end FROM executions WHERE scheduler_id = $1 AND data_start >= $2 AND data_start < $3 ORDER BY data_start`, scheduler, from.UnixMicro(), to.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("list windows: %w", err)
	}
	return all, nil
}

// OpenExecutions gives at most limit executions IN_PROGRESS of all schedulers,
// the longest due first.
func (r Reader) OpenExecutions(ctx context.Context, limit int) ([]Execution, error) {
	all, err := many(ctx, r, scanExecution, selectExecutions+` WHERE e.status = 'IN_PROGRESS' ORDER BY e.scheduled_at, e.scheduler_id LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list open executions: %w", err)
	}
	return all, nil
}

// CreateExecution adds an execution that is IN_PROGRESS. It is a conflict where
// its window has one.
func (t *Tx) CreateExecution(ctx context.Context, e Execution) error {
	if e.Status != ExecutionRunning {
		return inState("inference execution", window(e.DataStart), e.Status, "none begins so")
	}
	detail, err := body(e.ExecutionDetail)
	if err != nil {
		return err
	}
	config, err := body(e.Config)
	if err != nil {
		return err
	}
	hash := sha256.Sum256([]byte(config))
	id := hex.EncodeToString(hash[:16])
	if _, err := t.exec(ctx, insertInto("execution_configs", "id, body"), id, config); err != nil {
		return fmt.Errorf("create inference execution: %w", err)
	}
	return t.create(ctx, "executions", executionColumns, []any{
		e.SchedulerID, micros(e.DataStart), micros(e.DataEnd), micros(e.ScheduledAt), e.ModelVersion, string(e.Status), id, micros(e.UpdatedAt), detail, "",
	}, "inference execution", window(e.DataStart))
}

// PruneExecutions removes at most limit finished executions whose data ended
// before, and tells how many.
func (t *Tx) PruneExecutions(ctx context.Context, scheduler string, before time.Time, limit int) (int64, error) {
	n, err := t.exec(ctx, `DELETE FROM executions WHERE scheduler_id = $1 AND data_start IN (SELECT data_start FROM executions
		WHERE scheduler_id = $1 AND data_start < $2 AND data_end < $2 AND status <> 'IN_PROGRESS' ORDER BY data_start LIMIT $3)`, scheduler, before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("prune executions: %w", err)
	}
	return n, nil
}
