package backend

import (
	"context"
	"time"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// StartInferenceScheduler makes a stopped scheduler run again. What it missed while
// it was stopped is not made up for.
func (b *Backend) StartInferenceScheduler(ctx context.Context, c api.Caller, in *wire.StartInferenceSchedulerRequest) (*wire.StartInferenceSchedulerResponse, error) {
	s, err := b.moveScheduler(ctx, c, in.InferenceSchedulerName, store.SchedulerPending)
	if err != nil {
		return nil, err
	}
	return &wire.StartInferenceSchedulerResponse{
		ModelArn: s.ModelARN, ModelName: s.ModelName, InferenceSchedulerName: s.Name, InferenceSchedulerArn: s.ARN, Status: string(store.SchedulerPending),
	}, nil
}

// StopInferenceScheduler stops a scheduler once its open executions are over.
func (b *Backend) StopInferenceScheduler(ctx context.Context, c api.Caller, in *wire.StopInferenceSchedulerRequest) (*wire.StopInferenceSchedulerResponse, error) {
	s, err := b.moveScheduler(ctx, c, in.InferenceSchedulerName, store.SchedulerStopping)
	if err != nil {
		return nil, err
	}
	return &wire.StopInferenceSchedulerResponse{
		ModelArn: s.ModelARN, ModelName: s.ModelName, InferenceSchedulerName: s.Name, InferenceSchedulerArn: s.ARN, Status: string(store.SchedulerStopping),
	}, nil
}

// moveScheduler takes a scheduler to PENDING or STOPPING, and on from there if
// nothing is in the way.
func (b *Backend) moveScheduler(ctx context.Context, c api.Caller, name string, to store.SchedulerStatus) (s store.Scheduler, err error) {
	err = b.change(ctx, func(t *store.Tx) error {
		if s, err = t.Scheduler(ctx, c.Account, name); err != nil {
			return err
		}
		if to == store.SchedulerPending {
			if err := outputRule(ctx, t.Reader, s); err != nil {
				return err
			}
		}
		now := b.now()
		if _, err := t.MoveScheduler(ctx, s.ID, to, now); err != nil {
			return err
		}
		if to == store.SchedulerStopping {
			_, err = Settle(ctx, t, s.ID, now)
		} else {
			_, err = t.MoveScheduler(ctx, s.ID, store.SchedulerRunning, now)
		}
		if err != nil {
			return err
		}
		return b.work.Schedule(ctx, t, s.ID)
	})
	return s, err
}

// Settle stops a scheduler that is STOPPING and has no execution IN_PROGRESS any
// more; any other one it leaves alone. Whoever ends an execution calls it in the
// same transaction.
func Settle(ctx context.Context, t *store.Tx, scheduler string, at time.Time) (stopped bool, err error) {
	s, err := t.SchedulerByID(ctx, scheduler)
	if err != nil || s.Status != store.SchedulerStopping {
		return false, err
	}
	open, _, err := t.Executions(ctx, scheduler, store.ExecutionFilter{Status: store.ExecutionRunning}, store.Page{Limit: 1})
	if err != nil || len(open) > 0 {
		return false, err
	}
	_, err = t.MoveScheduler(ctx, scheduler, store.SchedulerStopped, at)
	return err == nil, err
}
