package service

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go/aws"
	le "github.com/aws/aws-sdk-go/service/lookoutequipment"

	"millwright/e2e/harness"
)

// outcome is all that users can see of a dataset, a model and a scheduler's runs,
// but for names and times that are different each time.
type outcome struct {
	ingestion, statistics, metrics, executions, events string
	results                                            map[string][]byte
}

// TestKilledAtAnyMoment lets two services do the same: one is left alone, and one is
// killed with kill -9 again and again in an ingestion, a training and executions. All
// that they made must be the same, bytes and all.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	const calm, hurt = 0, 1
	var lives [2]outcome
	t.Run("lives", func(t *testing.T) {
		for which, name := range []string{"calm", "hurt"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				l := &life{t: t, rng: rand.New(rand.NewPCG(7, 7))}
				if which == hurt {
					l.kills = 4
				}
				lives[which] = l.live()
			})
		}
	})
	if t.Failed() {
		return
	}
	a, b := lives[calm], lives[hurt]
	for _, of := range []struct{ what, calm, hurt string }{
		{"ingestion", a.ingestion, b.ingestion},
		{"statistics", a.statistics, b.statistics},
		{"metrics", a.metrics, b.metrics},
		{"executions", a.executions, b.executions},
		{"events", a.events, b.events},
	} {
		if of.calm == "" || of.calm != of.hurt {
			t.Errorf("%s of the service that was killed:\n%s\nof the other:\n%s", of.what, of.hurt, of.calm)
		}
	}
	if len(a.results) != windows || len(b.results) != windows {
		t.Errorf("%d and %d results, want %d", len(a.results), len(b.results), windows)
	}
	for _, key := range slices.Sorted(maps.Keys(a.results)) {
		if !bytes.Equal(a.results[key], b.results[key]) {
			t.Errorf("%s of the service that was killed:\n%s\nof the other:\n%s", key, b.results[key], a.results[key])
		}
	}
}

// life is a service on its way from files to results.
type life struct {
	t     *testing.T
	s     *harness.Serve
	clock *harness.Clock
	sdk   *le.LookoutEquipment
	rng   *rand.Rand
	kills int // in each of the three stages
}

// killed kills the service some times, each time a moment after it was started.
func (l *life) killed() {
	l.t.Helper()
	for n := range l.kills {
		time.Sleep(time.Duration(l.rng.IntN(100+300*n)) * time.Millisecond)
		l.s.Kill()
		l.s.Launch()
	}
	l.s.Ready()
}

// until waits for a state, which nothing but FAILED keeps from coming.
func (l *life) until(what string, state func() (status *string, reason *string, err error)) {
	l.t.Helper()
	if status, _, err := state(); err == nil {
		l.t.Logf("%s, after the last kill: %s", what, aws.StringValue(status))
	}
	l.s.AwaitFor(long, what, func() string {
		status, reason, err := state()
		switch {
		case err != nil:
			return err.Error()
		case aws.StringValue(status) == "FAILED":
			l.t.Fatalf("%s FAILED: %s", what, aws.StringValue(reason))
		case aws.StringValue(status) != "SUCCESS":
			return "it is " + aws.StringValue(status)
		}
		return ""
	})
}

func (l *life) live() outcome {
	p := history(l.t)
	l.clock = harness.NewClock(l.t, live, 0)
	l.s = harness.NewServe(l.t, builder.Binary(l.t), l.clock, nil, engineer)
	l.s.Start()
	l.sdk = client(l.s, engineer, new(tally))
	l.filled(p)
	var o outcome
	l.ingested(&o)
	l.trained(&o)
	l.ran(&o)
	l.s.Stop()
	return o
}

// filled puts the history, and every window of the scheduler, into the bucket.
func (l *life) filled(p plant) {
	b := bucket(l.s, engineer)
	_, err := b.Client.CreateBucket(l.t.Context(), &s3.CreateBucketInput{Bucket: &b.Name})
	must(l.t, "make a bucket", err)
	dir := l.t.TempDir()
	p.write(l.t, dir, 2)
	files, err := filepath.Glob(filepath.Join(dir, "history", "*", "*"))
	must(l.t, "list files", err)
	for _, file := range append(files, filepath.Join(dir, "labels", "labels.csv")) {
		text, err := os.ReadFile(file)
		must(l.t, "read a file", err)
		must(l.t, "upload a file", b.Put(l.t.Context(), strings.TrimPrefix(file, dir+"/"), text))
	}
	h := hourly()
	for n := range windows {
		from := live.Add(time.Duration(n) * h.Frequency)
		for _, component := range h.Components {
			must(l.t, "upload a window", b.Put(l.t.Context(), h.Key(component, from), p.text(component, from, from.Add(h.Frequency))))
		}
	}
}

func (l *life) ingested(o *outcome) {
	name := aws.String(dataset)
	_, err := l.sdk.CreateDataset(&le.CreateDatasetInput{DatasetName: name})
	must(l.t, "create a dataset", err)
	job, err := l.sdk.StartDataIngestionJob(&le.StartDataIngestionJobInput{
		DatasetName: name, RoleArn: aws.String(role), IngestionInputConfiguration: &le.IngestionInputConfiguration{S3InputConfiguration: &le.IngestionS3InputConfiguration{
			Bucket: aws.String("plant"), Prefix: aws.String("history/"), KeyPattern: aws.String("{prefix}/{component_name}/*"),
		}},
	})
	must(l.t, "ingest", err)
	l.killed()
	var out *le.DescribeDataIngestionJobOutput
	l.until("the ingestion", func() (*string, *string, error) {
		var err error
		out, err = l.sdk.DescribeDataIngestionJob(&le.DescribeDataIngestionJobInput{JobId: job.JobId})
		return out.Status, out.FailedReason, err
	})
	o.ingestion = fmt.Sprint(out.IngestedFilesSummary, out.DataQualitySummary, *out.IngestedDataSize, out.DataStartTime, out.DataEndTime)
	statistics, err := l.sdk.ListSensorStatistics(&le.ListSensorStatisticsInput{DatasetName: name})
	must(l.t, "list statistics", err)
	o.statistics = statistics.String()
}

func (l *life) trained(o *outcome) {
	_, err := l.sdk.CreateModel(&le.CreateModelInput{
		ModelName: aws.String(model), DatasetName: aws.String(dataset), RoleArn: aws.String(role), OffCondition: aws.String(`pump-7\speed < 100`),
		LabelsInputConfiguration:       &le.LabelsInputConfiguration{S3InputConfiguration: &le.LabelsS3InputConfiguration{Bucket: aws.String("plant"), Prefix: aws.String("labels/")}},
		DataPreProcessingConfiguration: &le.DataPreProcessingConfiguration{TargetSamplingRate: aws.String("PT5M")},
		TrainingDataStartTime:          aws.Time(begin), TrainingDataEndTime: aws.Time(split), EvaluationDataStartTime: aws.Time(split), EvaluationDataEndTime: aws.Time(live),
	})
	must(l.t, "create a model", err)
	l.killed()
	var out *le.DescribeModelOutput
	l.until("the training", func() (*string, *string, error) {
		var err error
		out, err = l.sdk.DescribeModel(&le.DescribeModelInput{ModelName: aws.String(model)})
		return out.Status, out.FailedReason, err
	})
	metrics, err := json.Marshal(out.ModelMetrics)
	must(l.t, "read the metrics", err)
	o.metrics = string(metrics)
	versions, err := l.sdk.ListModelVersions(&le.ListModelVersionsInput{ModelName: aws.String(model)})
	if err != nil || len(versions.ModelVersionSummaries) != 1 {
		l.t.Errorf("versions: %v %v", versions, err)
	}
}

// ran lets the scheduler run: window after window, or, where the service is killed,
// with wake-ups while it is not there.
func (l *life) ran(o *outcome) {
	name, h := aws.String(scheduler), hourly()
	_, err := l.sdk.CreateInferenceScheduler(&le.CreateInferenceSchedulerInput{
		ModelName: aws.String(model), InferenceSchedulerName: name, RoleArn: aws.String(role), DataUploadFrequency: aws.String("PT1H"), DataDelayOffsetInMinutes: aws.Int64(5),
		DataInputConfiguration: &le.InferenceInputConfiguration{
			S3InputConfiguration:            &le.InferenceS3InputConfiguration{Bucket: aws.String("plant"), Prefix: aws.String("in/")},
			InferenceInputNameConfiguration: &le.InferenceInputNameConfiguration{TimestampFormat: aws.String(h.Format), ComponentTimestampDelimiter: aws.String(h.Delimiter)},
		},
		DataOutputConfiguration: &le.InferenceOutputConfiguration{S3OutputConfiguration: &le.InferenceS3OutputConfiguration{Bucket: aws.String("plant"), Prefix: aws.String("out/s/")}},
	})
	must(l.t, "create a scheduler", err)
	step := 1
	if l.kills > 0 {
		step = windows / 4
	}
	for n := step; n <= windows; n += step {
		wake := live.Add(time.Duration(n)*h.Frequency + h.Delay + time.Second)
		if l.kills > 0 {
			l.s.Kill()
		}
		l.clock.Until(wake)
		if l.kills > 0 {
			l.s.Launch()
			l.killed()
		}
		l.s.AwaitFor(long, fmt.Sprintf("%d runs", n), func() string {
			out, err := l.sdk.ListInferenceExecutions(&le.ListInferenceExecutionsInput{InferenceSchedulerName: name})
			if err != nil {
				return err.Error()
			}
			o.executions = ""
			done := 0
			for _, e := range out.InferenceExecutionSummaries {
				if *e.Status == "SUCCESS" {
					done++
				}
				o.executions += fmt.Sprintln(e.DataStartTime, e.DataEndTime, e.ScheduledStartTime, *e.Status, aws.StringValue(e.FailedReason), e.CustomerResultObject, *e.ModelVersion)
			}
			if done != n || len(out.InferenceExecutionSummaries) != n {
				return o.executions
			}
			return ""
		})
	}
	events, err := l.sdk.ListInferenceEvents(&le.ListInferenceEventsInput{InferenceSchedulerName: name, IntervalStartTime: aws.Time(live), IntervalEndTime: aws.Time(fails)})
	must(l.t, "list the events", err)
	for _, e := range events.InferenceEventSummaries {
		o.events += fmt.Sprintln(e.EventStartTime, e.EventEndTime, *e.EventDurationInSeconds, *e.Diagnostics)
	}
	o.results = l.results()
}

// results reads what the runs wrote.
func (l *life) results() map[string][]byte {
	b := bucket(l.s, engineer)
	keys, err := b.List(l.t.Context())
	must(l.t, "list the bucket", err)
	all := map[string][]byte{}
	for key := range keys {
		if strings.HasPrefix(key, "out/") {
			if all[key], err = b.Get(l.t.Context(), key); err != nil {
				l.t.Error(err)
			}
		}
	}
	return all
}
