package store

import (
	"context"
	"fmt"
	"time"
)

// Retraining is a model's retraining scheduler.
type Retraining struct {
	ModelID, Account, ModelName, ModelARN string
	Status                                SchedulerStatus
	StartDate                             time.Time
	Frequency                             string // P1M ...
	Lookback                              string // P180D ...
	Promote                               string // MANAGED, MANUAL
	CreatedAt, UpdatedAt                  time.Time
	NextAt                                time.Time // next retraining; zero: none planned
}

const retrainingColumns = `model_id, account, model_name, model_arn, status, start_date, frequency, lookback, promote, created_at, updated_at, next_at`

func (s *Retraining) values() []any {
	return []any{
		s.ModelID, s.Account, s.ModelName, s.ModelARN, string(s.Status), micros(s.StartDate), s.Frequency, s.Lookback, s.Promote,
		micros(s.CreatedAt), micros(s.UpdatedAt), micros(s.NextAt),
	}
}

func scanRetraining(r scanner) (s Retraining, err error) {
	return s, r.Scan(&s.ModelID, &s.Account, &s.ModelName, &s.ModelARN, &s.Status, instant{&s.StartDate}, &s.Frequency, &s.Lookback, &s.Promote,
		instant{&s.CreatedAt}, instant{&s.UpdatedAt}, instant{&s.NextAt})
}

// Retraining finds the retraining scheduler of a model.
func (r Reader) Retraining(ctx context.Context, model string) (Retraining, error) {
	return one(ctx, r, scanRetraining, "retraining scheduler of model", model, `SELECT `+retrainingColumns+` FROM retrainings WHERE model_id = $1`, model)
}

// RetrainingFilter chooses among an account's retraining schedulers; zero fields
// choose all.
type RetrainingFilter struct {
	ModelNameBeginsWith string
	Status              SchedulerStatus
}

// Retrainings lists an account's retraining schedulers, newest first.
func (r Reader) Retrainings(ctx context.Context, account string, f RetrainingFilter, p Page) ([]Retraining, string, error) {
	l := listing[Retraining]{
		name: "retraining schedulers", from: `SELECT ` + retrainingColumns + ` FROM retrainings`, keys: [2]string{"created_at", "model_id"},
		scan: scanRetraining, at: func(s Retraining) place { return place{s.CreatedAt.UnixMicro(), s.ModelID} },
	}
	l.where.add(true, "account = ?", account)
	l.where.begins("model_name", f.ModelNameBeginsWith)
	l.where.add(f.Status != "", "status = ?", string(f.Status))
	return l.page(ctx, r, p)
}

// DueRetrainings gives at most limit RUNNING retraining schedulers of all
// accounts whose NextAt is not after now, the longest due first.
func (r Reader) DueRetrainings(ctx context.Context, now time.Time, limit int) ([]Retraining, error) {
	all, err := many(ctx, r, scanRetraining, `SELECT `+retrainingColumns+` FROM retrainings WHERE status = 'RUNNING' AND next_at <= $1 ORDER BY next_at LIMIT $2`, now.UnixMicro(), limit)
	if err != nil {
		return nil, fmt.Errorf("list due retrainings: %w", err)
	}
	return all, nil
}

// CreateRetraining adds a retraining scheduler that is PENDING. Its model has to
// be there, and to have no other one.
func (t *Tx) CreateRetraining(ctx context.Context, s Retraining) error {
	if s.Status != SchedulerPending {
		return inState("retraining scheduler of model", s.ModelName, s.Status, "none begins so")
	}
	if _, err := t.ModelByID(ctx, s.ModelID); err != nil {
		return err
	}
	return t.create(ctx, "retrainings", retrainingColumns, s.values(), "retraining scheduler of model", s.ModelName)
}

// UpdateRetraining changes what change changes, except identity and status.
func (t *Tx) UpdateRetraining(ctx context.Context, model string, at time.Time, change func(*Retraining)) (Retraining, error) {
	s, err := t.Retraining(ctx, model)
	if err != nil {
		return Retraining{}, err
	}
	return t.putRetraining(ctx, s, s.Status, at, change)
}

// MoveRetraining changes the status, and what change changes (nil: nothing else).
// A conflict names the present status.
func (t *Tx) MoveRetraining(ctx context.Context, model string, to SchedulerStatus, at time.Time, change func(*Retraining)) (Retraining, error) {
	s, err := t.Retraining(ctx, model)
	if err != nil {
		return Retraining{}, err
	}
	if err := may("retraining scheduler of model", s.ModelName, s.Status, to); err != nil {
		return Retraining{}, err
	}
	return t.putRetraining(ctx, s, to, at, change)
}

func (t *Tx) putRetraining(ctx context.Context, old Retraining, to SchedulerStatus, at time.Time, change func(*Retraining)) (Retraining, error) {
	s := old
	if change != nil {
		change(&s)
	}
	s.ModelID, s.Account, s.ModelName, s.ModelARN, s.CreatedAt = old.ModelID, old.Account, old.ModelName, old.ModelARN, old.CreatedAt
	s.Status, s.UpdatedAt = to, at
	return s, t.swap(ctx, "retrainings", retrainingColumns, 1, s.values(), "retraining scheduler of model", s.ModelName, string(old.Status))
}

// DeleteRetraining removes a STOPPED retraining scheduler; in any other state it
// is a conflict.
func (t *Tx) DeleteRetraining(ctx context.Context, model string) error {
	s, err := t.Retraining(ctx, model)
	if err != nil {
		return err
	}
	if s.Status != SchedulerStopped {
		return inState("retraining scheduler of model", s.ModelName, s.Status, "stop it first")
	}
	return t.forget(ctx, []string{`DELETE FROM retrainings WHERE model_id = $1`}, model)
}
