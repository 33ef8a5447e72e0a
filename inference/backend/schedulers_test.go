package backend_test

import (
	"context"
	"testing"
	"time"

	"millwright/inference/backend"
	"millwright/inference/store"
)

func TestInferenceSchedulerGoesRound(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	r.trained("m", "pumps")
	request := scheduler("live", "m")
	made := r.do("CreateInferenceScheduler", request)
	arn := made["InferenceSchedulerArn"].(string)
	if made["Status"] != "PENDING" || made["ModelQuality"] != "CANNOT_DETERMINE_QUALITY" {
		t.Errorf("%v", made)
	}
	if again := r.do("CreateInferenceScheduler", request); again["InferenceSchedulerArn"] != arn {
		t.Errorf("%v", again)
	}
	s, err := r.store.Scheduler(t.Context(), own, "live")
	if err != nil {
		t.Fatal(err)
	}
	r.began("schedule %s", s.ID)
	r.refused("CreateInferenceScheduler", with(request, object{"ClientToken": nil}), "ConflictException")
	r.refused("CreateInferenceScheduler", scheduler("second", "m"), "ConflictException", "already")
	shown := r.do("DescribeInferenceScheduler", object{"InferenceSchedulerName": "live"})
	names := shown["DataInputConfiguration"].(object)["InferenceInputNameConfiguration"].(object)
	if shown["Status"] != "RUNNING" || shown["DataDelayOffsetInMinutes"] != 0.0 || names["ComponentTimestampDelimiter"] != "" || shown["DataOutputConfiguration"].(object)["KmsKeyId"] != "alias/own" {
		t.Errorf("%v", shown)
	}
	name := object{"InferenceSchedulerName": "live"}
	r.refused("StartInferenceScheduler", name, "ConflictException", "RUNNING")
	r.refused("DeleteInferenceScheduler", name, "ConflictException", "RUNNING")
	r.refused("DeleteModel", object{"ModelName": "m"}, "ConflictException", "scheduler")
	r.refused("DeleteDataset", object{"DatasetName": "pumps"}, "ConflictException", "scheduler")

	r.execution(s, dayOf(310), store.ExecutionRunning)
	if stopped := r.do("StopInferenceScheduler", name); stopped["Status"] != "STOPPING" {
		t.Errorf("%v", stopped)
	}
	if shown := r.do("DescribeInferenceScheduler", name); shown["Status"] != "STOPPING" {
		t.Errorf("an execution is under way: %v", shown)
	}
	r.refused("StopInferenceScheduler", name, "ConflictException", "STOPPING")
	r.tx(func(ctx context.Context, tx *store.Tx) error {
		if stopped, err := backend.Settle(ctx, tx, s.ID, r.tick()); err != nil || stopped {
			t.Errorf("%v %v", stopped, err)
		}
		if _, err := tx.MoveExecution(ctx, s.ID, dayOf(310), store.ExecutionSuccess, r.tick(), "ANOMALOUS", nil); err != nil {
			return err
		}
		stopped, err := backend.Settle(ctx, tx, s.ID, r.tick())
		if !stopped {
			t.Error("the last execution is over")
		}
		return err
	})
	if shown := r.do("DescribeInferenceScheduler", name); shown["Status"] != "STOPPED" || shown["LatestInferenceResult"] != "ANOMALOUS" {
		t.Errorf("%v", shown)
	}
	if started := r.do("StartInferenceScheduler", name); started["Status"] != "PENDING" || started["InferenceSchedulerArn"] != arn {
		t.Errorf("%v", started)
	}
	r.do("StopInferenceScheduler", name)
	if list := r.do("ListInferenceSchedulers", object{"ModelName": "m", "Status": "STOPPED", "InferenceSchedulerNameBeginsWith": "li"})["InferenceSchedulerSummaries"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	r.do("DeleteModel", object{"ModelName": "m"})
	r.refused("StartInferenceScheduler", name, "ConflictException", "deleted")
	r.do("UpdateInferenceScheduler", object{"InferenceSchedulerName": "live", "DataUploadFrequency": "PT5M"})
	r.do("DeleteInferenceScheduler", name)
	for _, operation := range []string{"DescribeInferenceScheduler", "StartInferenceScheduler", "StopInferenceScheduler", "DeleteInferenceScheduler", "UpdateInferenceScheduler"} {
		r.refused(operation, name, "ResourceNotFoundException", "live")
	}
}

func TestWhatASchedulerIsSetTo(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	r.trained("m", "pumps")
	input := func(members object) object {
		return with(scheduler("live", "m"), object{"DataInputConfiguration": members})
	}
	bucket := object{"Bucket": "plant"}
	r.refused("CreateInferenceScheduler", with(scheduler("live", "m"), object{"DataUploadFrequency": "PT15M"}), "ValidationException", "dataUploadFrequency", "PT10M")
	r.refused("CreateInferenceScheduler", input(object{}), "ValidationException", "dataInputConfiguration.s3InputConfiguration")
	r.refused("CreateInferenceScheduler", input(object{"S3InputConfiguration": bucket, "InputTimeZoneOffset": "+24:00"}), "ValidationException", "inputTimeZoneOffset")
	for member, value := range map[string]string{"timestampFormat": "EPOCHS", "componentTimestampDelimiter": "\t"} {
		names := object{map[string]string{"timestampFormat": "TimestampFormat", "componentTimestampDelimiter": "ComponentTimestampDelimiter"}[member]: value}
		r.refused("CreateInferenceScheduler", input(object{"S3InputConfiguration": bucket, "InferenceInputNameConfiguration": names}), "ValidationException", member)
	}
	r.refused("CreateInferenceScheduler", with(scheduler("live", "m"), object{"Tags": []object{{"Key": "millwright:hold", "Value": "1h"}}}), "ValidationException", "tags")
	r.do("CreateInferenceScheduler", with(scheduler("live", "m"), object{"DataDelayOffsetInMinutes": 5}))
	update := object{"InferenceSchedulerName": "live"}
	r.refused("UpdateInferenceScheduler", with(update, object{"DataUploadFrequency": "PT5M"}), "ValidationException", "dataUploadFrequency")
	r.do("UpdateInferenceScheduler", with(update, object{"DataUploadFrequency": "PT1H", "DataInputConfiguration": object{"InputTimeZoneOffset": "+05:30"}, "DataOutputConfiguration": object{"S3OutputConfiguration": bucket}, "RoleArn": role + "2"}))
	shown := r.do("DescribeInferenceScheduler", update)
	in := shown["DataInputConfiguration"].(object)
	if shown["Status"] != "RUNNING" || shown["DataDelayOffsetInMinutes"] != 5.0 || shown["DataUploadFrequency"] != "PT1H" || in["S3InputConfiguration"].(object)["Prefix"] != "live/" || in["InputTimeZoneOffset"] != "+05:30" || shown["RoleArn"] != role+"2" {
		t.Errorf("%v", shown)
	}
}

// execution adds a run of a scheduler over the half hour after start.
func (r *rig) execution(s store.Scheduler, start time.Time, to store.ExecutionStatus) {
	r.t.Helper()
	r.tx(func(ctx context.Context, t *store.Tx) error {
		e := store.Execution{
			SchedulerID: s.ID, DataStart: start, DataEnd: start.Add(30 * time.Minute), ScheduledAt: start.Add(30 * time.Minute), ModelVersion: 1, Status: store.ExecutionRunning, UpdatedAt: r.tick(),
			Config: store.ExecutionConfig{SchedulerName: s.Name, SchedulerARN: s.ARN, ModelID: s.ModelID, ModelName: s.ModelName, ModelARN: s.ModelARN, Input: s.Input, Output: s.Output},
		}
		err := t.CreateExecution(ctx, e)
		if err != nil || to == store.ExecutionRunning {
			return err
		}
		_, err = t.MoveExecution(ctx, s.ID, start, to, r.tick(), "NORMAL", func(d *store.ExecutionDetail) {
			if to == store.ExecutionFailed {
				d.FailedReason = "Could not find data file for sensor pump"
			} else {
				d.Result = &store.S3Object{Bucket: "plant", Key: "out/results.jsonl"}
			}
		})
		return err
	})
}

func TestExecutionsAndEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	arn := r.trained("m", "pumps")
	r.do("CreateInferenceScheduler", scheduler("live", "m"))
	s, err := r.store.Scheduler(t.Context(), own, "live")
	if err != nil {
		t.Fatal(err)
	}
	r.execution(s, dayOf(310), store.ExecutionSuccess)
	r.execution(s, dayOf(311), store.ExecutionFailed)
	r.execution(s, dayOf(312), store.ExecutionRunning)
	request := object{"InferenceSchedulerName": "live", "MaxResults": 2}
	first := r.do("ListInferenceExecutions", request)
	r.open()
	second := r.do("ListInferenceExecutions", with(request, object{"NextToken": first["NextToken"]}))
	list := append(first["InferenceExecutionSummaries"].([]any), second["InferenceExecutionSummaries"].([]any)...)
	if len(list) != 3 || second["NextToken"] != nil {
		t.Fatalf("%v", list)
	}
	good, bad := list[2].(object), list[1].(object)
	if good["ModelVersionArn"] != arn+"/model-version/1" || good["CustomerResultObject"].(object)["Key"] != "out/results.jsonl" || good["DataStartTime"] != seconds(dayOf(310)) || bad["FailedReason"] == nil || bad["CustomerResultObject"] != nil {
		t.Errorf("%v %v", good, bad)
	}
	for _, c := range []struct {
		filter object
		want   int
	}{
		{object{"Status": "FAILED"}, 1},
		{object{"DataStartTimeAfter": seconds(dayOf(311))}, 2},
		{object{"DataEndTimeBefore": seconds(dayOf(311))}, 1},
		{object{"InferenceSchedulerName": "none"}, 0},
	} {
		if list := r.do("ListInferenceExecutions", with(object{"InferenceSchedulerName": "live"}, c.filter))["InferenceExecutionSummaries"].([]any); len(list) != c.want {
			t.Errorf("%v: %v", c.filter, list)
		}
	}
	r.refused("ListInferenceExecutions", with(request, object{"NextToken": first["NextToken"], "Status": "FAILED"}), "ValidationException", "nextToken")

	r.tx(func(ctx context.Context, tx *store.Tx) error {
		return tx.ReplaceEvents(ctx, s.ID, dayOf(0), time.Time{}, []store.Event{
			{SchedulerID: s.ID, StartTime: dayOf(310), EndTime: dayOf(310), EventDetail: store.EventDetail{Diagnostics: `[{"name":"pump\\flow","value":1}]`}},
			{SchedulerID: s.ID, StartTime: dayOf(312), EndTime: dayOf(313), EventDetail: store.EventDetail{Diagnostics: `[]`}},
		})
	})
	events := object{"InferenceSchedulerName": "live", "IntervalStartTime": seconds(dayOf(300)), "IntervalEndTime": seconds(dayOf(320))}
	found := r.do("ListInferenceEvents", events)["InferenceEventSummaries"].([]any)
	if len(found) != 2 || found[0].(object)["EventDurationInSeconds"] != 86400.0 || found[1].(object)["EventDurationInSeconds"] != 0.0 {
		t.Errorf("%v", found)
	}
	r.refused("ListInferenceEvents", with(events, object{"IntervalEndTime": 5}), "ValidationException", "intervalEndTime")
	r.refused("ListInferenceEvents", with(events, object{"InferenceSchedulerName": "none"}), "ResourceNotFoundException", "none")
}

func TestRetrainingSchedulerGoesRound(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	r.do("CreateModel", model("m", "pumps"))
	name := object{"ModelName": "m"}
	request := object{"ModelName": "m", "RetrainingFrequency": "P1M", "LookbackWindow": "P360D", "RetrainingStartDate": seconds(time.Date(2026, 1, 31, 23, 0, 0, 0, time.UTC)), "ClientToken": nil}
	r.refused("CreateRetrainingScheduler", request, "ConflictException", "no active version")
	r.made(r.modelID("m"), 1)
	r.refused("CreateRetrainingScheduler", with(request, object{"RetrainingFrequency": "P29D", "ClientToken": nil}), "ValidationException", "retrainingFrequency", "P30D")
	r.refused("CreateRetrainingScheduler", with(request, object{"ModelName": "none", "ClientToken": nil}), "ResourceNotFoundException", "none")
	for _, operation := range []string{"DescribeRetrainingScheduler", "UpdateRetrainingScheduler", "StartRetrainingScheduler", "StopRetrainingScheduler", "DeleteRetrainingScheduler"} {
		r.refused(operation, name, "ResourceNotFoundException", "m has no retraining scheduler")
	}
	if made := r.do("CreateRetrainingScheduler", request); made["Status"] != "PENDING" || r.do("CreateRetrainingScheduler", request)["ModelArn"] != made["ModelArn"] {
		t.Errorf("%v", made)
	}
	r.refused("CreateRetrainingScheduler", with(request, object{"ClientToken": nil}), "ConflictException")
	shown := r.do("DescribeRetrainingScheduler", name)
	start := time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)
	if shown["Status"] != "RUNNING" || shown["RetrainingStartDate"] != seconds(start) || shown["PromoteMode"] != "MANAGED" {
		t.Errorf("%v", shown)
	}
	next := func() any { return r.do("DescribeModel", name)["NextScheduledRetrainingStartDate"] }
	if next() != seconds(start) {
		t.Errorf("next at %v", next())
	}
	r.refused("StartRetrainingScheduler", name, "ConflictException", "RUNNING")
	r.refused("DeleteRetrainingScheduler", name, "ConflictException", "RUNNING")
	r.refused("DeleteModel", name, "ConflictException", "retraining")
	if stopped := r.do("StopRetrainingScheduler", name); stopped["Status"] != "STOPPING" || next() != nil {
		t.Errorf("%v", stopped)
	}
	r.refused("StopRetrainingScheduler", name, "ConflictException", "STOPPED")
	r.now = time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)
	if started := r.do("StartRetrainingScheduler", name); started["Status"] != "PENDING" || next() != seconds(time.Date(2026, 2, 28, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%v, next at %v", started, next())
	}
	r.refused("UpdateRetrainingScheduler", object{"ModelName": "m", "RetrainingFrequency": "P2Y"}, "ValidationException", "retrainingFrequency")
	r.do("UpdateRetrainingScheduler", object{"ModelName": "m", "RetrainingFrequency": "P45D", "LookbackWindow": "P180D", "PromoteMode": "MANUAL"})
	shown = r.do("DescribeRetrainingScheduler", name)
	if shown["PromoteMode"] != "MANUAL" || shown["LookbackWindow"] != "P180D" || next() != seconds(start.AddDate(0, 0, 45)) {
		t.Errorf("%v, next at %v", shown, next())
	}
	if list := r.do("ListRetrainingSchedulers", object{"ModelNameBeginsWith": "m", "Status": "RUNNING"})["RetrainingSchedulerSummaries"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	r.do("StopRetrainingScheduler", name)
	r.do("DeleteRetrainingScheduler", name)
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for text, good := range map[string]bool{
		"P30D": true, "P1M": true, "P2M": true, "P3M15D": true, "P150D": true, "P365D": true, "P12M": true, "P1Y": true, "P1Y0D": true,
		"P29D": false, "P": false, "P0D": false, "P366D": false, "P12M1D": false, "P1Y1D": false, "P2Y": false, "P13M": false, "30D": false, "P1W": false, "": false,
	} {
		if _, err := backend.ParsePeriod(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	p, err := backend.ParsePeriod("P1M")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)
	var got []string
	start := at
	for range 4 {
		at = p.Next(start, at)
		got = append(got, at.Format(time.DateOnly))
	}
	if want := "[2026-01-31 2026-02-28 2026-03-31 2026-04-30]"; want != "["+got[0]+" "+got[1]+" "+got[2]+" "+got[3]+"]" {
		t.Errorf("%v", got)
	}
}
