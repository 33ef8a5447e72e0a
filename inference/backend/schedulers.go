package backend

import (
	"context"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/store"
)

// CreateInferenceScheduler makes a model's scheduler, which runs at once. The
// answer says PENDING, as the state that it went through, and warns of a model whose
// quality is poor or not known.
func (b *Backend) CreateInferenceScheduler(ctx context.Context, c api.Caller, in *wire.CreateInferenceSchedulerRequest) (*wire.CreateInferenceSchedulerResponse, error) {
	key, err := b.keyARN(c, in.ServerSideKmsKeyId)
	if err != nil {
		return nil, err
	}
	if err := plainTags(in.Tags); err != nil {
		return nil, err
	}
	input := inferenceInput(in.DataInputConfiguration)
	if err := inputRule(input); err != nil {
		return nil, err
	}
	return once(ctx, b, c, "CreateInferenceScheduler", in.ClientToken, in, func(t *store.Tx) (*wire.CreateInferenceSchedulerResponse, error) {
		m, v, err := ready(ctx, t.Reader, c, in.ModelName)
		if err != nil {
			return nil, err
		}
		if err := frequencyRule(in.DataUploadFrequency, m.SamplingRate); err != nil {
			return nil, err
		}
		id, now := store.NewUUID(), b.now()
		s := store.Scheduler{
			ID: id, Account: c.Account, Name: in.InferenceSchedulerName, ARN: b.arn(c, "inference-scheduler", in.InferenceSchedulerName, id),
			ModelID: m.ID, ModelName: m.Name, ModelARN: m.ARN, Status: store.SchedulerPending, Frequency: in.DataUploadFrequency,
			CreatedAt: now, UpdatedAt: now,
			SchedulerDetail: store.SchedulerDetail{Input: input, Output: *output(&in.DataOutputConfiguration), RoleARN: in.RoleArn, KMSKey: key},
		}
		if in.DataDelayOffsetInMinutes != nil {
			s.DelayMinutes = *in.DataDelayOffsetInMinutes
		}
		if err := t.CreateScheduler(ctx, s); err != nil {
			return nil, err
		}
		if err := outputRule(ctx, t.Reader, s); err != nil {
			return nil, err
		}
		if err := put(ctx, t, s.ARN, in.Tags); err != nil {
			return nil, err
		}
		if _, err := t.MoveScheduler(ctx, s.ID, store.SchedulerRunning, now); err != nil {
			return nil, err
		}
		return &wire.CreateInferenceSchedulerResponse{
			InferenceSchedulerArn: s.ARN, InferenceSchedulerName: s.Name, Status: string(s.Status), ModelQuality: v.Quality,
		}, b.work.Schedule(ctx, t, s.ID)
	})
}

// UpdateInferenceScheduler changes what later executions do; one that runs goes on.
func (b *Backend) UpdateInferenceScheduler(ctx context.Context, c api.Caller, in *wire.UpdateInferenceSchedulerRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		s, err := t.Scheduler(ctx, c.Account, in.InferenceSchedulerName)
		if err != nil {
			return err
		}
		input := s.Input
		if in.DataInputConfiguration != nil {
			where := input.S3InputConfiguration
			input = inferenceInput(*in.DataInputConfiguration)
			if input.S3InputConfiguration == nil {
				input.S3InputConfiguration = where
			}
		}
		if err := inputRule(input); err != nil {
			return err
		}
		if in.DataUploadFrequency != "" {
			m, err := t.ModelByID(ctx, s.ModelID)
			if err != nil && !missing(err) { // a stopped scheduler outlives its model
				return err
			}
			if err := frequencyRule(in.DataUploadFrequency, m.SamplingRate); err != nil {
				return err
			}
		}
		s, err = t.UpdateScheduler(ctx, s.ID, b.now(), func(s *store.Scheduler) {
			s.Input = input
			if in.DataDelayOffsetInMinutes != nil {
				s.DelayMinutes = *in.DataDelayOffsetInMinutes
			}
			if in.DataUploadFrequency != "" {
				s.Frequency = in.DataUploadFrequency
			}
			if in.DataOutputConfiguration != nil {
				s.Output = *output(in.DataOutputConfiguration)
			}
			if in.RoleArn != "" {
				s.RoleARN = in.RoleArn
			}
		})
		if err != nil || s.Status == store.SchedulerStopped {
			return err
		}
		if err := outputRule(ctx, t.Reader, s); err != nil || s.Status != store.SchedulerRunning {
			return err
		}
		return b.work.Schedule(ctx, t, s.ID)
	})
}

// DescribeInferenceScheduler shows a scheduler with its latest result.
func (b *Backend) DescribeInferenceScheduler(ctx context.Context, c api.Caller, in *wire.DescribeInferenceSchedulerRequest) (*wire.DescribeInferenceSchedulerResponse, error) {
	s, err := b.store.Scheduler(ctx, c.Account, in.InferenceSchedulerName)
	if err != nil {
		return nil, refused(err)
	}
	return &wire.DescribeInferenceSchedulerResponse{
		ModelArn: s.ModelARN, ModelName: s.ModelName, InferenceSchedulerName: s.Name, InferenceSchedulerArn: s.ARN, Status: string(s.Status),
		DataDelayOffsetInMinutes: &s.DelayMinutes, DataUploadFrequency: s.Frequency, CreatedAt: wire.At(s.CreatedAt), UpdatedAt: wire.At(s.UpdatedAt),
		DataInputConfiguration: inferenceInputs(s.Input), DataOutputConfiguration: outputs(&s.Output), RoleArn: s.RoleARN, ServerSideKmsKeyId: s.KMSKey,
		LatestInferenceResult: s.LatestResult,
	}, nil
}

// ListInferenceSchedulers lists schedulers, newest first.
func (b *Backend) ListInferenceSchedulers(ctx context.Context, c api.Caller, in *wire.ListInferenceSchedulersRequest) (*wire.ListInferenceSchedulersResponse, error) {
	f := store.SchedulerFilter{NameBeginsWith: in.InferenceSchedulerNameBeginsWith, ModelName: in.ModelName, Status: store.SchedulerStatus(in.Status)}
	list, next, err := b.store.Schedulers(ctx, c.Account, f, page(in.MaxResults, in.NextToken))
	if err != nil {
		return nil, refused(err)
	}
	return &wire.ListInferenceSchedulersResponse{NextToken: next, InferenceSchedulerSummaries: all(list, func(s store.Scheduler) wire.InferenceSchedulerSummary {
		return wire.InferenceSchedulerSummary{
			ModelName: s.ModelName, ModelArn: s.ModelARN, InferenceSchedulerName: s.Name, InferenceSchedulerArn: s.ARN, Status: string(s.Status),
			DataDelayOffsetInMinutes: &s.DelayMinutes, DataUploadFrequency: s.Frequency, LatestInferenceResult: s.LatestResult,
		}
	})}, nil
}

// DeleteInferenceScheduler removes a scheduler that is STOPPED. Its results stay.
func (b *Backend) DeleteInferenceScheduler(ctx context.Context, c api.Caller, in *wire.DeleteInferenceSchedulerRequest) error {
	return b.change(ctx, func(t *store.Tx) error {
		s, err := t.Scheduler(ctx, c.Account, in.InferenceSchedulerName)
		if err != nil {
			return err
		}
		return t.DeleteScheduler(ctx, s.ID, b.now())
	})
}
