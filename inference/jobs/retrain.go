package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"millwright/inference/backend"
	"millwright/inference/store"
)

// retrainings begins those that are due.
func (j *Jobs) retrainings(ctx context.Context) error {
	due, err := j.store.DueRetrainings(ctx, j.now(), 20)
	if err != nil {
		return err
	}
	var all error
	for _, d := range due { // one that cannot begin is not in the way of the others
		err := j.store.Tx(ctx, func(t *store.Tx) error { return j.retrain(ctx, t, d.ModelID) })
		if err != nil && !errors.Is(err, store.ErrQuota) { // later, when others are through
			all = errors.Join(all, fmt.Errorf("retrain model %s: %w", d.ModelName, err))
		}
	}
	return all
}

// retrain makes the next version of a model, unless another one is being made.
func (j *Jobs) retrain(ctx context.Context, t *store.Tx, model string) error {
	now := j.now()
	s, err := t.Retraining(ctx, model)
	if err != nil || s.Status != store.SchedulerRunning || s.NextAt.IsZero() || s.NextAt.After(now) {
		return gone(err)
	}
	m, err := t.ModelByID(ctx, model)
	if err != nil {
		return gone(err)
	}
	if last, err := t.ModelVersion(ctx, model, m.LastVersion); err != nil || last.Status == store.VersionTraining || last.Status == store.VersionImporting {
		return gone(err)
	}
	period, err := backend.ParsePeriod(s.Frequency)
	if err != nil {
		return err
	}
	if _, err := t.UpdateRetraining(ctx, model, now, func(s *store.Retraining) { s.NextAt = period.Next(s.StartDate, now) }); err != nil {
		return err
	}
	active, err := t.ModelVersion(ctx, model, m.ActiveVersion)
	if err != nil {
		return gone(err)
	}
	var days int
	if _, err := fmt.Sscanf(s.Lookback, "P%dD", &days); err != nil {
		return fmt.Errorf("read look-back window %s: %w", s.Lookback, err)
	}
	v := store.ModelVersion{
		ModelID: model, Status: store.VersionTraining, Source: store.SourceRetraining, DatasetID: m.DatasetID, CreatedAt: now, UpdatedAt: now, StartedAt: now,
		TrainingStart: now.AddDate(0, 0, -days), TrainingEnd: now, Schema: active.Schema,
		VersionDetail: store.VersionDetail{
			DatasetName: m.DatasetName, DatasetARN: m.DatasetARN, Labels: m.Labels, RoleARN: m.RoleARN, KMSKey: m.KMSKey, SamplingRate: m.SamplingRate,
			OffCondition: m.OffCondition, Diagnostics: m.Diagnostics, Settings: active.Settings,
		},
	}
	if j.o.Freeze != nil {
		if v.Settings, err = j.o.Freeze(ctx, t.Reader, m.ARN); err != nil {
			return err
		}
	}
	if m.Labels != nil && m.Labels.LabelGroupName != "" {
		g, err := t.LabelGroup(ctx, m.Account, m.Labels.LabelGroupName)
		if gone(err) != nil {
			return err
		}
		v.LabelGroupID = g.ID
	}
	v, err = t.CreateModelVersion(ctx, v, func(n int64) string { return fmt.Sprintf("%s/model-version/%d", m.ARN, n) })
	if err != nil {
		return err
	}
	return j.Train(ctx, t, model, v.Version)
}

const dayLength = 24 * time.Hour
