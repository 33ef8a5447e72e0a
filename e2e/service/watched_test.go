package service

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	awsv2 "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go/aws"
	le "github.com/aws/aws-sdk-go/service/lookoutequipment"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// windows are the hours that the agent uploads: until the bearing fails.
const windows = 20

// hourly is the scheduler, as the agent has to know it.
func hourly() oracle.Scheduler {
	return oracle.Scheduler{
		Components: []string{"motor-7", "pump-7"}, Prefix: "in/", Delimiter: "_", Format: "yyyyMMddHHmmss",
		Frequency: time.Hour, Delay: 5 * time.Minute, Margin: time.Minute, Rate: 5 * time.Minute,
		Default: oracle.Treatment{Aggregate: "mean"},
	}
}

// bucket is the bucket named plant of a service, as a principal sees it.
func bucket(s *harness.Serve, p harness.Principal) *harness.Bucket {
	return &harness.Bucket{Name: "plant", Client: s3.New(s3.Options{
		Region: harness.Region, BaseEndpoint: &s.S3, UsePathStyle: true,
		Credentials:                credentials.NewStaticCredentialsProvider(p.Key, p.Secret, ""),
		RequestChecksumCalculation: awsv2.RequestChecksumCalculationWhenRequired,
	})}
}

// scheduled makes the inference scheduler.
func (y *story) scheduled() {
	var created struct{ InferenceSchedulerArn, Status string }
	y.does(&created, "create-inference-scheduler", "--model-name", model, "--inference-scheduler-name", scheduler, "--role-arn", role,
		"--data-upload-frequency", "PT1H", "--data-delay-offset-in-minutes", "1",
		"--data-input-configuration", `{"S3InputConfiguration": {"Bucket": "plant", "Prefix": "in/"}, "InferenceInputNameConfiguration": {"TimestampFormat": "yyyyMMddHHmmss", "ComponentTimestampDelimiter": "_"}}`,
		"--data-output-configuration", `{"S3OutputConfiguration": {"Bucket": "plant", "Prefix": "out/s/"}}`)
	if !strings.Contains(created.InferenceSchedulerArn, ":inference-scheduler/"+scheduler+"/") || created.Status != "PENDING" {
		y.t.Errorf("scheduler: %+v", created)
	}
	name := aws.String(scheduler)
	y.refused(conflict, &le.CreateInferenceSchedulerInput{ // a model has one
		ModelName: aws.String(model), InferenceSchedulerName: aws.String("another"), RoleArn: aws.String(role), DataUploadFrequency: aws.String("PT1H"),
		DataInputConfiguration:  &le.InferenceInputConfiguration{S3InputConfiguration: &le.InferenceS3InputConfiguration{Bucket: aws.String("plant")}},
		DataOutputConfiguration: &le.InferenceOutputConfiguration{S3OutputConfiguration: &le.InferenceS3OutputConfiguration{Bucket: aws.String("plant"), Prefix: aws.String("out/another/")}},
	})
	y.does(nil, "update-inference-scheduler", "--inference-scheduler-name", scheduler, "--data-delay-offset-in-minutes", "5")
	y.refused(conflict, &le.StartInferenceSchedulerInput{InferenceSchedulerName: name})
	y.refused(conflict, &le.DeleteInferenceSchedulerInput{InferenceSchedulerName: name})
	y.refused(conflict, &le.DeleteDatasetInput{DatasetName: aws.String(dataset)})
	y.refused(conflict, &le.DeleteModelInput{ModelName: aws.String(model)})
	y.does(nil, "stop-inference-scheduler", "--inference-scheduler-name", scheduler)
	y.refused(conflict, &le.StopInferenceSchedulerInput{InferenceSchedulerName: name})
	y.does(nil, "start-inference-scheduler", "--inference-scheduler-name", scheduler)
	var described struct {
		Status, DataUploadFrequency string
		DataDelayOffsetInMinutes    int
	}
	y.does(&described, "describe-inference-scheduler", "--inference-scheduler-name", scheduler)
	if described.Status != "RUNNING" || described.DataUploadFrequency != "PT1H" || described.DataDelayOffsetInMinutes != 5 {
		y.t.Errorf("scheduler: %+v", described)
	}
	var listed struct {
		InferenceSchedulerSummaries []struct{ InferenceSchedulerName string }
	}
	y.does(&listed, "list-inference-schedulers", "--model-name", model)
	if len(listed.InferenceSchedulerSummaries) != 1 {
		y.t.Errorf("schedulers: %+v", listed)
	}
}

// watched lets twenty hours go by: the logger drops files, the agent uploads windows,
// the scheduler wakes up, and the agent fetches what it found.
func (y *story) watched() {
	s := hourly()
	y.agent = harness.NewAgent(y.t, builder.Binary(y.t), y.clock, harness.Setup{Endpoint: y.s.S3, Bucket: "plant", Scheduler: s})
	y.agent.Credentials(gateway.Key, gateway.Secret)
	y.agent.Start()
	y.agent.Await("the first start", func() string {
		var any map[string]any
		if err := y.agent.Status(&any); err != nil {
			return err.Error()
		}
		return ""
	})
	store := bucket(y.s, engineer)
	for n := range windows {
		from := live.Add(time.Duration(n) * s.Frequency)
		to := from.Add(s.Frequency)
		y.clock.Until(to)
		for _, component := range s.Components {
			y.agent.Put(drop(component, to), y.plant.text(component, from, to))
		}
		for _, component := range s.Components {
			y.agent.AwaitTaken(drop(component, to), 1)
		}
		y.clock.Until(to.Add(s.Delay - s.Margin + time.Second))
		y.agent.Await("the upload of "+from.Format(time.RFC3339), func() string {
			for _, component := range s.Components {
				if _, err := store.Get(y.t.Context(), s.Key(component, from)); err != nil {
					return err.Error()
				}
			}
			return ""
		})
		y.clock.Until(to.Add(s.Delay + time.Second))
		y.ran(from)
	}
	y.clock.Advance(10 * time.Minute)
}

func drop(component string, to time.Time) string {
	return fmt.Sprintf("%s/%s_%s.csv", component, component, to.Format("20060102T150405Z"))
}

// ran waits for the run of a window.
func (y *story) ran(from time.Time) {
	y.t.Helper()
	y.until("the run of "+from.Format(time.RFC3339), "SUCCESS", func() (string, string, error) {
		out, err := y.sdk.ListInferenceExecutions(&le.ListInferenceExecutionsInput{
			InferenceSchedulerName: aws.String(scheduler), DataStartTimeAfter: aws.Time(from), MaxResults: aws.Int64(1),
		})
		if err != nil || len(out.InferenceExecutionSummaries) == 0 || !out.InferenceExecutionSummaries[0].DataStartTime.Equal(from) {
			return "", "", err
		}
		e := out.InferenceExecutionSummaries[0]
		return *e.Status, aws.StringValue(e.FailedReason), nil
	})
}

// found looks at what the runs found, at the API and on site.
func (y *story) found() {
	var runs struct {
		InferenceExecutionSummaries []struct {
			Status               string
			CustomerResultObject struct{ Bucket, Key string }
			ModelVersion         int
		}
	}
	y.does(&runs, "list-inference-executions", "--inference-scheduler-name", scheduler)
	if n := len(runs.InferenceExecutionSummaries); n != windows {
		y.t.Errorf("%d executions, want %d", n, windows)
	}
	for i, e := range runs.InferenceExecutionSummaries { // the latest first
		from := live.Add(time.Duration(windows-1-i) * time.Hour)
		if key := "out/s/" + from.Format("2006-01-02T15:04:05") + "Z/results.jsonl"; e.Status != "SUCCESS" || e.CustomerResultObject.Key != key || e.ModelVersion != 1 {
			y.t.Errorf("%+v, want %s", e, key)
		}
	}
	var state struct{ LatestInferenceResult string }
	y.does(&state, "describe-inference-scheduler", "--inference-scheduler-name", scheduler)
	if state.LatestInferenceResult != "ANOMALOUS" {
		y.t.Errorf("the latest result is %q", state.LatestInferenceResult)
	}
	y.does(nil, "list-inference-events", "--inference-scheduler-name", scheduler,
		"--interval-start-time", live.Format(time.RFC3339), "--interval-end-time", fails.Format(time.RFC3339))
	out, err := y.sdk.ListInferenceEvents(&le.ListInferenceEventsInput{
		InferenceSchedulerName: aws.String(scheduler), IntervalStartTime: aws.Time(wears), IntervalEndTime: aws.Time(fails),
	})
	must(y.t, "list the events", err)
	y.blamed(out.InferenceEventSummaries)
	y.onSite()
}

// blamed wants the worn bearing found hours before it fails, and its sensors named.
func (y *story) blamed(events []*le.InferenceEventSummary) {
	y.t.Helper()
	if len(events) == 0 {
		y.t.Fatal("no event")
	}
	first := events[len(events)-1] // the latest is the first
	lead := fails.Sub(*first.EventStartTime)
	y.t.Logf("found %s before the failure", lead)
	if lead < 4*time.Hour || first.EventStartTime.Before(wears) {
		y.t.Errorf("event: %+v", first)
	}
	var sensors []struct {
		Name  string  `json:"name"`
		Value float64 `json:"value"`
	}
	must(y.t, "read an event's sensors", json.Unmarshal([]byte(*first.Diagnostics), &sensors))
	top := ""
	for best := 0.0; len(sensors) > 0; sensors = sensors[1:] {
		if sensors[0].Value > best {
			top, best = sensors[0].Name, sensors[0].Value
		}
	}
	if !strings.HasSuffix(top, `\vibration`) && top != `pump-7\bearing_temperature` {
		y.t.Errorf("the sensor to blame is %q: %s", top, *first.Diagnostics)
	}
}

// onSite wants every result delivered by the agent.
func (y *story) onSite() {
	y.t.Helper()
	y.agent.Await("all results on site", func() string {
		out := y.agent.Verb("results", "--config", y.agent.Config(), "--json", "--since", live.Format(time.RFC3339))
		if out.Code != 0 {
			return out.Stderr
		}
		states := map[string]int{}
		for dec := json.NewDecoder(strings.NewReader(out.Stdout)); dec.More(); {
			var line struct{ Kind, State string }
			if err := dec.Decode(&line); err != nil {
				return err.Error()
			}
			states[line.Kind+" "+line.State]++
		}
		if states["result delivered"] != windows {
			return fmt.Sprint(states)
		}
		return ""
	})
	y.agent.Stop()
}
