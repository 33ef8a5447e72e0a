package store

import (
	"context"
	"fmt"
	"time"
)

// SchedulerStatus is the state of an inference or a retraining scheduler.
type SchedulerStatus string

// The states of a scheduler, which go round in a circle.
const (
	SchedulerPending  SchedulerStatus = "PENDING"
	SchedulerRunning  SchedulerStatus = "RUNNING"
	SchedulerStopping SchedulerStatus = "STOPPING"
	SchedulerStopped  SchedulerStatus = "STOPPED"
)

func (s SchedulerStatus) leadsTo() []string {
	switch s {
	case SchedulerPending:
		return []string{string(SchedulerRunning)}
	case SchedulerRunning:
		return []string{string(SchedulerStopping)}
	case SchedulerStopping:
		return []string{string(SchedulerStopped)}
	case SchedulerStopped:
		return []string{string(SchedulerPending)}
	}
	return nil
}

// Scheduler is an inference scheduler.
type Scheduler struct {
	ID, Account, Name, ARN       string
	ModelID, ModelName, ModelARN string // also after the model's end
	Status                       SchedulerStatus
	Frequency                    string // PT5M ...
	DelayMinutes                 int64
	CreatedAt, UpdatedAt         time.Time
	StartedAt                    time.Time // when it became RUNNING last
	LatestResult                 string    // ANOMALOUS, NORMAL; "": none yet
	LatestEnd                    time.Time // end of the data of LatestResult
	SchedulerDetail
}

// SchedulerDetail is what no list filters by.
type SchedulerDetail struct {
	Input   InferenceInput
	Output  Output
	RoleARN string `json:",omitempty"`
	KMSKey  string `json:",omitempty"`
}

const schedulerColumns = `id, account, name, arn, model_id, model_name, model_arn, status, frequency, delay_minutes, created_at, updated_at, started_at, latest_result, latest_end, body`

func (s *Scheduler) values() ([]any, error) {
	detail, err := body(s.SchedulerDetail)
	return []any{
		s.ID, s.Account, s.Name, s.ARN, s.ModelID, s.ModelName, s.ModelARN, string(s.Status), s.Frequency, s.DelayMinutes,
		micros(s.CreatedAt), micros(s.UpdatedAt), micros(s.StartedAt), s.LatestResult, micros(s.LatestEnd), detail,
	}, err
}

func scanScheduler(r scanner) (s Scheduler, err error) {
	return s, r.Scan(&s.ID, &s.Account, &s.Name, &s.ARN, &s.ModelID, &s.ModelName, &s.ModelARN, &s.Status, &s.Frequency, &s.DelayMinutes,
		instant{&s.CreatedAt}, instant{&s.UpdatedAt}, instant{&s.StartedAt}, &s.LatestResult, instant{&s.LatestEnd}, bodyOf{&s.SchedulerDetail})
}

// Scheduler finds an account's inference scheduler by its name.
func (r Reader) Scheduler(ctx context.Context, account, name string) (Scheduler, error) {
	return one(ctx, r, scanScheduler, "inference scheduler", name, `SELECT `+schedulerColumns+` FROM schedulers WHERE account = $1 AND name = $2`, account, name)
}

// SchedulerByID finds an inference scheduler of any account.
func (r Reader) SchedulerByID(ctx context.Context, id string) (Scheduler, error) {
	return one(ctx, r, scanScheduler, "inference scheduler", id, `SELECT `+schedulerColumns+` FROM schedulers WHERE id = $1`, id)
}

// ActiveSchedulers gives all inference schedulers that are not STOPPED, of all
// accounts, in no order.
func (r Reader) ActiveSchedulers(ctx context.Context) ([]Scheduler, error) {
	all, err := many(ctx, r, scanScheduler, `SELECT `+schedulerColumns+` FROM schedulers WHERE status <> 'STOPPED'`)
	if err != nil {
		return nil, fmt.Errorf("list inference schedulers: %w", err)
	}
	return all, nil
}

// SchedulerFilter chooses among an account's schedulers; zero fields choose all.
type SchedulerFilter struct {
	NameBeginsWith, ModelName string
	Status                    SchedulerStatus
}

// Schedulers lists an account's inference schedulers, newest first.
func (r Reader) Schedulers(ctx context.Context, account string, f SchedulerFilter, p Page) ([]Scheduler, string, error) {
	l := listing[Scheduler]{
		name: "inference schedulers", from: `SELECT ` + schedulerColumns + ` FROM schedulers`, keys: [2]string{"created_at", "id"},
		scan: scanScheduler, at: func(s Scheduler) place { return place{s.CreatedAt.UnixMicro(), s.ID} },
	}
	l.where.add(true, "account = ?", account)
	l.where.begins("name", f.NameBeginsWith)
	l.where.add(f.ModelName != "", "model_name = ?", f.ModelName)
	l.where.add(f.Status != "", "status = ?", string(f.Status))
	return l.page(ctx, r, p)
}

// CreateScheduler adds an inference scheduler that is PENDING. Its model has to
// be there, and to have no other one.
func (t *Tx) CreateScheduler(ctx context.Context, s Scheduler) error {
	if s.Status != SchedulerPending {
		return inState("inference scheduler", s.Name, s.Status, "none begins so")
	}
	if _, err := t.ModelByID(ctx, s.ModelID); err != nil {
		return err
	}
	if err := t.unused(ctx, "model", s.ModelName, "it has an inference scheduler already", `SELECT count(*) FROM schedulers WHERE model_id = $1`, s.ModelID); err != nil {
		return err
	}
	values, err := s.values()
	if err != nil {
		return err
	}
	return t.create(ctx, "schedulers", schedulerColumns, values, "inference scheduler", s.Name)
}

// UpdateScheduler changes what change changes, except identity, status and the
// latest result.
func (t *Tx) UpdateScheduler(ctx context.Context, id string, at time.Time, change func(*Scheduler)) (Scheduler, error) {
	s, err := t.SchedulerByID(ctx, id)
	if err != nil {
		return Scheduler{}, err
	}
	return t.putScheduler(ctx, s, s.Status, at, change)
}

// MoveScheduler changes the status. A conflict names the present one. One whose
// model is gone cannot start.
func (t *Tx) MoveScheduler(ctx context.Context, id string, to SchedulerStatus, at time.Time) (Scheduler, error) {
	s, err := t.SchedulerByID(ctx, id)
	if err != nil {
		return Scheduler{}, err
	}
	if err := may("inference scheduler", s.Name, s.Status, to); err != nil {
		return Scheduler{}, err
	}
	if to == SchedulerPending {
		if n, err := t.count(ctx, `SELECT count(*) FROM models WHERE id = $1`, s.ModelID); err != nil {
			return Scheduler{}, err
		} else if n == 0 {
			return Scheduler{}, inState("inference scheduler", s.Name, s.Status, "its model "+s.ModelName+" was deleted")
		}
	}
	if to == SchedulerRunning {
		s.StartedAt = at
	}
	return t.putScheduler(ctx, s, to, at, nil)
}

func (t *Tx) putScheduler(ctx context.Context, old Scheduler, to SchedulerStatus, at time.Time, change func(*Scheduler)) (Scheduler, error) {
	s := old
	if change != nil {
		change(&s)
	}
	s.ID, s.Account, s.Name, s.ARN, s.CreatedAt = old.ID, old.Account, old.Name, old.ARN, old.CreatedAt
	s.ModelID, s.ModelName, s.ModelARN = old.ModelID, old.ModelName, old.ModelARN
	s.StartedAt, s.LatestResult, s.LatestEnd = old.StartedAt, old.LatestResult, old.LatestEnd
	s.Status, s.UpdatedAt = to, at
	values, err := s.values()
	if err != nil {
		return Scheduler{}, err
	}
	return s, t.swap(ctx, "schedulers", schedulerColumns, 1, values, "inference scheduler", s.Name, string(old.Status))
}

// DeleteScheduler removes a STOPPED inference scheduler; in any other state it
// is a conflict. Its executions and events are left to Leftovers, its results
// to whom they belong.
func (t *Tx) DeleteScheduler(ctx context.Context, id string, at time.Time) error {
	s, err := t.SchedulerByID(ctx, id)
	if err != nil {
		return err
	}
	if s.Status != SchedulerStopped {
		return inState("inference scheduler", s.Name, s.Status, "stop it first")
	}
	if err := t.forget(ctx, []string{`DELETE FROM schedulers WHERE id = $1`}, id); err != nil {
		return err
	}
	return t.leave(ctx, LeftoverScheduler, id, s.ARN, at)
}
