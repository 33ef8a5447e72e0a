package store

import (
	"context"
	"time"
)

// ModelStatus is a model's state: that of its first version.
type ModelStatus string

// The states of a model.
const (
	ModelTraining  ModelStatus = "IN_PROGRESS"
	ModelImporting ModelStatus = "IMPORT_IN_PROGRESS"
	ModelSuccess   ModelStatus = "SUCCESS"
	ModelFailed    ModelStatus = "FAILED"
)

// A failed one comes to life when a later version of it is activated.
func (s ModelStatus) leadsTo() []string {
	switch s {
	case ModelTraining, ModelImporting:
		return []string{string(ModelSuccess), string(ModelFailed)}
	case ModelFailed:
		return []string{string(ModelSuccess)}
	}
	return nil
}

// Model is a named line of versions, and what the next version is made with.
type Model struct {
	ID, Account, Name, ARN             string
	DatasetID, DatasetName, DatasetARN string // also after the dataset's end
	Status                             ModelStatus
	CreatedAt, UpdatedAt               time.Time
	LastVersion                        int64 // highest number given; 0: none yet
	ActiveVersion                      int64 // 0: none
	ActivatedAt                        time.Time
	PreviousVersion                    int64 // active before; 0: none
	PreviousActivatedAt                time.Time
	RetrainingVersion                  int64 // of the latest scheduled retraining; 0: none
	ModelDetail
	Schema string // JSON; "" in lists
}

// ModelDetail is what no list filters by.
type ModelDetail struct {
	Labels       *LabelsInput `json:",omitempty"`
	RoleARN      string       `json:",omitempty"`
	KMSKey       string       `json:",omitempty"`
	SamplingRate string       `json:",omitempty"`
	OffCondition string       `json:",omitempty"`
	Diagnostics  *Output      `json:",omitempty"`
	SourceARN    string       `json:",omitempty"` // of the version it was imported from
}

const modelColumns = `id, account, name, arn, dataset_id, dataset_name, dataset_arn, status, created_at, updated_at, last_version, active_version, activated_at, previous_version, previous_activated_at, retraining_version, body, schema_json`

func (m *Model) values() ([]any, error) {
	detail, err := body(m.ModelDetail)
	return []any{
		m.ID, m.Account, m.Name, m.ARN, m.DatasetID, m.DatasetName, m.DatasetARN, string(m.Status), micros(m.CreatedAt), micros(m.UpdatedAt),
		m.LastVersion, m.ActiveVersion, micros(m.ActivatedAt), m.PreviousVersion, micros(m.PreviousActivatedAt), m.RetrainingVersion, detail, m.Schema,
	}, err
}

func (m *Model) fields() []any {
	return []any{
		&m.ID, &m.Account, &m.Name, &m.ARN, &m.DatasetID, &m.DatasetName, &m.DatasetARN, &m.Status,
		instant{&m.CreatedAt},
		instant{&m.UpdatedAt},
		&m.LastVersion, &m.ActiveVersion,
		instant{&m.ActivatedAt},
		&m.PreviousVersion,
		instant{&m.PreviousActivatedAt},
		&m.RetrainingVersion,
		bodyOf{&m.ModelDetail},
		&m.Schema,
	}
}

func scanModel(s scanner) (m Model, err error) { return m, s.Scan(m.fields()...) }

// Model finds an account's model by its name.
func (r Reader) Model(ctx context.Context, account, name string) (Model, error) {
	return one(ctx, r, scanModel, "model", name, `SELECT `+modelColumns+` FROM models WHERE account = $1 AND name = $2`, account, name)
}

// ModelByID finds a model of any account.
func (r Reader) ModelByID(ctx context.Context, id string) (Model, error) {
	return one(ctx, r, scanModel, "model", id, `SELECT `+modelColumns+` FROM models WHERE id = $1`, id)
}

// ModelByARN finds a model of any account.
func (r Reader) ModelByARN(ctx context.Context, arn string) (Model, error) {
	return one(ctx, r, scanModel, "model", arn, `SELECT `+modelColumns+` FROM models WHERE arn = $1`, arn)
}

// CreateModel adds a model without versions that is IN_PROGRESS or
// IMPORT_IN_PROGRESS. Its dataset has to be there.
func (t *Tx) CreateModel(ctx context.Context, m Model) error {
	if m.Status != ModelTraining && m.Status != ModelImporting {
		return inState("model", m.Name, m.Status, "none begins so")
	}
	if _, err := t.DatasetByID(ctx, m.DatasetID); err != nil {
		return err
	}
	if err := t.within(ctx, t.quotas.Models, "model", m.Name, "models of an account", `SELECT count(*) FROM models WHERE account = $1`, m.Account); err != nil {
		return err
	}
	m.LastVersion, m.ActiveVersion, m.PreviousVersion, m.RetrainingVersion = 0, 0, 0, 0
	values, err := m.values()
	if err != nil {
		return err
	}
	return t.create(ctx, "models", modelColumns, values, "model", m.Name)
}

// UpdateModel changes what change changes, except identity, status and versions.
func (t *Tx) UpdateModel(ctx context.Context, id string, at time.Time, change func(*Model)) (Model, error) {
	m, err := t.ModelByID(ctx, id)
	if err != nil {
		return Model{}, err
	}
	next := m
	change(&next)
	next.LastVersion, next.RetrainingVersion = m.LastVersion, m.RetrainingVersion
	next.ActiveVersion, next.ActivatedAt = m.ActiveVersion, m.ActivatedAt
	next.PreviousVersion, next.PreviousActivatedAt = m.PreviousVersion, m.PreviousActivatedAt
	return t.putModel(ctx, m, next, m.Status, at)
}

// MoveModel changes the status. A conflict names the present one.
func (t *Tx) MoveModel(ctx context.Context, id string, to ModelStatus, at time.Time) (Model, error) {
	m, err := t.ModelByID(ctx, id)
	if err != nil {
		return Model{}, err
	}
	if err := may("model", m.Name, m.Status, to); err != nil {
		return Model{}, err
	}
	return t.putModel(ctx, m, m, to, at)
}

func (t *Tx) putModel(ctx context.Context, old, m Model, to ModelStatus, at time.Time) (Model, error) {
	m.ID, m.Account, m.Name, m.ARN, m.CreatedAt = old.ID, old.Account, old.Name, old.ARN, old.CreatedAt
	m.Status, m.UpdatedAt = to, at
	values, err := m.values()
	if err != nil {
		return Model{}, err
	}
	return m, t.swap(ctx, "models", modelColumns, 1, values, "model", m.Name, string(old.Status))
}

// DeleteModel removes a model, its versions and its retraining scheduler. It is
// a conflict while a version is being made, or a scheduler of it is not STOPPED;
// a stopped inference scheduler stays and cannot be started any more. Its
// objects are left to Leftovers.
func (t *Tx) DeleteModel(ctx context.Context, id string, at time.Time) error {
	m, err := t.ModelByID(ctx, id)
	if err != nil {
		return err
	}
	if m.Status == ModelTraining || m.Status == ModelImporting {
		return inState("model", m.Name, m.Status, "wait for its end")
	}
	for _, use := range []struct{ reason, query, arg string }{
		{"a version is being made", `SELECT count(*) FROM model_versions WHERE model_id = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, id},
		{"a version is being imported elsewhere", `SELECT count(*) FROM model_versions WHERE status = 'IMPORT_IN_PROGRESS' AND source_arn IN (SELECT arn FROM model_versions WHERE model_id = $1)`, id},
		{"its inference scheduler is not STOPPED", `SELECT count(*) FROM schedulers WHERE model_id = $1 AND status <> 'STOPPED'`, id},
		{"its retraining scheduler is not STOPPED", `SELECT count(*) FROM retrainings WHERE model_id = $1 AND status <> 'STOPPED'`, id},
	} {
		if err := t.unused(ctx, "model", m.Name, use.reason, use.query, use.arg); err != nil {
			return err
		}
	}
	if err := t.forget(ctx, []string{
		`DELETE FROM tags WHERE arn IN (SELECT arn FROM model_versions WHERE model_id = $1)`,
		`DELETE FROM policies WHERE arn IN (SELECT arn FROM model_versions WHERE model_id = $1)`,
		`DELETE FROM model_versions WHERE model_id = $1`,
		`DELETE FROM retrainings WHERE model_id = $1`,
		`DELETE FROM models WHERE id = $1`,
	}, id); err != nil {
		return err
	}
	return t.leave(ctx, ObjectInference, id, m.ARN, at)
}
