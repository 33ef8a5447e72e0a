package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// CreateModel makes a model and begins to train its first version.
func (b *Backend) CreateModel(ctx context.Context, c api.Caller, in *wire.CreateModelRequest) (*wire.CreateModelResponse, error) {
	if err := modelRequest(in); err != nil {
		return nil, err
	}
	schema, err := inlineSchema(in.DatasetSchema)
	if err != nil {
		return nil, err
	}
	key, err := b.keyARN(c, in.ServerSideKmsKeyId)
	if err != nil {
		return nil, err
	}
	return once(ctx, b, c, "CreateModel", in.ClientToken, in, func(t *store.Tx) (*wire.CreateModelResponse, error) {
		d, err := t.Dataset(ctx, c.Account, in.DatasetName)
		if err != nil {
			return nil, err
		}
		if d.Status != store.DatasetActive {
			return nil, api.Conflict("dataset %s is %s: a model needs one that is ACTIVE, with data ingested", d.Name, d.Status)
		}
		used, err := b.modelSchema(schema, d, in.OffCondition)
		if err != nil {
			return nil, err
		}
		if err := within(ctx, t.Reader, d, in); err != nil {
			return nil, err
		}
		if err := b.modelTags(in.Tags, used); err != nil {
			return nil, err
		}
		id, now := store.NewUUID(), b.now()
		m := store.Model{
			ID: id, Account: c.Account, Name: in.ModelName, ARN: b.arn(c, "model", in.ModelName, id),
			DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN, Status: store.ModelTraining, CreatedAt: now, UpdatedAt: now,
			Schema: used, ModelDetail: store.ModelDetail{
				Labels: labelsInput(in.LabelsInputConfiguration), RoleARN: in.RoleArn, KMSKey: key, OffCondition: in.OffCondition,
				Diagnostics: output(in.ModelDiagnosticsOutputConfiguration),
			},
		}
		if p := in.DataPreProcessingConfiguration; p != nil {
			m.SamplingRate = p.TargetSamplingRate
		}
		if err := t.CreateModel(ctx, m); err != nil {
			return nil, err
		}
		if err := put(ctx, t, m.ARN, in.Tags); err != nil {
			return nil, err
		}
		v, err := b.version(ctx, t, m)
		if err != nil {
			return nil, err
		}
		v.Status, v.Source, v.StartedAt = store.VersionTraining, store.SourceTraining, now
		v.TrainingStart, v.TrainingEnd = in.TrainingDataStartTime.Time, in.TrainingDataEndTime.Time
		v.EvaluationStart, v.EvaluationEnd = in.EvaluationDataStartTime.Time, in.EvaluationDataEndTime.Time
		if v, err = t.CreateModelVersion(ctx, v, numbered(m.ARN)); err != nil {
			return nil, err
		}
		return &wire.CreateModelResponse{ModelArn: m.ARN, Status: string(m.Status)}, b.work.Train(ctx, t, m.ID, v.Version)
	})
}

// version is a version of a model that begins now, with what the model is set to.
// That the labels' group is there is checked here.
func (b *Backend) version(ctx context.Context, t *store.Tx, m store.Model) (store.ModelVersion, error) {
	v := store.ModelVersion{
		ModelID: m.ID, DatasetID: m.DatasetID, CreatedAt: b.now(), UpdatedAt: b.now(), Schema: m.Schema,
		VersionDetail: store.VersionDetail{
			DatasetName: m.DatasetName, DatasetARN: m.DatasetARN, Labels: m.Labels, RoleARN: m.RoleARN, KMSKey: m.KMSKey,
			SamplingRate: m.SamplingRate, OffCondition: m.OffCondition, Diagnostics: m.Diagnostics,
		},
	}
	var err error
	if v.LabelGroupID, err = labelGroup(ctx, t.Reader, m.Account, m.Labels); err != nil {
		return v, err
	}
	v.Settings, err = b.Freeze(ctx, t.Reader, m.ARN)
	return v, err
}

// labelGroup finds the id of the group that labels come from; "" where they come
// from elsewhere.
func labelGroup(ctx context.Context, r store.Reader, account string, l *store.LabelsInput) (string, error) {
	if l == nil || l.LabelGroupName == "" {
		return "", nil
	}
	g, err := r.LabelGroup(ctx, account, l.LabelGroupName)
	return g.ID, err
}

// UpdateModel changes what later versions are made with.
func (b *Backend) UpdateModel(ctx context.Context, c api.Caller, in *wire.UpdateModelRequest) error {
	if err := labelsRule(in.LabelsInputConfiguration); err != nil {
		return err
	}
	return b.change(ctx, func(t *store.Tx) error {
		m, err := t.Model(ctx, c.Account, in.ModelName)
		if err != nil {
			return err
		}
		if _, err := labelGroup(ctx, t.Reader, c.Account, labelsInput(in.LabelsInputConfiguration)); err != nil {
			return err
		}
		_, err = t.UpdateModel(ctx, m.ID, b.now(), func(m *store.Model) {
			if in.LabelsInputConfiguration != nil {
				m.Labels = labelsInput(in.LabelsInputConfiguration)
			}
			if in.RoleArn != "" {
				m.RoleARN = in.RoleArn
			}
			if in.ModelDiagnosticsOutputConfiguration != nil {
				m.Diagnostics = output(in.ModelDiagnosticsOutputConfiguration)
			}
		})
		return err
	})
}

// ListModels lists models, newest first.
func (b *Backend) ListModels(ctx context.Context, c api.Caller, in *wire.ListModelsRequest) (*wire.ListModelsResponse, error) {
	f := store.ModelFilter{NameBeginsWith: in.ModelNameBeginsWith, DatasetNameBeginsWith: in.DatasetNameBeginsWith, Status: store.ModelStatus(in.Status)}
	list, next, err := b.store.Models(ctx, c.Account, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListModelsResponse{NextToken: next, ModelSummaries: all(list, func(m store.ModelSummary) wire.ModelSummary {
		s := wire.ModelSummary{
			ModelName: m.Name, ModelArn: m.ARN, DatasetName: m.DatasetName, DatasetArn: m.DatasetARN, Status: string(m.Status), CreatedAt: wire.At(m.CreatedAt),
			ActiveModelVersion: m.ActiveVersion, ActiveModelVersionArn: versionARN(m.ARN, m.ActiveVersion), ModelQuality: m.Quality,
			LatestScheduledRetrainingStatus: string(m.Latest.Status), LatestScheduledRetrainingModelVersion: m.RetrainingVersion,
			LatestScheduledRetrainingStartTime: wire.At(m.Latest.StartedAt), RetrainingSchedulerStatus: string(m.RetrainingStatus),
			ModelDiagnosticsOutputConfiguration: outputs(m.Diagnostics),
		}
		if m.RetrainingStatus == store.SchedulerRunning {
			s.NextScheduledRetrainingStartDate = wire.At(m.NextRetraining)
		}
		return s
	})}, nil
}

// DeleteModel removes a model with its versions, unless something uses it.
func (b *Backend) DeleteModel(ctx context.Context, c api.Caller, in *wire.DeleteModelRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		m, err := t.Model(ctx, c.Account, in.ModelName)
		if err != nil {
			return err
		}
		return t.DeleteModel(ctx, m.ID, b.now())
	})
}
