package api

import (
	"context"
	"reflect"
)

// method is how an operation is called.
type method struct {
	in, out reflect.Type // out is nil when the answer has no body
	call    func(ctx context.Context, c Caller, set setter, request map[string]any) (any, error)
}

// ask makes the method of an operation with an answer.
func ask[I, O any](fn func(context.Context, Caller, *I) (*O, error)) method {
	return method{reflect.TypeFor[I](), reflect.TypeFor[O](), func(ctx context.Context, c Caller, set setter, request map[string]any) (any, error) {
		in := new(I)
		set(reflect.ValueOf(in).Elem(), request)
		out, err := fn(ctx, c, in)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = new(O)
		}
		return out, nil
	}}
}

// tell makes the method of an operation whose answer has no body.
func tell[I any](fn func(context.Context, Caller, *I) error) method {
	return method{reflect.TypeFor[I](), nil, func(ctx context.Context, c Caller, set setter, request map[string]any) (any, error) {
		in := new(I)
		set(reflect.ValueOf(in).Elem(), request)
		return nil, fn(ctx, c, in)
	}}
}

// methods are those of the operations. That none is missing, and that each has the
// types of its shapes, is a test.
func methods(b Backend) map[string]method {
	return map[string]method{
		"CreateDataset":            ask(b.CreateDataset),
		"DescribeDataset":          ask(b.DescribeDataset),
		"ListDatasets":             ask(b.ListDatasets),
		"DeleteDataset":            tell(b.DeleteDataset),
		"ImportDataset":            ask(b.ImportDataset),
		"StartDataIngestionJob":    ask(b.StartDataIngestionJob),
		"DescribeDataIngestionJob": ask(b.DescribeDataIngestionJob),
		"ListDataIngestionJobs":    ask(b.ListDataIngestionJobs),
		"ListSensorStatistics":     ask(b.ListSensorStatistics),

		"CreateLabelGroup":   ask(b.CreateLabelGroup),
		"UpdateLabelGroup":   tell(b.UpdateLabelGroup),
		"DescribeLabelGroup": ask(b.DescribeLabelGroup),
		"ListLabelGroups":    ask(b.ListLabelGroups),
		"DeleteLabelGroup":   tell(b.DeleteLabelGroup),
		"CreateLabel":        ask(b.CreateLabel),
		"DescribeLabel":      ask(b.DescribeLabel),
		"ListLabels":         ask(b.ListLabels),
		"DeleteLabel":        tell(b.DeleteLabel),

		"CreateModel":   ask(b.CreateModel),
		"UpdateModel":   tell(b.UpdateModel),
		"DescribeModel": ask(b.DescribeModel),
		"ListModels":    ask(b.ListModels),
		"DeleteModel":   tell(b.DeleteModel),

		"DescribeModelVersion":     ask(b.DescribeModelVersion),
		"ListModelVersions":        ask(b.ListModelVersions),
		"UpdateActiveModelVersion": ask(b.UpdateActiveModelVersion),
		"ImportModelVersion":       ask(b.ImportModelVersion),

		"CreateInferenceScheduler":   ask(b.CreateInferenceScheduler),
		"UpdateInferenceScheduler":   tell(b.UpdateInferenceScheduler),
		"DescribeInferenceScheduler": ask(b.DescribeInferenceScheduler),
		"ListInferenceSchedulers":    ask(b.ListInferenceSchedulers),
		"DeleteInferenceScheduler":   tell(b.DeleteInferenceScheduler),
		"StartInferenceScheduler":    ask(b.StartInferenceScheduler),
		"StopInferenceScheduler":     ask(b.StopInferenceScheduler),
		"ListInferenceExecutions":    ask(b.ListInferenceExecutions),
		"ListInferenceEvents":        ask(b.ListInferenceEvents),

		"CreateRetrainingScheduler":   ask(b.CreateRetrainingScheduler),
		"UpdateRetrainingScheduler":   tell(b.UpdateRetrainingScheduler),
		"DescribeRetrainingScheduler": ask(b.DescribeRetrainingScheduler),
		"ListRetrainingSchedulers":    ask(b.ListRetrainingSchedulers),
		"DeleteRetrainingScheduler":   tell(b.DeleteRetrainingScheduler),
		"StartRetrainingScheduler":    ask(b.StartRetrainingScheduler),
		"StopRetrainingScheduler":     ask(b.StopRetrainingScheduler),

		"TagResource":         ask(b.TagResource),
		"UntagResource":       ask(b.UntagResource),
		"ListTagsForResource": ask(b.ListTagsForResource),

		"PutResourcePolicy":      ask(b.PutResourcePolicy),
		"DescribeResourcePolicy": ask(b.DescribeResourcePolicy),
		"DeleteResourcePolicy":   tell(b.DeleteResourcePolicy),
	}
}
