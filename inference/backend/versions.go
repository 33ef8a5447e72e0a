package backend

import (
	"context"
	"fmt"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// DescribeModelVersion shows a version with all that it was made with.
func (b *Backend) DescribeModelVersion(ctx context.Context, c api.Caller, in *wire.DescribeModelVersionRequest) (*wire.DescribeModelVersionResponse, error) {
	m, err := b.store.Model(ctx, c.Account, in.ModelName)
	if err != nil {
		return nil, refused(err)
	}
	v, err := b.store.ModelVersion(ctx, m.ID, in.ModelVersion)
	if missing(err) {
		return nil, noVersion(m, in.ModelVersion)
	}
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeModelVersionResponse{
		ModelName: m.Name, ModelArn: m.ARN, ModelVersion: v.Version, ModelVersionArn: v.ARN, Status: string(v.Status), SourceType: string(v.Source),
		DatasetName: v.DatasetName, DatasetArn: v.DatasetARN, Schema: v.Schema, LabelsInputConfiguration: labelsInputs(v.Labels),
		TrainingDataStartTime: wire.At(v.TrainingStart), TrainingDataEndTime: wire.At(v.TrainingEnd),
		EvaluationDataStartTime: wire.At(v.EvaluationStart), EvaluationDataEndTime: wire.At(v.EvaluationEnd),
		RoleArn: v.RoleARN, DataPreProcessingConfiguration: sampling(v.SamplingRate), FailedReason: clipped(v.FailedReason, maxReason),
		ModelMetrics: v.Metrics, PriorModelMetrics: v.PriorMetrics, LastUpdatedTime: wire.At(v.UpdatedAt), CreatedAt: wire.At(v.CreatedAt),
		ServerSideKmsKeyId: v.KMSKey, OffCondition: v.OffCondition, SourceModelVersionArn: v.SourceARN,
		RetrainingAvailableDataInDays: some(v.AvailableDays), AutoPromotionResult: v.Promotion, AutoPromotionResultReason: clipped(v.PromotionReason, 256),
		ModelDiagnosticsOutputConfiguration: outputs(v.Diagnostics), ModelDiagnosticsResultsObject: (*wire.S3Object)(v.DiagnosticsObject), ModelQuality: v.Quality,
	}
	if v.Source == store.SourceImport {
		out.ImportJobStartTime, out.ImportJobEndTime, out.ImportedDataSizeInBytes = wire.At(v.StartedAt), wire.At(v.EndedAt), &v.ImportedSize
	} else {
		out.TrainingExecutionStartTime, out.TrainingExecutionEndTime = wire.At(v.StartedAt), wire.At(v.EndedAt)
	}
	return out, nil
}

func noVersion(m store.Model, version int64) error {
	return api.NotFound("model %s has no version %d", m.Name, version)
}

// ListModelVersions lists a model's versions, the highest first.
func (b *Backend) ListModelVersions(ctx context.Context, c api.Caller, in *wire.ListModelVersionsRequest) (*wire.ListModelVersionsResponse, error) {
	if in.MinModelVersion > 0 && in.MaxModelVersion > 0 && in.MaxModelVersion < in.MinModelVersion {
		return nil, api.Invalid("MaxModelVersion", "Member must not be below MinModelVersion")
	}
	if !in.CreatedAtStartTime.IsZero() && !in.CreatedAtEndTime.IsZero() && in.CreatedAtEndTime.Before(in.CreatedAtStartTime.Time) {
		return nil, api.Invalid("CreatedAtEndTime", "Member must not be before CreatedAtStartTime")
	}
	m, err := b.store.Model(ctx, c.Account, in.ModelName)
	if err != nil {
		return nil, refused(err)
	}
	f := store.VersionFilter{
		Status: store.VersionStatus(in.Status), Source: store.VersionSource(in.SourceType), CreatedFrom: in.CreatedAtStartTime.Time,
		CreatedTo: in.CreatedAtEndTime.Time, MinVersion: in.MinModelVersion, MaxVersion: in.MaxModelVersion,
	}
	list, next, err := b.store.ModelVersions(ctx, m.ID, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListModelVersionsResponse{NextToken: next, ModelVersionSummaries: all(list, func(v store.ModelVersion) wire.ModelVersionSummary {
		return wire.ModelVersionSummary{
			ModelName: m.Name, ModelArn: m.ARN, ModelVersion: v.Version, ModelVersionArn: v.ARN, CreatedAt: wire.At(v.CreatedAt),
			Status: string(v.Status), SourceType: string(v.Source), ModelQuality: v.Quality,
		}
	})}, nil
}

// UpdateActiveModelVersion makes a version in SUCCESS the one that later executions
// use.
func (b *Backend) UpdateActiveModelVersion(ctx context.Context, c api.Caller, in *wire.UpdateActiveModelVersionRequest) (*wire.UpdateActiveModelVersionResponse, error) {
	var out *wire.UpdateActiveModelVersionResponse
	err := b.change(ctx, func(t *store.Tx) error {
		m, err := t.Model(ctx, c.Account, in.ModelName)
		if err != nil {
			return err
		}
		switch _, err := t.ModelVersion(ctx, m.ID, in.ModelVersion); {
		case missing(err):
			return noVersion(m, in.ModelVersion)
		case err != nil:
			return err
		}
		if m, err = t.Activate(ctx, m.ID, in.ModelVersion, b.now()); err != nil {
			return err
		}
		out = &wire.UpdateActiveModelVersionResponse{
			ModelName: m.Name, ModelArn: m.ARN, CurrentActiveVersion: m.ActiveVersion, CurrentActiveVersionArn: versionARN(m.ARN, m.ActiveVersion),
			PreviousActiveVersion: m.PreviousVersion, PreviousActiveVersionArn: versionARN(m.ARN, m.PreviousVersion),
		}
		if err := b.work.Activate(ctx, t, m.ID, m.ActiveVersion); err != nil {
			return fmt.Errorf("begin to activate %s: %w", out.CurrentActiveVersionArn, err)
		}
		return nil
	})
	return out, err
}
