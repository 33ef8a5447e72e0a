package backend

import (
	"context"
	"strings"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/lake"
	"millwright/inference/store"
)

// StartDataIngestionJob begins to read files into a dataset; those of the last
// ingestion are replaced by them.
func (b *Backend) StartDataIngestionJob(ctx context.Context, c api.Caller, in *wire.StartDataIngestionJobRequest) (*wire.StartDataIngestionJobResponse, error) {
	from := in.IngestionInputConfiguration.S3InputConfiguration
	if _, err := lake.ParseKeyPattern(from.KeyPattern); err != nil {
		return nil, api.Invalid("IngestionInputConfiguration.S3InputConfiguration.KeyPattern", "%v", err)
	}
	input := new(store.IngestionInput)
	input.S3InputConfiguration.Bucket, input.S3InputConfiguration.Prefix, input.S3InputConfiguration.KeyPattern = from.Bucket, from.Prefix, from.KeyPattern
	return once(ctx, b, c, "StartDataIngestionJob", in.ClientToken, in, func(t *store.Tx) (*wire.StartDataIngestionJobResponse, error) {
		d, err := t.Dataset(ctx, c.Account, in.DatasetName)
		if err != nil {
			return nil, err
		}
		now := b.now()
		j := store.Ingestion{
			ID: store.NewID(), Account: c.Account, DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN,
			Status: store.IngestionRunning, CreatedAt: now, UpdatedAt: now,
			IngestionDetail: store.IngestionDetail{Input: input, RoleARN: in.RoleArn},
		}
		if _, err := t.MoveDataset(ctx, d.ID, store.DatasetIngesting, now, shows(j.ID)); err != nil {
			return nil, err
		}
		if err := t.CreateIngestion(ctx, j); err != nil {
			return nil, err
		}
		return &wire.StartDataIngestionJobResponse{JobId: j.ID, Status: string(j.Status)}, b.work.Ingest(ctx, t, j.ID)
	})
}

// shows makes a dataset show a job that has begun, unless it shows the outcome of an
// earlier one.
func shows(job string) func(*store.Dataset) {
	return func(d *store.Dataset) {
		if d.Status == store.DatasetCreated || d.IngestionID == "" {
			d.IngestionID = job
		}
	}
}

// DescribeDataIngestionJob shows an ingestion job, or the one of an import.
func (b *Backend) DescribeDataIngestionJob(ctx context.Context, c api.Caller, in *wire.DescribeDataIngestionJobRequest) (*wire.DescribeDataIngestionJobResponse, error) {
	j, err := b.store.Ingestion(ctx, strings.ToLower(in.JobId))
	if err == nil && j.Account != c.Account || missing(err) {
		return nil, api.NotFound("ingestion job %s is not there", in.JobId)
	}
	if err != nil {
		return nil, err
	}
	out := &wire.DescribeDataIngestionJobResponse{
		JobId: j.ID, DatasetArn: j.DatasetARN, IngestionInputConfiguration: ingestionInput(j.Input), RoleArn: j.RoleARN,
		CreatedAt: wire.At(j.CreatedAt), Status: string(j.Status), SourceDatasetArn: j.SourceARN,
		FailedReason: clipped(j.FailedReason, maxReason), StatusDetail: clipped(j.StatusDetail, maxReason),
		DataQualitySummary: quality(j.Quality), IngestedFilesSummary: files(j.Files),
		DataStartTime: wire.At(j.DataStart), DataEndTime: wire.At(j.DataEnd),
	}
	if j.Status == store.IngestionSuccess || j.Size > 0 {
		out.IngestedDataSize = &j.Size
	}
	return out, nil
}

// ListDataIngestionJobs lists ingestion jobs, newest first.
func (b *Backend) ListDataIngestionJobs(ctx context.Context, c api.Caller, in *wire.ListDataIngestionJobsRequest) (*wire.ListDataIngestionJobsResponse, error) {
	f := store.IngestionFilter{DatasetName: in.DatasetName, Status: store.IngestionStatus(in.Status)}
	list, next, err := b.store.Ingestions(ctx, c.Account, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListDataIngestionJobsResponse{NextToken: next, DataIngestionJobSummaries: all(list, func(j store.Ingestion) wire.DataIngestionJobSummary {
		return wire.DataIngestionJobSummary{
			JobId: j.ID, DatasetName: j.DatasetName, DatasetArn: j.DatasetARN,
			IngestionInputConfiguration: ingestionInput(j.Input), Status: string(j.Status),
		}
	})}, nil
}

func ingestionInput(in *store.IngestionInput) *wire.IngestionInputConfiguration {
	if in == nil {
		return nil
	}
	from := in.S3InputConfiguration
	return &wire.IngestionInputConfiguration{S3InputConfiguration: wire.IngestionS3InputConfiguration{
		Bucket: from.Bucket, Prefix: from.Prefix, KeyPattern: from.KeyPattern,
	}}
}
