package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// DescribeModel shows a model with what its active version was made with, or its
// latest one as long as none is active.
func (b *Backend) DescribeModel(ctx context.Context, c api.Caller, in *wire.DescribeModelRequest) (*wire.DescribeModelResponse, error) {
	m, err := b.store.Model(ctx, c.Account, in.ModelName)
	if err != nil {
		return nil, refused(err)
	}
	out := &wire.DescribeModelResponse{
		ModelName: m.Name, ModelArn: m.ARN, DatasetName: m.DatasetName, DatasetArn: m.DatasetARN, Schema: m.Schema,
		LabelsInputConfiguration: labelsInputs(m.Labels), RoleArn: m.RoleARN, DataPreProcessingConfiguration: sampling(m.SamplingRate),
		Status: string(m.Status), LastUpdatedTime: wire.At(m.UpdatedAt), CreatedAt: wire.At(m.CreatedAt), ServerSideKmsKeyId: m.KMSKey,
		OffCondition: m.OffCondition, SourceModelVersionArn: m.SourceARN, ModelDiagnosticsOutputConfiguration: outputs(m.Diagnostics),
		ActiveModelVersion: m.ActiveVersion, ActiveModelVersionArn: versionARN(m.ARN, m.ActiveVersion), ModelVersionActivatedAt: wire.At(m.ActivatedAt),
		PreviousActiveModelVersion: m.PreviousVersion, PreviousActiveModelVersionArn: versionARN(m.ARN, m.PreviousVersion),
		PreviousModelVersionActivatedAt: wire.At(m.PreviousActivatedAt),
	}
	for _, add := range []func(context.Context, store.Model, *wire.DescribeModelResponse) error{b.addVersion, b.addLatestRetraining, b.addRetrainingScheduler, b.addAccumulated} {
		if err := add(ctx, m, out); err != nil && !missing(err) { // what is missing was deleted meanwhile
			return nil, err
		}
	}
	return out, nil
}

func (b *Backend) addVersion(ctx context.Context, m store.Model, out *wire.DescribeModelResponse) error {
	number := m.ActiveVersion
	if number == 0 {
		number = m.LastVersion
	}
	v, err := b.store.ModelVersion(ctx, m.ID, number)
	if err != nil {
		return err
	}
	out.TrainingDataStartTime, out.TrainingDataEndTime = wire.At(v.TrainingStart), wire.At(v.TrainingEnd)
	out.EvaluationDataStartTime, out.EvaluationDataEndTime = wire.At(v.EvaluationStart), wire.At(v.EvaluationEnd)
	if v.Source == store.SourceImport {
		out.ImportJobStartTime, out.ImportJobEndTime = wire.At(v.StartedAt), wire.At(v.EndedAt)
	} else {
		out.TrainingExecutionStartTime, out.TrainingExecutionEndTime = wire.At(v.StartedAt), wire.At(v.EndedAt)
	}
	out.ModelMetrics, out.PriorModelMetrics, out.ModelQuality = v.Metrics, v.PriorMetrics, v.Quality
	if m.Status == store.ModelFailed {
		out.FailedReason = clipped(v.FailedReason, maxReason)
	}
	return nil
}

func (b *Backend) addLatestRetraining(ctx context.Context, m store.Model, out *wire.DescribeModelResponse) error {
	if m.RetrainingVersion == 0 {
		return nil
	}
	v, err := b.store.ModelVersion(ctx, m.ID, m.RetrainingVersion)
	if err != nil {
		return err
	}
	out.LatestScheduledRetrainingStatus, out.LatestScheduledRetrainingModelVersion = string(v.Status), v.Version
	out.LatestScheduledRetrainingStartTime = wire.At(v.StartedAt)
	out.LatestScheduledRetrainingFailedReason = clipped(v.FailedReason, maxReason)
	out.LatestScheduledRetrainingAvailableDataInDays = some(v.AvailableDays)
	return nil
}

func (b *Backend) addRetrainingScheduler(ctx context.Context, m store.Model, out *wire.DescribeModelResponse) error {
	s, err := b.store.Retraining(ctx, m.ID)
	if err != nil {
		return err
	}
	out.RetrainingSchedulerStatus = string(s.Status)
	if s.Status == store.SchedulerRunning {
		out.NextScheduledRetrainingStartDate = wire.At(s.NextAt)
	}
	return nil
}

func (b *Backend) addAccumulated(ctx context.Context, m store.Model, out *wire.DescribeModelResponse) error {
	seen, err := b.store.ObjectSpan(ctx, store.ObjectInference, m.ID)
	if err != nil {
		return err
	}
	out.AccumulatedInferenceDataStartTime, out.AccumulatedInferenceDataEndTime = wire.At(seen.DataStart), wire.At(seen.DataEnd)
	return nil
}
