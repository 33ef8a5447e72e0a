package backend

import (
	"cmp"
	"context"
	"time"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// CreateRetrainingScheduler makes a model's retraining scheduler, which runs at
// once. Without a start date it begins to count today.
func (b *Backend) CreateRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.CreateRetrainingSchedulerRequest) (*wire.CreateRetrainingSchedulerResponse, error) {
	if _, err := ParsePeriod(in.RetrainingFrequency); err != nil {
		return nil, api.Invalid("RetrainingFrequency", "%v", err)
	}
	return once(ctx, b, c, "CreateRetrainingScheduler", in.ClientToken, in, func(t *store.Tx) (*wire.CreateRetrainingSchedulerResponse, error) {
		m, _, err := ready(ctx, t.Reader, c, in.ModelName)
		if err != nil {
			return nil, err
		}
		now := b.now()
		s := store.Retraining{
			ModelID: m.ID, Account: c.Account, ModelName: m.Name, ModelARN: m.ARN, Status: store.SchedulerPending, StartDate: startDate(in.RetrainingStartDate, now),
			Frequency: in.RetrainingFrequency, Lookback: in.LookbackWindow, Promote: cmp.Or(in.PromoteMode, wire.PromoteManaged), CreatedAt: now, UpdatedAt: now,
		}
		if err := t.CreateRetraining(ctx, s); err != nil {
			return nil, err
		}
		if _, err := t.MoveRetraining(ctx, m.ID, store.SchedulerRunning, now, planned(now)); err != nil {
			return nil, err
		}
		return &wire.CreateRetrainingSchedulerResponse{ModelName: m.Name, ModelArn: m.ARN, Status: string(s.Status)}, nil
	})
}

// startDate is the UTC day of a time, or of now for none.
func startDate(given wire.Time, now time.Time) time.Time {
	at := given.Time
	if at.IsZero() {
		at = now
	}
	y, m, d := at.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// planned sets when the next retraining is: on the start date if that lies ahead.
func planned(now time.Time) func(*store.Retraining) {
	return func(s *store.Retraining) {
		s.NextAt = time.Time{}
		if p, err := ParsePeriod(s.Frequency); err == nil { // it was checked when it was kept
			s.NextAt = p.Next(s.StartDate, now)
		}
	}
}

// UpdateRetrainingScheduler changes what later retrainings do, and when they are.
func (b *Backend) UpdateRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.UpdateRetrainingSchedulerRequest) error {
	if in.RetrainingFrequency != "" {
		if _, err := ParsePeriod(in.RetrainingFrequency); err != nil {
			return api.Invalid("RetrainingFrequency", "%v", err)
		}
	}
	return b.change(ctx, func(t *store.Tx) error {
		s, err := retrainingOf(ctx, t.Reader, c, in.ModelName)
		if err != nil {
			return err
		}
		now := b.now()
		_, err = t.UpdateRetraining(ctx, s.ModelID, now, func(s *store.Retraining) {
			if !in.RetrainingStartDate.IsZero() {
				s.StartDate = startDate(in.RetrainingStartDate, now)
			}
			s.Frequency = cmp.Or(in.RetrainingFrequency, s.Frequency)
			s.Lookback = cmp.Or(in.LookbackWindow, s.Lookback)
			s.Promote = cmp.Or(in.PromoteMode, s.Promote)
			if s.Status == store.SchedulerRunning && (!in.RetrainingStartDate.IsZero() || in.RetrainingFrequency != "") {
				planned(now)(s)
			}
		})
		return err
	})
}

// retrainingOf finds the retraining scheduler of a model by the model's name.
func retrainingOf(ctx context.Context, r store.Reader, c api.Caller, model string) (store.Retraining, error) {
	m, err := r.Model(ctx, c.Account, model)
	if err != nil {
		return store.Retraining{}, err
	}
	s, err := r.Retraining(ctx, m.ID)
	if missing(err) {
		err = api.NotFound("model %s has no retraining scheduler", model)
	}
	return s, err
}

// DescribeRetrainingScheduler shows a model's retraining scheduler.
func (b *Backend) DescribeRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.DescribeRetrainingSchedulerRequest) (*wire.DescribeRetrainingSchedulerResponse, error) {
	s, err := retrainingOf(ctx, b.store.Reader, c, in.ModelName)
	if err != nil {
		return nil, refused(err)
	}
	return &wire.DescribeRetrainingSchedulerResponse{
		ModelName: s.ModelName, ModelArn: s.ModelARN, RetrainingStartDate: wire.At(s.StartDate), RetrainingFrequency: s.Frequency, LookbackWindow: s.Lookback,
		Status: string(s.Status), PromoteMode: s.Promote, CreatedAt: wire.At(s.CreatedAt), UpdatedAt: wire.At(s.UpdatedAt),
	}, nil
}

// ListRetrainingSchedulers lists retraining schedulers, newest first.
func (b *Backend) ListRetrainingSchedulers(ctx context.Context, c api.Caller, in *wire.ListRetrainingSchedulersRequest) (*wire.ListRetrainingSchedulersResponse, error) {
	f := store.RetrainingFilter{ModelNameBeginsWith: in.ModelNameBeginsWith, Status: store.SchedulerStatus(in.Status)}
	list, next, err := b.store.Retrainings(ctx, c.Account, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListRetrainingSchedulersResponse{NextToken: next, RetrainingSchedulerSummaries: all(list, func(s store.Retraining) wire.RetrainingSchedulerSummary {
		return wire.RetrainingSchedulerSummary{
			ModelName: s.ModelName, ModelArn: s.ModelARN, Status: string(s.Status), RetrainingStartDate: wire.At(s.StartDate),
			RetrainingFrequency: s.Frequency, LookbackWindow: s.Lookback,
		}
	})}, nil
}

// DeleteRetrainingScheduler removes a retraining scheduler that is STOPPED.
func (b *Backend) DeleteRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.DeleteRetrainingSchedulerRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		s, err := retrainingOf(ctx, t.Reader, c, in.ModelName)
		if err != nil {
			return err
		}
		return t.DeleteRetraining(ctx, s.ModelID)
	})
}

// StartRetrainingScheduler makes a stopped retraining scheduler run again.
func (b *Backend) StartRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.StartRetrainingSchedulerRequest) (*wire.StartRetrainingSchedulerResponse, error) {
	s, err := b.moveRetraining(ctx, c, in.ModelName, store.SchedulerPending, store.SchedulerRunning, planned(b.now()))
	if err != nil {
		return nil, err
	}
	return &wire.StartRetrainingSchedulerResponse{ModelName: s.ModelName, ModelArn: s.ModelARN, Status: string(store.SchedulerPending)}, nil
}

// StopRetrainingScheduler stops a retraining scheduler. A retraining that has begun
// goes on.
func (b *Backend) StopRetrainingScheduler(ctx context.Context, c api.Caller, in *wire.StopRetrainingSchedulerRequest) (*wire.StopRetrainingSchedulerResponse, error) {
	s, err := b.moveRetraining(ctx, c, in.ModelName, store.SchedulerStopping, store.SchedulerStopped, func(s *store.Retraining) { s.NextAt = time.Time{} })
	if err != nil {
		return nil, err
	}
	return &wire.StopRetrainingSchedulerResponse{ModelName: s.ModelName, ModelArn: s.ModelARN, Status: string(store.SchedulerStopping)}, nil
}

func (b *Backend) moveRetraining(ctx context.Context, c api.Caller, model string, through, to store.SchedulerStatus, change func(*store.Retraining)) (s store.Retraining, err error) {
	err = b.change(ctx, func(t *store.Tx) error {
		if s, err = retrainingOf(ctx, t.Reader, c, model); err != nil {
			return err
		}
		now := b.now()
		if _, err := t.MoveRetraining(ctx, s.ModelID, through, now, nil); err != nil {
			return err
		}
		_, err := t.MoveRetraining(ctx, s.ModelID, to, now, change)
		return err
	})
	return s, err
}
