package backend

import (
	"cmp"
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// ImportDataset begins to copy a dataset of this installation, of the caller's own
// account or of one that allows it.
func (b *Backend) ImportDataset(ctx context.Context, c api.Caller, in *wire.ImportDatasetRequest) (*wire.ImportDatasetResponse, error) {
	key, err := b.keyARN(c, in.ServerSideKmsKeyId)
	if err != nil {
		return nil, err
	}
	if err := plainTags(in.Tags); err != nil {
		return nil, err
	}
	return once(ctx, b, c, "ImportDataset", in.ClientToken, in, func(t *store.Tx) (*wire.ImportDatasetResponse, error) {
		from, err := t.DatasetByARN(ctx, in.SourceDatasetArn)
		if err != nil {
			return nil, err
		}
		if err := mayImport(ctx, t.Reader, c, from.Account, actionImportDataset, from.ARN, from.ARN); err != nil {
			return nil, err
		}
		if from.Status != store.DatasetActive {
			return nil, api.Conflict("dataset %s is %s: only one that is ACTIVE can be imported", from.Name, from.Status)
		}
		id, job, now := store.NewUUID(), store.NewID(), b.now()
		name := cmp.Or(in.DatasetName, from.Name)
		d := store.Dataset{
			ID: id, Account: c.Account, Name: name, ARN: b.arn(c, "dataset", name, id), Status: store.DatasetImporting,
			CreatedAt: now, UpdatedAt: now, SourceARN: from.ARN, IngestionID: job, KMSKey: key, Schema: from.Schema,
		}
		if err := t.CreateDataset(ctx, d); err != nil {
			return nil, err
		}
		if err := put(ctx, t, d.ARN, in.Tags); err != nil {
			return nil, err
		}
		if err := t.CreateIngestion(ctx, store.Ingestion{
			ID: job, Account: c.Account, DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN, SourceARN: from.ARN,
			Status: store.IngestionImporting, CreatedAt: now, UpdatedAt: now,
		}); err != nil {
			return nil, err
		}
		return &wire.ImportDatasetResponse{DatasetName: d.Name, DatasetArn: d.ARN, Status: string(d.Status), JobId: job}, b.work.ImportDataset(ctx, t, job)
	})
}

// ImportModelVersion begins to copy a model version of this installation, of the
// caller's own account or of one that allows it: as the next version of a model of
// the caller's that is there, or as the first one of a new model.
func (b *Backend) ImportModelVersion(ctx context.Context, c api.Caller, in *wire.ImportModelVersionRequest) (*wire.ImportModelVersionResponse, error) {
	if err := labelsRule(in.LabelsInputConfiguration); err != nil {
		return nil, err
	}
	key, err := b.keyARN(c, in.ServerSideKmsKeyId)
	if err != nil {
		return nil, err
	}
	return once(ctx, b, c, "ImportModelVersion", in.ClientToken, in, func(t *store.Tx) (*wire.ImportModelVersionResponse, error) {
		from, source, err := importable(ctx, t.Reader, c, in.SourceModelVersionArn)
		if err != nil {
			return nil, err
		}
		d, err := t.Dataset(ctx, c.Account, in.DatasetName)
		if err != nil {
			return nil, err
		}
		if err := fits(from, d); err != nil {
			return nil, err
		}
		if err := b.modelTags(in.Tags, from.Schema); err != nil {
			return nil, err
		}
		m, err := b.importInto(ctx, t, c, in, from, d, cmp.Or(in.ModelName, source.Name), key)
		if err != nil {
			return nil, err
		}
		if err := put(ctx, t, m.ARN, in.Tags); err != nil {
			return nil, err
		}
		v, err := b.imported(ctx, t, m, from, in, key)
		if err != nil {
			return nil, err
		}
		strategy := cmp.Or(in.InferenceDataImportStrategy, wire.NoImport)
		return &wire.ImportModelVersionResponse{
			ModelName: m.Name, ModelArn: m.ARN, ModelVersionArn: v.ARN, ModelVersion: v.Version, Status: string(v.Status),
		}, b.work.ImportModel(ctx, t, m.ID, v.Version, strategy)
	})
}

// importable finds a version, with its model, that the caller may import.
func importable(ctx context.Context, r store.Reader, c api.Caller, arn string) (store.ModelVersion, store.Model, error) {
	v, err := r.ModelVersionByARN(ctx, arn)
	if err != nil {
		return v, store.Model{}, err
	}
	m, err := r.ModelByID(ctx, v.ModelID)
	if err != nil {
		return v, m, err
	}
	if err := mayImport(ctx, r, c, v.Account, actionImportVersion, v.ARN, v.ARN, m.ARN); err != nil {
		return v, m, err
	}
	if v.Status != store.VersionSuccess {
		return v, m, api.Conflict("model version %s is %s: only one in SUCCESS can be imported", v.ARN, v.Status)
	}
	return v, m, nil
}

// fits wants a version's sensors in a dataset. One without data may get them yet.
func fits(v store.ModelVersion, d store.Dataset) error {
	if d.Schema == "" {
		return nil
	}
	own, err := schemaOf(v.Schema)
	if err != nil {
		return err
	}
	whole, err := schemaOf(d.Schema)
	if err != nil {
		return err
	}
	if err := own.Within(whole); err != nil {
		return api.Invalid("DatasetName", "Member must be a dataset with the model's sensors: %s", clipped(err.Error(), maxReason))
	}
	return nil
}

// importInto finds the model that a version is imported into, or makes it.
func (b *Backend) importInto(ctx context.Context, t *store.Tx, c api.Caller, in *wire.ImportModelVersionRequest, from store.ModelVersion, d store.Dataset, name, key string) (store.Model, error) {
	m, err := t.Model(ctx, c.Account, name)
	switch {
	case err == nil && m.DatasetID != d.ID:
		return m, api.Invalid("DatasetName", "Member must be the dataset of model %s, which is %s", name, m.DatasetName)
	case err == nil && (m.Status == store.ModelTraining || m.Status == store.ModelImporting):
		return m, api.Conflict("model %s is %s: wait for its end", name, m.Status)
	case err == nil || !missing(err):
		return m, err
	}
	id, now := store.NewUUID(), b.now()
	m = store.Model{
		ID: id, Account: c.Account, Name: name, ARN: b.arn(c, "model", name, id), DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN,
		Status: store.ModelImporting, CreatedAt: now, UpdatedAt: now, Schema: from.Schema, ModelDetail: store.ModelDetail{
			Labels: labelsInput(in.LabelsInputConfiguration), RoleARN: in.RoleArn, KMSKey: key, SamplingRate: from.SamplingRate,
			OffCondition: from.OffCondition, SourceARN: from.ARN,
		},
	}
	return m, t.CreateModel(ctx, m)
}

// imported makes the version: how it was trained is the source's.
func (b *Backend) imported(ctx context.Context, t *store.Tx, m store.Model, from store.ModelVersion, in *wire.ImportModelVersionRequest, key string) (store.ModelVersion, error) {
	v, err := b.version(ctx, t, m)
	if err != nil {
		return v, err
	}
	v.Status, v.Source, v.SourceARN, v.StartedAt = store.VersionImporting, store.SourceImport, from.ARN, v.CreatedAt
	v.TrainingStart, v.TrainingEnd, v.EvaluationStart, v.EvaluationEnd = from.TrainingStart, from.TrainingEnd, from.EvaluationStart, from.EvaluationEnd
	v.Quality, v.Metrics, v.Schema = from.Quality, from.Metrics, from.Schema
	v.SamplingRate, v.OffCondition, v.Settings, v.Diagnostics = from.SamplingRate, from.OffCondition, from.Settings, nil
	if in.LabelsInputConfiguration != nil {
		v.Labels = labelsInput(in.LabelsInputConfiguration)
		if v.LabelGroupID, err = labelGroup(ctx, t.Reader, m.Account, v.Labels); err != nil {
			return v, err
		}
	}
	v.RoleARN, v.KMSKey = cmp.Or(in.RoleArn, v.RoleARN), cmp.Or(key, v.KMSKey)
	return t.CreateModelVersion(ctx, v, numbered(m.ARN))
}
