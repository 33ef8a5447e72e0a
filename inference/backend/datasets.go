package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/lake"
	"millwright/inference/store"
)

// CreateDataset makes a dataset without data. Its schema may be given here; else the
// first ingestion finds it.
func (b *Backend) CreateDataset(ctx context.Context, c api.Caller, in *wire.CreateDatasetRequest) (*wire.CreateDatasetResponse, error) {
	schema, err := inlineSchema(in.DatasetSchema)
	if err != nil {
		return nil, err
	}
	key, err := b.keyARN(c, in.ServerSideKmsKeyId)
	if err != nil {
		return nil, err
	}
	if err := plainTags(in.Tags); err != nil {
		return nil, err
	}
	return once(ctx, b, c, "CreateDataset", in.ClientToken, in, func(t *store.Tx) (*wire.CreateDatasetResponse, error) {
		id, now := store.NewUUID(), b.now()
		d := store.Dataset{
			ID: id, Account: c.Account, Name: in.DatasetName, ARN: b.arn(c, "dataset", in.DatasetName, id),
			Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now, KMSKey: key, Schema: schema,
		}
		if err := t.CreateDataset(ctx, d); err != nil {
			return nil, err
		}
		return &wire.CreateDatasetResponse{DatasetName: d.Name, DatasetArn: d.ARN, Status: string(d.Status)}, put(ctx, t, d.ARN, in.Tags)
	})
}

// inlineSchema reads a schema of a request, and gives it as it was written; "" for
// none.
func inlineSchema(in *wire.DatasetSchema) (string, error) {
	if in == nil || in.InlineDataSchema == "" {
		return "", nil
	}
	if _, err := lake.ParseSchema(in.InlineDataSchema); err != nil {
		return "", api.Invalid("DatasetSchema.InlineDataSchema", "%s", clipped(err.Error(), maxReason))
	}
	return in.InlineDataSchema, nil
}

// DescribeDataset shows a dataset, and what the last ingestion that succeeded found.
func (b *Backend) DescribeDataset(ctx context.Context, c api.Caller, in *wire.DescribeDatasetRequest) (*wire.DescribeDatasetResponse, error) {
	d, err := b.store.Dataset(ctx, c.Account, in.DatasetName)
	if err != nil {
		return nil, refused(err)
	}
	out := &wire.DescribeDatasetResponse{
		DatasetName: d.Name, DatasetArn: d.ARN, CreatedAt: wire.At(d.CreatedAt), LastUpdatedAt: wire.At(d.UpdatedAt),
		Status: string(d.Status), Schema: d.Schema, ServerSideKmsKeyId: d.KMSKey, SourceDatasetArn: d.SourceARN,
	}
	if d.IngestionID == "" {
		return out, nil
	}
	j, err := b.store.Ingestion(ctx, d.IngestionID)
	if missing(err) { // the dataset was deleted meanwhile
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	out.IngestionInputConfiguration, out.RoleArn = ingestionInput(j.Input), j.RoleARN
	out.DataQualitySummary, out.IngestedFilesSummary = quality(j.Quality), files(j.Files)
	out.DataStartTime, out.DataEndTime = wire.At(j.DataStart), wire.At(j.DataEnd)
	return out, nil
}

// ListDatasets lists datasets, newest first.
func (b *Backend) ListDatasets(ctx context.Context, c api.Caller, in *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
	list, next, err := b.store.Datasets(ctx, c.Account, store.DatasetFilter{NameBeginsWith: in.DatasetNameBeginsWith}, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListDatasetsResponse{NextToken: next, DatasetSummaries: all(list, func(d store.Dataset) wire.DatasetSummary {
		return wire.DatasetSummary{DatasetName: d.Name, DatasetArn: d.ARN, Status: string(d.Status), CreatedAt: wire.At(d.CreatedAt)}
	})}, nil
}

// DeleteDataset removes a dataset that nothing uses. Models made from it stay.
func (b *Backend) DeleteDataset(ctx context.Context, c api.Caller, in *wire.DeleteDatasetRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		d, err := t.Dataset(ctx, c.Account, in.DatasetName)
		if err != nil {
			return err
		}
		return t.DeleteDataset(ctx, d.ID, b.now())
	})
}
