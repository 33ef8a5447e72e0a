package store

import (
	"context"
	"time"
)

// IngestionStatus is an ingestion job's state.
type IngestionStatus string

// The states of an ingestion job.
const (
	IngestionRunning   IngestionStatus = "IN_PROGRESS"
	IngestionImporting IngestionStatus = "IMPORT_IN_PROGRESS"
	IngestionSuccess   IngestionStatus = "SUCCESS"
	IngestionFailed    IngestionStatus = "FAILED"
)

func (s IngestionStatus) leadsTo() []string {
	if s == IngestionRunning || s == IngestionImporting {
		return []string{string(IngestionSuccess), string(IngestionFailed)}
	}
	return nil
}

// Ingestion is a job that fills a dataset: from files, or from another dataset.
type Ingestion struct {
	ID, Account                        string // ID: 32 hex
	DatasetID, DatasetName, DatasetARN string
	SourceARN                          string // of the dataset imported from
	Status                             IngestionStatus
	CreatedAt, UpdatedAt               time.Time
	DataStart, DataEnd                 time.Time // of the rows found
	IngestionDetail
}

// IngestionDetail is what no list filters by.
type IngestionDetail struct {
	Input        *IngestionInput `json:",omitempty"`
	RoleARN      string          `json:",omitempty"`
	StatusDetail string          `json:",omitempty"`
	FailedReason string          `json:",omitempty"`
	Size         int64           `json:",omitempty"` // bytes read
	Quality      *DataQuality    `json:",omitempty"`
	Files        *FilesSummary   `json:",omitempty"`
}

const ingestionColumns = `id, account, dataset_id, dataset_name, dataset_arn, source_arn, status, created_at, updated_at, data_start, data_end, body`

func (j *Ingestion) values() ([]any, error) {
	detail, err := body(j.IngestionDetail)
	return []any{
		j.ID, j.Account, j.DatasetID, j.DatasetName, j.DatasetARN, j.SourceARN, string(j.Status),
		micros(j.CreatedAt), micros(j.UpdatedAt), micros(j.DataStart), micros(j.DataEnd), detail,
	}, err
}

func scanIngestion(s scanner) (j Ingestion, err error) {
	return j, s.Scan(&j.ID, &j.Account, &j.DatasetID, &j.DatasetName, &j.DatasetARN, &j.SourceARN, &j.Status,
		instant{&j.CreatedAt}, instant{&j.UpdatedAt}, instant{&j.DataStart}, instant{&j.DataEnd}, bodyOf{&j.IngestionDetail})
}

// Ingestion finds a job of any account.
func (r Reader) Ingestion(ctx context.Context, id string) (Ingestion, error) {
	return one(ctx, r, scanIngestion, "ingestion job", id, `SELECT `+ingestionColumns+` FROM ingestions WHERE id = $1`, id)
}

// IngestionFilter chooses among an account's jobs; zero fields choose all.
type IngestionFilter struct {
	DatasetName string
	Status      IngestionStatus
}

// Ingestions lists an account's jobs, newest first.
func (r Reader) Ingestions(ctx context.Context, account string, f IngestionFilter, p Page) ([]Ingestion, string, error) {
	l := listing[Ingestion]{
		name: "ingestion jobs", from: `SELECT ` + ingestionColumns + ` FROM ingestions`, keys: [2]string{"created_at", "id"},
		scan: scanIngestion, at: func(j Ingestion) place { return place{j.CreatedAt.UnixMicro(), j.ID} },
	}
	l.where.add(true, "account = ?", account)
	l.where.add(f.DatasetName != "", "dataset_name = ?", f.DatasetName)
	l.where.add(f.Status != "", "status = ?", string(f.Status))
	return l.page(ctx, r, p)
}

// CreateIngestion adds a job that is IN_PROGRESS or IMPORT_IN_PROGRESS. A dataset
// has one such job at a time; moving the dataset is the caller's, in the same Tx.
func (t *Tx) CreateIngestion(ctx context.Context, j Ingestion) error {
	if j.Status != IngestionRunning && j.Status != IngestionImporting {
		return inState("ingestion job", j.ID, j.Status, "none begins so")
	}
	if err := t.unused(ctx, "dataset", j.DatasetName, "an ingestion into it is in progress",
		`SELECT count(*) FROM ingestions WHERE dataset_id = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, j.DatasetID); err != nil {
		return err
	}
	if err := t.within(ctx, t.quotas.PendingIngestions, "ingestion job", j.ID, "pending ingestion jobs of an account",
		`SELECT count(*) FROM ingestions WHERE account = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, j.Account); err != nil {
		return err
	}
	values, err := j.values()
	if err != nil {
		return err
	}
	return t.create(ctx, "ingestions", ingestionColumns, values, "ingestion job", j.ID)
}

// UpdateIngestion changes what change changes, except identity and status.
func (t *Tx) UpdateIngestion(ctx context.Context, id string, at time.Time, change func(*Ingestion)) (Ingestion, error) {
	j, err := t.Ingestion(ctx, id)
	if err != nil {
		return Ingestion{}, err
	}
	return t.putIngestion(ctx, j, j.Status, at, change)
}

// MoveIngestion ends a job, and changes what change changes (nil: nothing else).
// A conflict names the present status.
func (t *Tx) MoveIngestion(ctx context.Context, id string, to IngestionStatus, at time.Time, change func(*Ingestion)) (Ingestion, error) {
	j, err := t.Ingestion(ctx, id)
	if err != nil {
		return Ingestion{}, err
	}
	if err := may("ingestion job", id, j.Status, to); err != nil {
		return Ingestion{}, err
	}
	return t.putIngestion(ctx, j, to, at, change)
}

func (t *Tx) putIngestion(ctx context.Context, old Ingestion, to IngestionStatus, at time.Time, change func(*Ingestion)) (Ingestion, error) {
	j := old
	if change != nil {
		change(&j)
	}
	j.ID, j.Account, j.CreatedAt = old.ID, old.Account, old.CreatedAt
	j.DatasetID, j.DatasetName, j.DatasetARN, j.SourceARN = old.DatasetID, old.DatasetName, old.DatasetARN, old.SourceARN
	j.Status, j.UpdatedAt = to, at
	values, err := j.values()
	if err != nil {
		return Ingestion{}, err
	}
	return j, t.swap(ctx, "ingestions", ingestionColumns, 1, values, "ingestion job", j.ID, string(old.Status))
}
