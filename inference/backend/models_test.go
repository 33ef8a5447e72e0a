package backend_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"millwright/inference/store"
)

func TestModelFromTrainingToItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	r.do("CreateLabelGroup", object{"LabelGroupName": "faults", "ClientToken": nil})
	request := with(model("m", "pumps"), object{
		"LabelsInputConfiguration": object{"LabelGroupName": "faults"}, "RoleArn": role, "OffCondition": `pump\rpm < 10.0`,
		"DatasetSchema":         object{"InlineDataSchema": strings.Replace(schema, `, {"Name": "rpm", "Type": "DOUBLE"}`, "", 1)},
		"TrainingDataStartTime": seconds(dayOf(0)), "TrainingDataEndTime": seconds(dayOf(200)),
		"EvaluationDataStartTime": seconds(dayOf(200)), "EvaluationDataEndTime": seconds(dayOf(300)),
		"ModelDiagnosticsOutputConfiguration": object{"S3OutputConfiguration": object{"Bucket": "plant", "Prefix": "diagnostics/"}},
		"Tags":                                []object{{"Key": "millwright:false-alarms-per-week", "Value": "0.25"}, {"Key": "millwright:mode-sensors", "Value": "pump/flow"}},
	})
	made := r.do("CreateModel", request)
	arn, id := made["ModelArn"].(string), r.modelID("m")
	r.began("train %s 1", id)
	if made["Status"] != "IN_PROGRESS" || r.do("CreateModel", request)["ModelArn"] != arn {
		t.Errorf("%v", made)
	}
	r.refused("CreateModel", with(request, object{"ClientToken": nil}), "ConflictException", "already")
	r.refused("DeleteLabelGroup", object{"LabelGroupName": "faults"}, "ConflictException", "trained")
	r.refused("DeleteDataset", object{"DatasetName": "pumps"}, "ConflictException", "version")
	r.refused("DeleteModel", object{"ModelName": "m"}, "ConflictException", "IN_PROGRESS")
	r.refused("UpdateActiveModelVersion", object{"ModelName": "m", "ModelVersion": 1}, "ConflictException", "SUCCESS")
	r.refused("CreateInferenceScheduler", scheduler("s", "m"), "ConflictException", "no active version")
	shown := r.do("DescribeModel", object{"ModelName": "m"})
	if shown["Status"] != "IN_PROGRESS" || shown["ActiveModelVersion"] != nil || shown["OffCondition"] != `pump\rpm < 10.0` || shown["EvaluationDataEndTime"] != seconds(dayOf(300)) || strings.Contains(shown["Schema"].(string), "rpm") {
		t.Errorf("%v", shown)
	}
	r.made(id, 1)
	shown = r.do("DescribeModel", object{"ModelName": "m"})
	if shown["Status"] != "SUCCESS" || shown["ActiveModelVersionArn"] != arn+"/model-version/1" || shown["ModelQuality"] != "CANNOT_DETERMINE_QUALITY" || shown["ModelMetrics"] == nil || shown["TrainingExecutionEndTime"] == nil {
		t.Errorf("%v", shown)
	}
	r.do("UpdateModel", object{"ModelName": "m", "LabelsInputConfiguration": object{"S3InputConfiguration": object{"Bucket": "plant", "Prefix": "labels/"}}, "RoleArn": role + "2"})
	if shown = r.do("DescribeModel", object{"ModelName": "m"}); shown["LabelsInputConfiguration"].(object)["LabelGroupName"] != nil || shown["RoleArn"] != role+"2" || shown["ModelDiagnosticsOutputConfiguration"] == nil {
		t.Errorf("%v", shown)
	}
	version := r.do("DescribeModelVersion", object{"ModelName": "m", "ModelVersion": 1})
	if version["LabelsInputConfiguration"].(object)["LabelGroupName"] != "faults" || version["SourceType"] != "TRAINING" || version["RoleArn"] != role {
		t.Errorf("an update reaches into a version that was made before: %v", version)
	}
	r.refused("UpdateModel", object{"ModelName": "m", "LabelsInputConfiguration": object{"LabelGroupName": "none"}}, "ResourceNotFoundException", "none")
	r.refused("UpdateModel", object{"ModelName": "m", "LabelsInputConfiguration": object{}}, "ValidationException", "labelsInputConfiguration")
	list := r.do("ListModels", object{"Status": "SUCCESS", "DatasetNameBeginsWith": "pu"})["ModelSummaries"].([]any)
	if len(list) != 1 || list[0].(object)["ModelQuality"] != "CANNOT_DETERMINE_QUALITY" || list[0].(object)["ActiveModelVersion"] != 1.0 {
		t.Errorf("%v", list)
	}
	r.do("DeleteDataset", object{"DatasetName": "pumps"})
	if shown = r.do("DescribeModel", object{"ModelName": "m"}); shown["DatasetName"] != "pumps" {
		t.Errorf("a model outlives its dataset: %v", shown)
	}
	r.do("DeleteModel", object{"ModelName": "m"})
	for operation, request := range map[string]object{
		"DescribeModel": {"ModelName": "m"}, "DeleteModel": {"ModelName": "m"}, "UpdateModel": {"ModelName": "m"},
		"DescribeModelVersion": {"ModelName": "m", "ModelVersion": 1}, "ListModelVersions": {"ModelName": "m"},
		"UpdateActiveModelVersion": {"ModelName": "m", "ModelVersion": 1}, "ListTagsForResource": {"ResourceArn": arn},
		"CreateInferenceScheduler": scheduler("s", "m"), "CreateModel": model("m", "pumps"),
	} {
		r.refused(operation, request, "ResourceNotFoundException")
	}
}

func TestWhatAModelIsMadeWithFitsTogether(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.dataset("empty")
	r.filled("pumps")
	at := func(n int) float64 { return seconds(dayOf(n)) }
	wide := `{"Components": [{"ComponentName": "pump", "Columns": [{"Name": "Timestamp", "Type": "DATETIME"}, {"Name": "noise", "Type": "DOUBLE"}]}]}`
	for name, c := range map[string]struct {
		members object
		error   string
		words   []string
	}{
		"no data":                 {object{"DatasetName": "empty"}, "ConflictException", []string{"empty", "CREATED"}},
		"no dataset":              {object{"DatasetName": "none"}, "ResourceNotFoundException", []string{"none"}},
		"no label group":          {object{"LabelsInputConfiguration": object{"LabelGroupName": "none"}}, "ResourceNotFoundException", []string{"none"}},
		"labels from two places":  {object{"LabelsInputConfiguration": object{"LabelGroupName": "g", "S3InputConfiguration": object{"Bucket": "plant"}}}, "ValidationException", []string{"labelsInputConfiguration"}},
		"labels from nowhere":     {object{"LabelsInputConfiguration": object{}}, "ValidationException", []string{"labelsInputConfiguration"}},
		"ranges that overlap":     {object{"TrainingDataStartTime": at(0), "TrainingDataEndTime": at(100), "EvaluationDataStartTime": at(99), "EvaluationDataEndTime": at(200)}, "ValidationException", []string{"evaluationDataStartTime", "overlap"}},
		"a range without an end":  {object{"TrainingDataStartTime": at(0)}, "ValidationException", []string{"trainingDataEndTime"}},
		"a range without a start": {object{"EvaluationDataEndTime": at(0)}, "ValidationException", []string{"evaluationDataStartTime"}},
		"a range backwards":       {object{"EvaluationDataStartTime": at(9), "EvaluationDataEndTime": at(8)}, "ValidationException", []string{"evaluationDataEndTime"}},
		"a range without data":    {object{"EvaluationDataStartTime": at(400), "EvaluationDataEndTime": at(500)}, "ValidationException", []string{"evaluationDataStartTime", "2025-10-28"}},
		"an off condition":        {object{"OffCondition": `pump\rpm <= 3`}, "ValidationException", []string{"offCondition"}},
		"an off sensor":           {object{"OffCondition": `pump\noise < 3`}, "ValidationException", []string{"offCondition", "noise"}},
		"a schema":                {object{"DatasetSchema": object{"InlineDataSchema": wide}}, "ValidationException", []string{"datasetSchema.inlineDataSchema", "noise"}},
		"a tag":                   {object{"Tags": []object{{"Key": "millwright:hold", "Value": "2d"}}}, "ValidationException", []string{"tags", "millwright:hold", "24h"}},
		"a tag twice":             {object{"Tags": []object{{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}}}, "ValidationException", []string{"tags"}},
	} {
		request := with(model("m", "pumps"), c.members)
		r.refused("CreateModel", request, c.error, c.words...)
		if list := r.do("ListModels", object{})["ModelSummaries"].([]any); len(list) != 0 {
			t.Fatalf("%s: a model was made", name)
		}
	}
	r.sensors = 1
	r.open()
	r.refused("CreateModel", model("m", "pumps"), "ServiceQuotaExceededException", "at most 1")
}

func TestVersionsAndWhichIsActive(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	arn := r.trained("m", "pumps")
	r.another("m")
	answer := r.do("UpdateActiveModelVersion", object{"ModelName": "m", "ModelVersion": 2})
	if answer["CurrentActiveVersionArn"] != arn+"/model-version/2" || answer["PreviousActiveVersion"] != 1.0 {
		t.Errorf("%v", answer)
	}
	r.began("activate %s 2", r.modelID("m"))
	shown := r.do("DescribeModel", object{"ModelName": "m"})
	if shown["ActiveModelVersion"] != 2.0 || shown["PreviousActiveModelVersionArn"] != arn+"/model-version/1" || shown["LatestScheduledRetrainingModelVersion"] != 2.0 || shown["LatestScheduledRetrainingAvailableDataInDays"] != 200.0 {
		t.Errorf("%v", shown)
	}
	r.refused("UpdateActiveModelVersion", object{"ModelName": "m", "ModelVersion": 3}, "ResourceNotFoundException", "version 3")
	r.refused("DescribeModelVersion", object{"ModelName": "m", "ModelVersion": 3}, "ResourceNotFoundException", "version 3")
	list := r.do("ListModelVersions", object{"ModelName": "m", "SourceType": "RETRAINING", "MinModelVersion": 2})["ModelVersionSummaries"].([]any)
	if len(list) != 1 || list[0].(object)["ModelVersion"] != 2.0 {
		t.Errorf("%v", list)
	}
	r.refused("ListModelVersions", object{"ModelName": "m", "MinModelVersion": 3, "MaxModelVersion": 2}, "ValidationException", "maxModelVersion")
	r.refused("ListModelVersions", object{"ModelName": "m", "CreatedAtStartTime": 3, "CreatedAtEndTime": 2}, "ValidationException", "createdAtEndTime")
}

func TestAModelThatFailed(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	r.do("CreateModel", model("m", "pumps"))
	r.tx(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.MoveModelVersion(ctx, r.modelID("m"), 1, store.VersionFailed, r.tick(), func(v *store.ModelVersion) { v.FailedReason = strings.Repeat("é", 6000) }); err != nil {
			return err
		}
		_, err := tx.MoveModel(ctx, r.modelID("m"), store.ModelFailed, r.tick())
		return err
	})
	if shown := r.do("DescribeModel", object{"ModelName": "m"}); shown["Status"] != "FAILED" || shown["FailedReason"] == nil {
		t.Errorf("%v", shown)
	}
	r.do("DeleteModel", object{"ModelName": "m"})
}

func TestTagsSayWhatTheAPIHasNoMemberFor(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.filled("pumps")
	arn := r.trained("m", "pumps")
	tag := func(key, value string) object {
		return object{"ResourceArn": arn, "Tags": []object{{"Key": key, "Value": value}}}
	}
	for key, bad := range map[string][]string{
		"millwright:false-alarms-per-week": {"", "0", "-1", "1001", "Inf", "many"},
		"millwright:mode-sensors":          {"", "flow", "pump/", "pump/noise", "pump/flow pump/flow"},
		"millwright:restart":               {"", "0s", "-1h", "8d", "soon"},
		"millwright:hold":                  {"", "0s", "25h"},
		"millwright:holds":                 {"1h"},
	} {
		for _, value := range bad {
			r.refused("TagResource", tag(key, value), "ValidationException", "tags", key)
		}
	}
	for key, value := range map[string]string{
		"millwright:false-alarms-per-week": "0.25", "millwright:mode-sensors": "pump/flow  pump/rpm", "millwright:restart": "auto", "millwright:hold": "10m", "site": "north",
	} {
		r.do("TagResource", tag(key, value))
	}
	r.do("UntagResource", object{"ResourceArn": arn, "TagKeys": []string{"site", "none"}})
	if list := r.do("ListTagsForResource", object{"ResourceArn": arn})["Tags"].([]any); len(list) != 4 || list[0].(object)["Value"] != "0.25" {
		t.Errorf("%v", list)
	}
	frozen := r.do("ListTagsForResource", object{"ResourceArn": arn + "/model-version/1"})["Tags"].([]any)
	text, err := json.Marshal(frozen)
	if err != nil {
		t.Fatal(err)
	}
	if want := `[{"Key":"millwright:false-alarms-per-week","Value":"1"},{"Key":"millwright:hold","Value":"auto"},{"Key":"millwright:restart","Value":"1h0m0s"}]`; string(text) != want {
		t.Errorf("version 1 was made with %s", text)
	}
	data := r.do("DescribeModel", object{"ModelName": "m"})["DatasetArn"].(string)
	r.do("TagResource", object{"ResourceArn": data, "Tags": []object{{"Key": "site", "Value": ""}}})
	r.refused("TagResource", object{"ResourceArn": data, "Tags": []object{{"Key": "millwright:hold", "Value": "1h"}}}, "ValidationException", "models")
	nobody := strings.Replace(arn, "model/m", "model/n", 1)
	r.refused("TagResource", object{"ResourceArn": nobody, "Tags": []object{}}, "ResourceNotFoundException")
	r.refused("UntagResource", object{"ResourceArn": nobody, "TagKeys": []string{}}, "ResourceNotFoundException")
	r.account = other
	r.refused("ListTagsForResource", object{"ResourceArn": arn}, "ResourceNotFoundException")
	r.refused("TagResource", object{"ResourceArn": arn, "Tags": []object{}}, "ResourceNotFoundException")
}

func TestLabels(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	group := object{"LabelGroupName": "faults", "FaultCodes": []string{"bearing", "Dichtung ü"}, "ClientToken": nil}
	arn := r.do("CreateLabelGroup", group)["LabelGroupArn"].(string)
	if !strings.Contains(arn, ":label-group/faults/") {
		t.Error(arn)
	}
	r.refused("CreateLabelGroup", with(group, object{"ClientToken": nil}), "ConflictException", "already")
	r.refused("CreateLabelGroup", object{"LabelGroupName": "g", "FaultCodes": []string{"a", "a"}, "ClientToken": nil}, "ValidationException", "faultCodes")
	r.do("UpdateLabelGroup", object{"LabelGroupName": "faults"})
	label := object{
		"LabelGroupName": "faults", "StartTime": seconds(dayOf(1)), "EndTime": seconds(dayOf(2)), "Rating": "ANOMALY", "FaultCode": "bearing",
		"Notes": "seal replaced", "Equipment": "pump 7", "ClientToken": nil,
	}
	id := r.do("CreateLabel", label)["LabelId"].(string)
	if r.do("CreateLabel", label)["LabelId"] != id {
		t.Error("the same request made another label")
	}
	r.refused("CreateLabel", with(label, object{"FaultCode": "other", "ClientToken": nil}), "ValidationException", "faultCode", "other")
	r.refused("CreateLabel", with(label, object{"EndTime": seconds(dayOf(1)), "ClientToken": nil}), "ValidationException", "endTime")
	r.refused("CreateLabel", with(label, object{"LabelGroupName": "none", "ClientToken": nil}), "ResourceNotFoundException", "none")
	r.do("CreateLabel", with(label, object{"StartTime": seconds(dayOf(5)), "EndTime": seconds(dayOf(6)), "FaultCode": nil, "Rating": "NEUTRAL", "ClientToken": nil}))
	shown := r.do("DescribeLabel", object{"LabelGroupName": "faults", "LabelId": strings.ToUpper(id)})
	if shown["Notes"] != "seal replaced" || shown["StartTime"] != seconds(dayOf(1)) || shown["LabelGroupArn"] != arn {
		t.Errorf("%v", shown)
	}
	for _, c := range []struct {
		filter object
		want   int
	}{
		{object{}, 2},
		{object{"IntervalStartTime": seconds(dayOf(3))}, 1},
		{object{"IntervalEndTime": seconds(dayOf(3))}, 1},
		{object{"FaultCode": "bearing"}, 1},
		{object{"Equipment": "pump 8"}, 0},
		{object{"LabelGroupName": "none"}, 0},
	} {
		if list := r.do("ListLabels", with(object{"LabelGroupName": "faults"}, c.filter))["LabelSummaries"].([]any); len(list) != c.want {
			t.Errorf("%v: %v", c.filter, list)
		}
	}
	r.refused("ListLabels", object{"LabelGroupName": "faults", "IntervalStartTime": 2, "IntervalEndTime": 1}, "ValidationException", "intervalEndTime")
	r.do("UpdateLabelGroup", object{"LabelGroupName": "faults", "FaultCodes": []string{}})
	if shown := r.do("DescribeLabelGroup", object{"LabelGroupName": "faults"}); len(shown["FaultCodes"].([]any)) != 0 || shown["UpdatedAt"] == shown["CreatedAt"] {
		t.Errorf("%v", shown)
	}
	if list := r.do("ListLabelGroups", object{"LabelGroupNameBeginsWith": "fau"})["LabelGroupSummaries"].([]any); len(list) != 1 {
		t.Errorf("%v", list)
	}
	r.do("DeleteLabel", object{"LabelGroupName": "faults", "LabelId": id})
	r.refused("DeleteLabel", object{"LabelGroupName": "faults", "LabelId": id}, "ResourceNotFoundException")
	r.refused("DescribeLabel", object{"LabelGroupName": "faults", "LabelId": ""}, "ResourceNotFoundException")
	r.do("DeleteLabelGroup", object{"LabelGroupName": "faults"})
	r.refused("DeleteLabelGroup", object{"LabelGroupName": "faults"}, "ResourceNotFoundException")
	r.refused("DescribeLabelGroup", object{"LabelGroupName": "faults"}, "ResourceNotFoundException")
	r.refused("UpdateLabelGroup", object{"LabelGroupName": "faults", "FaultCodes": []string{"a", "a"}}, "ValidationException")
	r.refused("UpdateLabelGroup", object{"LabelGroupName": "faults"}, "ResourceNotFoundException")
}
