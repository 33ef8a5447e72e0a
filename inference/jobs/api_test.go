package jobs_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/backend"
	"millwright/inference/jobs"
	"millwright/inference/store"
	"millwright/internal/simulate"
)

// What the API's operations begin is brought to its end.
func TestOperationsBeginWorkThatEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var b *backend.Backend
	r.options = func(o *jobs.Options) {
		o.Freeze = func(ctx context.Context, s store.Reader, arn string) (json.RawMessage, error) {
			return b.Freeze(ctx, s, arn)
		}
	}
	r.open()
	r.start()
	ctx := t.Context()
	b = backend.New(r.store, r.jobs, backend.Options{SensorsPerModel: 300, Now: r.clock.Now})
	c := api.Caller{Identity: api.Identity{Account: account}}
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(what, err)
		}
	}
	p := plant()
	r.files(p, 20)
	_, err := b.CreateDataset(ctx, c, &wire.CreateDatasetRequest{DatasetName: "d", ClientToken: "1"})
	must("dataset", err)
	_, err = b.StartDataIngestionJob(ctx, c, &wire.StartDataIngestionJobRequest{
		DatasetName: "d", ClientToken: "2", IngestionInputConfiguration: wire.IngestionInputConfiguration{
			S3InputConfiguration: wire.IngestionS3InputConfiguration{Bucket: r.bucket, Prefix: "train/", KeyPattern: "{prefix}/{component_name}/*"},
		},
	})
	must("ingestion", err)
	r.until("the ingestion", time.Minute, func() bool {
		d, err := b.DescribeDataset(ctx, c, &wire.DescribeDatasetRequest{DatasetName: "d"})
		must("describe", err)
		return d.Status == "ACTIVE" && d.DataQualitySummary != nil && d.Schema != ""
	})
	_, err = b.CreateLabelGroup(ctx, c, &wire.CreateLabelGroupRequest{LabelGroupName: "g", ClientToken: "3"})
	must("label group", err)
	day := func(n float64) wire.Time { return wire.At(history.Add(time.Duration(n * 24 * float64(time.Hour)))) }
	for i, at := range []float64{3, 17} { // one to be left out, one to be found
		_, err = b.CreateLabel(ctx, c, &wire.CreateLabelRequest{LabelGroupName: "g", StartTime: day(at), EndTime: day(at + 0.1), Rating: "ANOMALY", ClientToken: string(rune('a' + i))})
		must("label", err)
	}
	_, err = b.CreateModel(ctx, c, &wire.CreateModelRequest{
		ModelName: "m", DatasetName: "d", ClientToken: "4", EvaluationDataStartTime: day(16), EvaluationDataEndTime: day(18),
		LabelsInputConfiguration:       &wire.LabelsInputConfiguration{LabelGroupName: "g"},
		DataPreProcessingConfiguration: &wire.DataPreProcessingConfiguration{TargetSamplingRate: "PT5M"},
		OffCondition:                   `pump-7\` + simulate.SpeedSensor + ` < 10`,
	})
	must("model", err)
	var m *wire.DescribeModelResponse
	r.until("the training", time.Minute, func() bool {
		m, err = b.DescribeModel(ctx, c, &wire.DescribeModelRequest{ModelName: "m"})
		must("describe", err)
		return m.Status != "IN_PROGRESS"
	})
	if m.Status != "SUCCESS" || m.ActiveModelVersion != 1 || strings.Count(m.ModelMetrics, `"num_labeled":1`) != 1 || m.ModelQuality == "" || m.ModelQuality == "CANNOT_DETERMINE_QUALITY" {
		t.Fatalf("%+v", m)
	}
	_, err = b.TagResource(ctx, c, &wire.TagResourceRequest{ResourceArn: m.ModelArn, Tags: []wire.Tag{{Key: backend.TagFalseAlarms, Value: "0.25"}}})
	must("tag", err)
	_, err = b.UpdateActiveModelVersion(ctx, c, &wire.UpdateActiveModelVersionRequest{ModelName: "m", ModelVersion: 1})
	must("activate", err)
	shown, err := b.ListTagsForResource(ctx, c, &wire.ListTagsForResourceRequest{ResourceArn: m.ActiveModelVersionArn})
	must("the version's tags", err)
	if !slices.Contains(shown.Tags, wire.Tag{Key: backend.TagFalseAlarms, Value: "0.25"}) {
		t.Errorf("activated for %v", shown.Tags)
	}
	start := r.clock.Now()
	_, err = b.CreateInferenceScheduler(ctx, c, &wire.CreateInferenceSchedulerRequest{
		ModelName: "m", InferenceSchedulerName: "s", DataUploadFrequency: "PT5M", ClientToken: "5",
		DataInputConfiguration:  wire.InferenceInputConfiguration{S3InputConfiguration: &wire.S3Location{Bucket: r.bucket, Prefix: "in/"}},
		DataOutputConfiguration: wire.OutputConfiguration{S3OutputConfiguration: wire.S3Location{Bucket: r.bucket, Prefix: "out/"}},
	})
	must("scheduler", err)
	r.windows(p, start, 2)
	r.clock.set(start.Add(2*five + time.Second))
	var runs *wire.ListInferenceExecutionsResponse
	r.until("executions", time.Minute, func() bool {
		runs, err = b.ListInferenceExecutions(ctx, c, &wire.ListInferenceExecutionsRequest{InferenceSchedulerName: "s", MaxResults: 10, Status: string(store.ExecutionSuccess)})
		must("executions", err)
		return runs != nil && len(runs.InferenceExecutionSummaries) == 2
	})
	for _, e := range runs.InferenceExecutionSummaries {
		if e.CustomerResultObject == nil || !strings.HasPrefix(e.CustomerResultObject.Key, "out/") {
			t.Errorf("%+v", e)
		}
	}
	_, err = b.StopInferenceScheduler(ctx, c, &wire.StopInferenceSchedulerRequest{InferenceSchedulerName: "s"})
	must("stop", err)
	s, err := b.DescribeInferenceScheduler(ctx, c, &wire.DescribeInferenceSchedulerRequest{InferenceSchedulerName: "s"})
	if must("describe", err); s.Status != "STOPPED" || s.LatestInferenceResult == "" {
		t.Errorf("%+v", s)
	}
}
