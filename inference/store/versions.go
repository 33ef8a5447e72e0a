package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// VersionStatus is a model version's state.
type VersionStatus string

// The states of a model version.
const (
	VersionTraining  VersionStatus = "IN_PROGRESS"
	VersionImporting VersionStatus = "IMPORT_IN_PROGRESS"
	VersionSuccess   VersionStatus = "SUCCESS"
	VersionFailed    VersionStatus = "FAILED"
	VersionCanceled  VersionStatus = "CANCELED"
)

func (s VersionStatus) leadsTo() []string {
	if s == VersionTraining || s == VersionImporting {
		return []string{string(VersionSuccess), string(VersionFailed), string(VersionCanceled)}
	}
	return nil
}

// VersionSource says what a model version was made by.
type VersionSource string

// The sources of a version.
const (
	SourceTraining   VersionSource = "TRAINING"
	SourceRetraining VersionSource = "RETRAINING"
	SourceImport     VersionSource = "IMPORT"
)

// ModelVersion is one training or import of a model, with all that went into it.
type ModelVersion struct {
	ModelID                        string
	Version                        int64 // from 1
	Account, ARN                   string
	Status                         VersionStatus
	Source                         VersionSource
	SourceARN                      string // of the version imported from
	DatasetID                      string
	LabelGroupID                   string // "": labels from elsewhere, or none
	CreatedAt, UpdatedAt           time.Time
	TrainingStart, TrainingEnd     time.Time // range of data; zero: not given
	EvaluationStart, EvaluationEnd time.Time // range of data; zero: not given
	StartedAt, EndedAt             time.Time // of the training or import
	Quality                        string    // QUALITY_THRESHOLD_MET ...; "": not known yet
	VersionDetail
	Schema       string // JSON; this and the next two are "" in lists
	Metrics      string // JSON
	PriorMetrics string // JSON
}

// VersionDetail is what no list filters by.
type VersionDetail struct {
	DatasetName, DatasetARN string
	Labels                  *LabelsInput    `json:",omitempty"`
	RoleARN                 string          `json:",omitempty"`
	KMSKey                  string          `json:",omitempty"`
	SamplingRate            string          `json:",omitempty"`
	OffCondition            string          `json:",omitempty"`
	Diagnostics             *Output         `json:",omitempty"`
	DiagnosticsObject       *S3Object       `json:",omitempty"`
	FailedReason            string          `json:",omitempty"`
	ImportedSize            int64           `json:",omitempty"` // bytes
	AvailableDays           int64           `json:",omitempty"` // of data, for a retraining
	Promotion               string          `json:",omitempty"` // AutoPromotionResult
	PromotionReason         string          `json:",omitempty"`
	Settings                json.RawMessage `json:",omitempty"` // the detector's, as frozen at the start
	Artifact                string          `json:",omitempty"` // key of the model file in the work bucket
	Warnings                []string        `json:",omitempty"` // for people
}

const versionColumns = `model_id, version, account, arn, status, source_type, source_arn, dataset_id, label_group, created_at, updated_at, training_start, training_end, evaluation_start, evaluation_end, started_at, ended_at, quality, body, schema_json, metrics, prior_metrics`

func (v *ModelVersion) values() ([]any, error) {
	detail, err := body(v.VersionDetail)
	return []any{
		v.ModelID, v.Version, v.Account, v.ARN, string(v.Status), string(v.Source), v.SourceARN, v.DatasetID, v.LabelGroupID, micros(v.CreatedAt), micros(v.UpdatedAt),
		micros(v.TrainingStart), micros(v.TrainingEnd), micros(v.EvaluationStart), micros(v.EvaluationEnd), micros(v.StartedAt), micros(v.EndedAt),
		v.Quality, detail, v.Schema, v.Metrics, v.PriorMetrics,
	}, err
}

func scanVersion(s scanner) (v ModelVersion, err error) {
	return v, s.Scan(&v.ModelID, &v.Version, &v.Account, &v.ARN, &v.Status, &v.Source, &v.SourceARN, &v.DatasetID, &v.LabelGroupID, instant{&v.CreatedAt}, instant{&v.UpdatedAt},
		instant{&v.TrainingStart}, instant{&v.TrainingEnd}, instant{&v.EvaluationStart}, instant{&v.EvaluationEnd}, instant{&v.StartedAt}, instant{&v.EndedAt},
		&v.Quality, bodyOf{&v.VersionDetail}, &v.Schema, &v.Metrics, &v.PriorMetrics)
}

// ModelVersion finds a version of a model.
func (r Reader) ModelVersion(ctx context.Context, model string, version int64) (ModelVersion, error) {
	return one(ctx, r, scanVersion, "model version", fmt.Sprint(version), `SELECT `+versionColumns+` FROM model_versions WHERE model_id = $1 AND version = $2`, model, version)
}

// ModelVersionByARN finds a version of any account, as imports do.
func (r Reader) ModelVersionByARN(ctx context.Context, arn string) (ModelVersion, error) {
	return one(ctx, r, scanVersion, "model version", arn, `SELECT `+versionColumns+` FROM model_versions WHERE arn = $1`, arn)
}

// VersionFilter chooses among a model's versions; zero fields choose all.
type VersionFilter struct {
	Status                 VersionStatus
	Source                 VersionSource
	CreatedFrom, CreatedTo time.Time // inclusive
	MinVersion, MaxVersion int64     // inclusive
}

// ModelVersions lists a model's versions, the highest first.
func (r Reader) ModelVersions(ctx context.Context, model string, f VersionFilter, p Page) ([]ModelVersion, string, error) {
	l := listing[ModelVersion]{
		name: "model versions", from: `SELECT ` + lean(versionColumns, "schema_json", "prior_metrics", "metrics") + ` FROM model_versions`,
		keys: [2]string{"version"}, scan: scanVersion, at: func(v ModelVersion) place { return place{n: v.Version} },
	}
	l.where.add(true, "model_id = ?", model)
	l.where.add(f.Status != "", "status = ?", string(f.Status))
	l.where.add(f.Source != "", "source_type = ?", string(f.Source))
	l.where.add(!f.CreatedFrom.IsZero(), "created_at >= ?", micros(f.CreatedFrom))
	l.where.add(!f.CreatedTo.IsZero(), "created_at <= ?", micros(f.CreatedTo))
	l.where.add(f.MinVersion > 0, "version >= ?", f.MinVersion)
	l.where.add(f.MaxVersion > 0, "version <= ?", f.MaxVersion)
	return l.page(ctx, r, p)
}
