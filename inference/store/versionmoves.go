package store

import (
	"context"
	"fmt"
	"time"
)

// CreateModelVersion adds a version that is IN_PROGRESS or IMPORT_IN_PROGRESS
// and numbers it: one more than the model's highest. Account is the model's;
// arn makes the ARN from the number.
func (t *Tx) CreateModelVersion(ctx context.Context, v ModelVersion, arn func(version int64) string) (ModelVersion, error) {
	if v.Status != VersionTraining && v.Status != VersionImporting {
		return ModelVersion{}, inState("model version", "", v.Status, "none begins so")
	}
	m, err := t.ModelByID(ctx, v.ModelID)
	if err != nil {
		return ModelVersion{}, err
	}
	if err := t.within(ctx, t.quotas.PendingModels, "model", m.Name, "models of an account in progress",
		`SELECT count(*) FROM model_versions WHERE account = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, m.Account); err != nil {
		return ModelVersion{}, err
	}
	v.Version, v.Account = m.LastVersion+1, m.Account
	v.ARN = arn(v.Version)
	values, err := v.values()
	if err != nil {
		return ModelVersion{}, err
	}
	if err := t.create(ctx, "model_versions", versionColumns, values, "model version", v.ARN); err != nil {
		return ModelVersion{}, err
	}
	m.LastVersion = v.Version
	if v.Source == SourceRetraining {
		m.RetrainingVersion = v.Version
	}
	_, err = t.putModel(ctx, m, m, m.Status, v.CreatedAt)
	return v, err
}

// UpdateModelVersion changes what change changes, except identity and status.
func (t *Tx) UpdateModelVersion(ctx context.Context, model string, version int64, at time.Time, change func(*ModelVersion)) (ModelVersion, error) {
	v, err := t.ModelVersion(ctx, model, version)
	if err != nil {
		return ModelVersion{}, err
	}
	return t.putVersion(ctx, v, v.Status, at, change)
}

// MoveModelVersion ends a training or import, and changes what change changes
// (nil: nothing else). A conflict names the present status.
func (t *Tx) MoveModelVersion(ctx context.Context, model string, version int64, to VersionStatus, at time.Time, change func(*ModelVersion)) (ModelVersion, error) {
	v, err := t.ModelVersion(ctx, model, version)
	if err != nil {
		return ModelVersion{}, err
	}
	if err := may("model version", fmt.Sprint(version), v.Status, to); err != nil {
		return ModelVersion{}, err
	}
	return t.putVersion(ctx, v, to, at, change)
}

func (t *Tx) putVersion(ctx context.Context, old ModelVersion, to VersionStatus, at time.Time, change func(*ModelVersion)) (ModelVersion, error) {
	v := old
	if change != nil {
		change(&v)
	}
	v.ModelID, v.Version, v.Account, v.ARN = old.ModelID, old.Version, old.Account, old.ARN
	v.Source, v.SourceARN, v.CreatedAt = old.Source, old.SourceARN, old.CreatedAt
	v.Status, v.UpdatedAt = to, at
	values, err := v.values()
	if err != nil {
		return ModelVersion{}, err
	}
	return v, t.swap(ctx, "model_versions", versionColumns, 2, values, "model version", fmt.Sprint(v.Version), string(old.Status))
}

// Activate makes a version the active one, and the model SUCCESS. Only a version
// in SUCCESS can be; activating the active one changes nothing.
func (t *Tx) Activate(ctx context.Context, model string, version int64, at time.Time) (Model, error) {
	m, err := t.ModelByID(ctx, model)
	if err != nil {
		return Model{}, err
	}
	v, err := t.ModelVersion(ctx, model, version)
	if err != nil {
		return Model{}, err
	}
	if v.Status != VersionSuccess {
		return Model{}, inState("model version", fmt.Sprint(version), v.Status, "only one in SUCCESS can be activated")
	}
	if m.ActiveVersion == version {
		return m, nil
	}
	next := m
	next.PreviousVersion, next.PreviousActivatedAt = m.ActiveVersion, m.ActivatedAt
	next.ActiveVersion, next.ActivatedAt = version, at
	return t.putModel(ctx, m, next, ModelSuccess, at)
}
