package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// ListInferenceExecutions lists a scheduler's runs, the latest window first. A
// scheduler that is not there has none.
func (b *Backend) ListInferenceExecutions(ctx context.Context, c api.Caller, in *wire.ListInferenceExecutionsRequest) (*wire.ListInferenceExecutionsResponse, error) {
	s, err := b.store.Scheduler(ctx, c.Account, in.InferenceSchedulerName)
	if missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	f := store.ExecutionFilter{From: in.DataStartTimeAfter.Time, To: in.DataEndTimeBefore.Time, Status: store.ExecutionStatus(in.Status)}
	list, next, err := b.store.Executions(ctx, s.ID, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListInferenceExecutionsResponse{NextToken: next, InferenceExecutionSummaries: all(list, execution)}, nil
}

func execution(e store.Execution) wire.InferenceExecutionSummary {
	return wire.InferenceExecutionSummary{
		ModelName: e.Config.ModelName, ModelArn: e.Config.ModelARN, InferenceSchedulerName: e.Config.SchedulerName, InferenceSchedulerArn: e.Config.SchedulerARN,
		ScheduledStartTime: wire.At(e.ScheduledAt), DataStartTime: wire.At(e.DataStart), DataEndTime: wire.At(e.DataEnd),
		DataInputConfiguration: inferenceInputs(e.Config.Input), DataOutputConfiguration: outputs(&e.Config.Output),
		CustomerResultObject: (*wire.S3Object)(e.Result), Status: string(e.Status), FailedReason: clipped(e.FailedReason, maxReason),
		ModelVersion: e.ModelVersion, ModelVersionArn: versionARN(e.Config.ModelARN, e.ModelVersion),
	}
}

// ListInferenceEvents lists the stretches of anomalous rows that reach into an
// interval, the latest first.
func (b *Backend) ListInferenceEvents(ctx context.Context, c api.Caller, in *wire.ListInferenceEventsRequest) (*wire.ListInferenceEventsResponse, error) {
	if in.IntervalEndTime.Before(in.IntervalStartTime.Time) {
		return nil, api.Invalid("IntervalEndTime", "Member must not be before IntervalStartTime")
	}
	s, err := b.store.Scheduler(ctx, c.Account, in.InferenceSchedulerName)
	if err != nil {
		return nil, refused(err)
	}
	list, next, err := b.store.Events(ctx, s.ID, in.IntervalStartTime.Time, in.IntervalEndTime.Time, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListInferenceEventsResponse{NextToken: next, InferenceEventSummaries: all(list, func(e store.Event) wire.InferenceEventSummary {
		seconds := int64(e.EndTime.Sub(e.StartTime).Seconds())
		return wire.InferenceEventSummary{
			InferenceSchedulerArn: s.ARN, InferenceSchedulerName: s.Name, EventStartTime: wire.At(e.StartTime), EventEndTime: wire.At(e.EndTime),
			Diagnostics: e.Diagnostics, EventDurationInSeconds: &seconds,
		}
	})}, nil
}
