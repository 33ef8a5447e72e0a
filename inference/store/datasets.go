package store

import (
	"context"
	"time"
)

// DatasetStatus is a dataset's state.
type DatasetStatus string

// The states of a dataset.
const (
	DatasetCreated   DatasetStatus = "CREATED"
	DatasetIngesting DatasetStatus = "INGESTION_IN_PROGRESS"
	DatasetActive    DatasetStatus = "ACTIVE"
	DatasetImporting DatasetStatus = "IMPORT_IN_PROGRESS"
)

// One that failed to be filled is CREATED again unless it had data before.
func (s DatasetStatus) leadsTo() []string {
	switch s {
	case DatasetCreated, DatasetActive:
		return []string{string(DatasetIngesting)}
	case DatasetIngesting, DatasetImporting:
		return []string{string(DatasetActive), string(DatasetCreated)}
	}
	return nil
}

// Dataset is a named collection of sensor data.
type Dataset struct {
	ID, Account, Name, ARN string
	Status                 DatasetStatus
	CreatedAt, UpdatedAt   time.Time
	SourceARN              string // of the dataset it was imported from
	IngestionID            string // whose outcome it shows; "" for none
	Size                   int64  // bytes ingested
	KMSKey                 string
	Schema                 string // JSON; "" until it is known, and in lists
}

const datasetColumns = `id, account, name, arn, status, created_at, updated_at, source_arn, ingestion_id, size, kms_key, schema_json`

func (d *Dataset) values() []any {
	return []any{
		d.ID, d.Account, d.Name, d.ARN, string(d.Status), micros(d.CreatedAt), micros(d.UpdatedAt),
		d.SourceARN, d.IngestionID, d.Size, d.KMSKey, d.Schema,
	}
}

func scanDataset(s scanner) (d Dataset, err error) {
	return d, s.Scan(&d.ID, &d.Account, &d.Name, &d.ARN, &d.Status, instant{&d.CreatedAt}, instant{&d.UpdatedAt},
		&d.SourceARN, &d.IngestionID, &d.Size, &d.KMSKey, &d.Schema)
}

// Dataset finds an account's dataset by its name.
func (r Reader) Dataset(ctx context.Context, account, name string) (Dataset, error) {
	return one(ctx, r, scanDataset, "dataset", name, `SELECT `+datasetColumns+` FROM datasets WHERE account = $1 AND name = $2`, account, name)
}

// DatasetByID finds a dataset of any account.
func (r Reader) DatasetByID(ctx context.Context, id string) (Dataset, error) {
	return one(ctx, r, scanDataset, "dataset", id, `SELECT `+datasetColumns+` FROM datasets WHERE id = $1`, id)
}

// DatasetByARN finds a dataset of any account, as imports do.
func (r Reader) DatasetByARN(ctx context.Context, arn string) (Dataset, error) {
	return one(ctx, r, scanDataset, "dataset", arn, `SELECT `+datasetColumns+` FROM datasets WHERE arn = $1`, arn)
}

// DatasetFilter chooses among an account's datasets; zero fields choose all.
type DatasetFilter struct{ NameBeginsWith string }

// Datasets lists an account's datasets without their schemas, newest first.
func (r Reader) Datasets(ctx context.Context, account string, f DatasetFilter, p Page) ([]Dataset, string, error) {
	l := listing[Dataset]{
		name: "datasets", from: `SELECT ` + lean(datasetColumns, "schema_json") + ` FROM datasets`, keys: [2]string{"created_at", "id"},
		scan: scanDataset, at: func(d Dataset) place { return place{d.CreatedAt.UnixMicro(), d.ID} },
	}
	l.where.add(true, "account = ?", account)
	l.where.begins("name", f.NameBeginsWith)
	return l.page(ctx, r, p)
}

// CreateDataset adds a dataset that is CREATED, or IMPORT_IN_PROGRESS.
func (t *Tx) CreateDataset(ctx context.Context, d Dataset) error {
	if d.Status != DatasetCreated && d.Status != DatasetImporting {
		return inState("dataset", d.Name, d.Status, "none begins so")
	}
	if err := t.within(ctx, t.quotas.Datasets, "dataset", d.Name, "datasets of an account",
		`SELECT count(*) FROM datasets WHERE account = $1`, d.Account); err != nil {
		return err
	}
	return t.create(ctx, "datasets", datasetColumns, d.values(), "dataset", d.Name)
}

// UpdateDataset changes what change changes, except identity and status.
func (t *Tx) UpdateDataset(ctx context.Context, id string, at time.Time, change func(*Dataset)) (Dataset, error) {
	d, err := t.DatasetByID(ctx, id)
	if err != nil {
		return Dataset{}, err
	}
	return t.putDataset(ctx, d, d.Status, at, change)
}

// MoveDataset changes the status, and what change changes (nil: nothing else). A
// conflict names the present status.
func (t *Tx) MoveDataset(ctx context.Context, id string, to DatasetStatus, at time.Time, change func(*Dataset)) (Dataset, error) {
	d, err := t.DatasetByID(ctx, id)
	if err != nil {
		return Dataset{}, err
	}
	if err := may("dataset", d.Name, d.Status, to); err != nil {
		return Dataset{}, err
	}
	return t.putDataset(ctx, d, to, at, change)
}

func (t *Tx) putDataset(ctx context.Context, old Dataset, to DatasetStatus, at time.Time, change func(*Dataset)) (Dataset, error) {
	d := old
	if change != nil {
		change(&d)
	}
	d.ID, d.Account, d.Name, d.ARN, d.CreatedAt = old.ID, old.Account, old.Name, old.ARN, old.CreatedAt
	d.Status, d.UpdatedAt = to, at
	return d, t.swap(ctx, "datasets", datasetColumns, 1, d.values(), "dataset", d.Name, string(old.Status))
}

// DeleteDataset removes a dataset with its ingestions. It is a conflict while an
// ingestion, an import, a training or a scheduler that is not STOPPED uses it.
// Models stay. Its objects are left to Leftovers.
func (t *Tx) DeleteDataset(ctx context.Context, id string, at time.Time) error {
	d, err := t.DatasetByID(ctx, id)
	if err != nil {
		return err
	}
	if d.Status == DatasetIngesting || d.Status == DatasetImporting {
		return inState("dataset", d.Name, d.Status, "wait for its end")
	}
	for _, use := range []struct{ reason, query, arg string }{
		{"another dataset is being imported from it", `SELECT count(*) FROM ingestions WHERE source_arn = $1 AND status = 'IMPORT_IN_PROGRESS'`, d.ARN},
		{"an ingestion into it is in progress", `SELECT count(*) FROM ingestions WHERE dataset_id = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, id},
		{"a model version is being made from it", `SELECT count(*) FROM model_versions WHERE dataset_id = $1 AND status IN ('IN_PROGRESS', 'IMPORT_IN_PROGRESS')`, id},
		{"an inference scheduler of one of its models is not STOPPED", `SELECT count(*) FROM schedulers s JOIN models m ON m.id = s.model_id WHERE m.dataset_id = $1 AND s.status <> 'STOPPED'`, id},
		{"a retraining scheduler of one of its models is not STOPPED", `SELECT count(*) FROM retrainings s JOIN models m ON m.id = s.model_id WHERE m.dataset_id = $1 AND s.status <> 'STOPPED'`, id},
	} {
		if err := t.unused(ctx, "dataset", d.Name, use.reason, use.query, use.arg); err != nil {
			return err
		}
	}
	if err := t.forget(ctx, []string{
		`DELETE FROM ingestion_files WHERE ingestion_id IN (SELECT id FROM ingestions WHERE dataset_id = $1)`,
		`DELETE FROM sensor_statistics WHERE ingestion_id IN (SELECT id FROM ingestions WHERE dataset_id = $1)`,
		`DELETE FROM ingestions WHERE dataset_id = $1`,
		`DELETE FROM datasets WHERE id = $1`,
	}, id); err != nil {
		return err
	}
	return t.leave(ctx, ObjectDataset, id, d.ARN, at)
}
