package jobs

import (
	"context"
	"errors"
	"time"

	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/window"
)

// Book is the schedule.Book of the store and the queue.
type Book struct{ jobs *Jobs }

var _ schedule.Book = (*Book)(nil)

// Schedulers implements schedule.Book.
func (b *Book) Schedulers(ctx context.Context) ([]schedule.Scheduler, error) {
	active, err := b.jobs.store.ActiveSchedulers(ctx)
	if err != nil {
		return nil, err
	}
	var all []schedule.Scheduler
	for _, s := range active {
		f, err := window.ParseFrequency(s.Frequency)
		if err != nil || s.Status != store.SchedulerRunning {
			continue // it was checked when it was kept
		}
		all = append(all, schedule.Scheduler{
			ID: s.ID, Frequency: f, Delay: time.Duration(s.DelayMinutes) * time.Minute, Ran: []schedule.Span{{From: s.StartedAt}},
		})
	}
	return all, nil
}

// Windows implements schedule.Book.
func (b *Book) Windows(ctx context.Context, scheduler string, from, to int64) ([]schedule.Stretch, error) {
	have, err := b.jobs.store.ExecutionWindows(ctx, scheduler, time.Unix(0, from), time.Unix(0, to))
	if err != nil {
		return nil, err
	}
	all := make([]schedule.Stretch, len(have))
	for i, w := range have {
		all[i] = schedule.Stretch{From: w.Start.UnixNano(), To: w.End.UnixNano()}
	}
	return all, nil
}

// Insert implements schedule.Book.
func (b *Book) Insert(ctx context.Context, wakes []schedule.Wake) error {
	return b.jobs.store.Tx(ctx, func(t *store.Tx) error {
		for _, w := range wakes {
			if err := b.insert(ctx, t, w); err != nil {
				return err
			}
		}
		return nil
	})
}

func (b *Book) insert(ctx context.Context, t *store.Tx, w schedule.Wake) error {
	s, err := t.SchedulerByID(ctx, w.Scheduler)
	if err != nil || s.Status != store.SchedulerRunning {
		return gone(err)
	}
	if f, err := window.ParseFrequency(s.Frequency); err != nil || int64(f) != w.End-w.Start {
		return nil // it was changed meanwhile
	}
	m, err := t.ModelByID(ctx, s.ModelID)
	if err != nil || m.ActiveVersion == 0 {
		return gone(err)
	}
	v, err := t.ModelVersion(ctx, m.ID, m.ActiveVersion)
	if err != nil {
		return gone(err)
	}
	err = t.CreateExecution(ctx, store.Execution{
		SchedulerID: s.ID, DataStart: time.Unix(0, w.Start), DataEnd: time.Unix(0, w.End), ScheduledAt: w.At, ModelVersion: m.ActiveVersion,
		Status: store.ExecutionRunning, UpdatedAt: b.jobs.now(), ExecutionDetail: store.ExecutionDetail{MadeUp: w.MadeUp, FalseAlarms: targetOf(v)},
		Config: store.ExecutionConfig{
			SchedulerName: s.Name, SchedulerARN: s.ARN, ModelID: s.ModelID, ModelName: s.ModelName, ModelARN: s.ModelARN, Input: s.Input, Output: s.Output,
		},
	})
	if errors.Is(err, store.ErrConflict) {
		return nil // another node was faster
	}
	if err != nil {
		return err
	}
	return b.jobs.insert(ctx, t, runArgs{s.ID, w.Start}, runOpts(w.MadeUp))
}

// gone takes what is not there any more for done.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
