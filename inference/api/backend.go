package api

import (
	"context"

	"millwright/inference/api/wire"
)

// Caller is who asks, and in which request.
type Caller struct {
	Identity
	RequestID string
}

// Backend does what the operations say. Its methods are called on many goroutines
// at once. Requests are as the shapes want them, and the S3 locations in them are
// ones that the caller may use; all else is the Backend's to check. It answers with
// an error made by this package, or any other, which becomes an
// InternalServerException and is logged. An answer of nil without an error is an
// empty one.
type Backend interface {
	Datasets
	Labels
	Models
	Versions
	Schedulers
	Retraining
	Tags
	Policies
}

// Datasets keeps datasets and what is ingested into them.
type Datasets interface {
	CreateDataset(ctx context.Context, c Caller, in *wire.CreateDatasetRequest) (*wire.CreateDatasetResponse, error)
	DescribeDataset(ctx context.Context, c Caller, in *wire.DescribeDatasetRequest) (*wire.DescribeDatasetResponse, error)
	ListDatasets(ctx context.Context, c Caller, in *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error)
	DeleteDataset(ctx context.Context, c Caller, in *wire.DeleteDatasetRequest) error
	ImportDataset(ctx context.Context, c Caller, in *wire.ImportDatasetRequest) (*wire.ImportDatasetResponse, error)
	StartDataIngestionJob(ctx context.Context, c Caller, in *wire.StartDataIngestionJobRequest) (*wire.StartDataIngestionJobResponse, error)
	DescribeDataIngestionJob(ctx context.Context, c Caller, in *wire.DescribeDataIngestionJobRequest) (*wire.DescribeDataIngestionJobResponse, error)
	ListDataIngestionJobs(ctx context.Context, c Caller, in *wire.ListDataIngestionJobsRequest) (*wire.ListDataIngestionJobsResponse, error)
	ListSensorStatistics(ctx context.Context, c Caller, in *wire.ListSensorStatisticsRequest) (*wire.ListSensorStatisticsResponse, error)
}

// Labels keeps label groups and their labels.
type Labels interface {
	CreateLabelGroup(ctx context.Context, c Caller, in *wire.CreateLabelGroupRequest) (*wire.CreateLabelGroupResponse, error)
	UpdateLabelGroup(ctx context.Context, c Caller, in *wire.UpdateLabelGroupRequest) error
	DescribeLabelGroup(ctx context.Context, c Caller, in *wire.DescribeLabelGroupRequest) (*wire.DescribeLabelGroupResponse, error)
	ListLabelGroups(ctx context.Context, c Caller, in *wire.ListLabelGroupsRequest) (*wire.ListLabelGroupsResponse, error)
	DeleteLabelGroup(ctx context.Context, c Caller, in *wire.DeleteLabelGroupRequest) error
	CreateLabel(ctx context.Context, c Caller, in *wire.CreateLabelRequest) (*wire.CreateLabelResponse, error)
	DescribeLabel(ctx context.Context, c Caller, in *wire.DescribeLabelRequest) (*wire.DescribeLabelResponse, error)
	ListLabels(ctx context.Context, c Caller, in *wire.ListLabelsRequest) (*wire.ListLabelsResponse, error)
	DeleteLabel(ctx context.Context, c Caller, in *wire.DeleteLabelRequest) error
}

// Models keeps models.
type Models interface {
	CreateModel(ctx context.Context, c Caller, in *wire.CreateModelRequest) (*wire.CreateModelResponse, error)
	UpdateModel(ctx context.Context, c Caller, in *wire.UpdateModelRequest) error
	DescribeModel(ctx context.Context, c Caller, in *wire.DescribeModelRequest) (*wire.DescribeModelResponse, error)
	ListModels(ctx context.Context, c Caller, in *wire.ListModelsRequest) (*wire.ListModelsResponse, error)
	DeleteModel(ctx context.Context, c Caller, in *wire.DeleteModelRequest) error
}

// Versions keeps the versions of models.
type Versions interface {
	DescribeModelVersion(ctx context.Context, c Caller, in *wire.DescribeModelVersionRequest) (*wire.DescribeModelVersionResponse, error)
	ListModelVersions(ctx context.Context, c Caller, in *wire.ListModelVersionsRequest) (*wire.ListModelVersionsResponse, error)
	UpdateActiveModelVersion(ctx context.Context, c Caller, in *wire.UpdateActiveModelVersionRequest) (*wire.UpdateActiveModelVersionResponse, error)
	ImportModelVersion(ctx context.Context, c Caller, in *wire.ImportModelVersionRequest) (*wire.ImportModelVersionResponse, error)
}

// Schedulers keeps inference schedulers, their executions and events.
type Schedulers interface {
	CreateInferenceScheduler(ctx context.Context, c Caller, in *wire.CreateInferenceSchedulerRequest) (*wire.CreateInferenceSchedulerResponse, error)
	UpdateInferenceScheduler(ctx context.Context, c Caller, in *wire.UpdateInferenceSchedulerRequest) error
	DescribeInferenceScheduler(ctx context.Context, c Caller, in *wire.DescribeInferenceSchedulerRequest) (*wire.DescribeInferenceSchedulerResponse, error)
	ListInferenceSchedulers(ctx context.Context, c Caller, in *wire.ListInferenceSchedulersRequest) (*wire.ListInferenceSchedulersResponse, error)
	DeleteInferenceScheduler(ctx context.Context, c Caller, in *wire.DeleteInferenceSchedulerRequest) error
	StartInferenceScheduler(ctx context.Context, c Caller, in *wire.StartInferenceSchedulerRequest) (*wire.StartInferenceSchedulerResponse, error)
	StopInferenceScheduler(ctx context.Context, c Caller, in *wire.StopInferenceSchedulerRequest) (*wire.StopInferenceSchedulerResponse, error)
	ListInferenceExecutions(ctx context.Context, c Caller, in *wire.ListInferenceExecutionsRequest) (*wire.ListInferenceExecutionsResponse, error)
	ListInferenceEvents(ctx context.Context, c Caller, in *wire.ListInferenceEventsRequest) (*wire.ListInferenceEventsResponse, error)
}

// Retraining keeps retraining schedulers.
type Retraining interface {
	CreateRetrainingScheduler(ctx context.Context, c Caller, in *wire.CreateRetrainingSchedulerRequest) (*wire.CreateRetrainingSchedulerResponse, error)
	UpdateRetrainingScheduler(ctx context.Context, c Caller, in *wire.UpdateRetrainingSchedulerRequest) error
	DescribeRetrainingScheduler(ctx context.Context, c Caller, in *wire.DescribeRetrainingSchedulerRequest) (*wire.DescribeRetrainingSchedulerResponse, error)
	ListRetrainingSchedulers(ctx context.Context, c Caller, in *wire.ListRetrainingSchedulersRequest) (*wire.ListRetrainingSchedulersResponse, error)
	DeleteRetrainingScheduler(ctx context.Context, c Caller, in *wire.DeleteRetrainingSchedulerRequest) error
	StartRetrainingScheduler(ctx context.Context, c Caller, in *wire.StartRetrainingSchedulerRequest) (*wire.StartRetrainingSchedulerResponse, error)
	StopRetrainingScheduler(ctx context.Context, c Caller, in *wire.StopRetrainingSchedulerRequest) (*wire.StopRetrainingSchedulerResponse, error)
}

// Tags keeps the tags of resources.
type Tags interface {
	TagResource(ctx context.Context, c Caller, in *wire.TagResourceRequest) (*wire.TagResourceResponse, error)
	UntagResource(ctx context.Context, c Caller, in *wire.UntagResourceRequest) (*wire.UntagResourceResponse, error)
	ListTagsForResource(ctx context.Context, c Caller, in *wire.ListTagsForResourceRequest) (*wire.ListTagsForResourceResponse, error)
}

// Policies keeps the policies that let other accounts import.
type Policies interface {
	PutResourcePolicy(ctx context.Context, c Caller, in *wire.PutResourcePolicyRequest) (*wire.PutResourcePolicyResponse, error)
	DescribeResourcePolicy(ctx context.Context, c Caller, in *wire.DescribeResourcePolicyRequest) (*wire.DescribeResourcePolicyResponse, error)
	DeleteResourcePolicy(ctx context.Context, c Caller, in *wire.DeleteResourcePolicyRequest) error
}
