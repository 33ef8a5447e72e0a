package backend_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"millwright/inference/store"
)

func TestDatasetFromCreationToItsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	request := object{
		"DatasetName": "pumps", "DatasetSchema": object{"InlineDataSchema": schema}, "ServerSideKmsKeyId": "alias/own", "ClientToken": "one",
		"Tags": []object{{"Key": "site", "Value": "north"}},
	}
	made := r.do("CreateDataset", request)
	arn := made["DatasetArn"].(string)
	if made["Status"] != "CREATED" || !strings.HasPrefix(arn, "arn:aws:lookoutequipment:plant-1:"+own+":dataset/pumps/") {
		t.Errorf("%v", made)
	}
	if again := r.do("CreateDataset", request); again["DatasetArn"] != arn {
		t.Errorf("the same request again made %v", again)
	}
	r.refused("CreateDataset", with(request, object{"ServerSideKmsKeyId": nil}), "ConflictException", "other parameters")
	r.refused("CreateDataset", with(request, object{"ClientToken": nil}), "ConflictException", "pumps", "already")
	r.refused("CreateDataset", object{"DatasetName": "x", "ClientToken": nil, "DatasetSchema": object{"InlineDataSchema": "{}"}}, "ValidationException", "datasetSchema.inlineDataSchema")
	r.refused("CreateDataset", object{"DatasetName": "x", "ClientToken": nil, "Tags": []object{{"Key": "millwright:restart", "Value": "1h"}}}, "ValidationException", "tags", "models")
	r.refused("CreateDataset", object{"DatasetName": "x", "ClientToken": nil, "ServerSideKmsKeyId": "arn:aws:s3:::x"}, "ValidationException", "serverSideKmsKeyId")

	shown := r.do("DescribeDataset", object{"DatasetName": "pumps"})
	if shown["Schema"] != schema || shown["ServerSideKmsKeyId"] != "arn:aws:kms:plant-1:000000000000:alias/own" || shown["RoleArn"] != nil {
		t.Errorf("%v", shown)
	}
	r.refused("DescribeDataset", object{"DatasetName": "none"}, "ResourceNotFoundException", "none")
	r.refused("DeleteDataset", object{"DatasetName": "none"}, "ResourceNotFoundException", "none")
	r.do("DeleteDataset", object{"DatasetName": "pumps"})
	r.refused("DescribeDataset", object{"DatasetName": "pumps"}, "ResourceNotFoundException")
	if again := r.do("CreateDataset", request); again["DatasetArn"] != arn {
		t.Errorf("a token is remembered although the dataset is gone: %v", again)
	}
	r.now = r.now.AddDate(0, 0, 2)
	if again := r.do("CreateDataset", request); again["DatasetArn"] == arn {
		t.Error("a token is not remembered for days")
	}
}

func TestIngestion(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{PendingIngestions: 1})
	r.dataset("pumps")
	r.dataset("fans")
	r.refused("StartDataIngestionJob", ingestion("none"), "ResourceNotFoundException", "none")
	bad := ingestion("pumps")
	bad["IngestionInputConfiguration"] = object{"S3InputConfiguration": object{"Bucket": "plant", "KeyPattern": "{prefix}/*"}}
	r.refused("StartDataIngestionJob", bad, "ValidationException", "ingestionInputConfiguration.s3InputConfiguration.keyPattern", "component_name")

	started := r.do("StartDataIngestionJob", ingestion("pumps"))
	job := started["JobId"].(string)
	r.began("ingest %s", job)
	if started["Status"] != "IN_PROGRESS" || r.do("DescribeDataset", object{"DatasetName": "pumps"})["Status"] != "INGESTION_IN_PROGRESS" {
		t.Errorf("%v", started)
	}
	r.refused("StartDataIngestionJob", ingestion("pumps"), "ConflictException", "INGESTION_IN_PROGRESS")
	r.refused("StartDataIngestionJob", ingestion("fans"), "ServiceQuotaExceededException", "at most 1")
	r.refused("DeleteDataset", object{"DatasetName": "pumps"}, "ConflictException", "INGESTION_IN_PROGRESS")
	r.refused("CreateModel", model("m", "pumps"), "ConflictException", "INGESTION_IN_PROGRESS")
	if shown := r.do("DescribeDataIngestionJob", object{"JobId": strings.ToUpper(job)}); shown["Status"] != "IN_PROGRESS" || shown["RoleArn"] != role || shown["IngestedDataSize"] != nil {
		t.Errorf("%v", shown)
	}
	r.ingested(job)
	shown := r.do("DescribeDataset", object{"DatasetName": "pumps"})
	if shown["Status"] != "ACTIVE" || shown["DataStartTime"] != seconds(dayOf(0)) || shown["DataQualitySummary"] == nil || shown["IngestedFilesSummary"].(object)["TotalNumberOfFiles"] != 2.0 {
		t.Errorf("%v", shown)
	}
	if shown := r.do("DescribeDataIngestionJob", object{"JobId": job}); shown["Status"] != "SUCCESS" || shown["IngestedDataSize"] != 1000.0 {
		t.Errorf("%v", shown)
	}
	r.refused("DescribeDataIngestionJob", object{"JobId": strings.Repeat("0", 32)}, "ResourceNotFoundException")
	second := r.do("StartDataIngestionJob", ingestion("pumps"))["JobId"].(string)
	if shown := r.do("DescribeDataset", object{"DatasetName": "pumps"}); shown["DataQualitySummary"] == nil {
		t.Error("while it is filled again a dataset shows what it has")
	}
	list := r.do("ListDataIngestionJobs", object{"DatasetName": "pumps", "Status": "IN_PROGRESS"})["DataIngestionJobSummaries"].([]any)
	if len(list) != 1 || list[0].(object)["JobId"] != second {
		t.Errorf("%v", list)
	}
	r.account = other
	r.refused("DescribeDataIngestionJob", object{"JobId": job}, "ResourceNotFoundException")
	if list := r.do("ListDataIngestionJobs", object{})["DataIngestionJobSummaries"].([]any); len(list) != 0 {
		t.Errorf("jobs of others: %v", list)
	}
}

func TestSensorStatistics(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.dataset("empty")
	r.filled("pumps")
	if list := r.do("ListSensorStatistics", object{"DatasetName": "empty"})["SensorStatisticsSummaries"].([]any); len(list) != 0 {
		t.Errorf("%v", list)
	}
	first := r.do("ListSensorStatistics", object{"DatasetName": "pumps", "MaxResults": 1})
	next := r.do("ListSensorStatistics", object{"DatasetName": "pumps", "MaxResults": 1, "NextToken": first["NextToken"]})
	flow, rpm := first["SensorStatisticsSummaries"].([]any)[0].(object), next["SensorStatisticsSummaries"].([]any)[0].(object)
	if flow["SensorName"] != "flow" || flow["MissingValues"].(object)["Percentage"] != 0.5 || rpm["MonotonicValues"].(object)["Monotonicity"] != "STATIC" || next["NextToken"] != nil {
		t.Errorf("%v %v", flow, rpm)
	}
	r.refused("ListSensorStatistics", object{"DatasetName": "none"}, "ResourceNotFoundException")
	r.refused("ListSensorStatistics", object{"DatasetName": "empty", "IngestionJobId": r.do("ListDataIngestionJobs", object{})["DataIngestionJobSummaries"].([]any)[0].(object)["JobId"]}, "ResourceNotFoundException", "empty")
}

func TestListsArePagedOverRestarts(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	for i := range 7 {
		r.do("CreateDataset", object{"DatasetName": fmt.Sprintf("pump-%d", i), "ClientToken": nil})
	}
	r.do("CreateDataset", object{"DatasetName": "fan", "ClientToken": nil})
	var names []string
	request := object{"MaxResults": 3, "DatasetNameBeginsWith": "pump"}
	for {
		answer := r.do("ListDatasets", request)
		for _, d := range answer["DatasetSummaries"].([]any) {
			names = append(names, d.(object)["DatasetName"].(string))
		}
		if answer["NextToken"] == nil {
			break
		}
		request["NextToken"] = answer["NextToken"]
		r.refused("ListDatasets", with(request, object{"DatasetNameBeginsWith": nil}), "ValidationException", "nextToken")
		r.open()
	}
	if got := strings.Join(names, " "); got != "pump-6 pump-5 pump-4 pump-3 pump-2 pump-1 pump-0" {
		t.Error(got)
	}
	r.refused("ListDatasets", object{"NextToken": "nonsense"}, "ValidationException", "nextToken")
}

func TestNothingIsKeptWhenTheWorkCannotBegin(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{})
	r.dataset("pumps")
	r.work.fail = fmt.Errorf("the queue is away: %w", context.DeadlineExceeded)
	r.refused("StartDataIngestionJob", ingestion("pumps"), "InternalServerException")
	if shown := r.do("DescribeDataset", object{"DatasetName": "pumps"}); shown["Status"] != "CREATED" {
		t.Errorf("%v", shown)
	}
	r.do("StartDataIngestionJob", ingestion("pumps"))
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	r := newRig(t, store.Quotas{Datasets: 1, LabelGroups: 1, LabelsPerGroup: 1, Models: 1, PendingModels: 1, TagsPerResource: 2})
	arn := r.filled("pumps")
	r.refused("CreateDataset", object{"DatasetName": "x", "ClientToken": nil}, "ServiceQuotaExceededException", "at most 1")
	r.do("CreateLabelGroup", object{"LabelGroupName": "g", "ClientToken": nil})
	r.refused("CreateLabelGroup", object{"LabelGroupName": "h", "ClientToken": nil}, "ServiceQuotaExceededException")
	label := object{"LabelGroupName": "g", "StartTime": 1, "EndTime": 2, "Rating": "ANOMALY", "ClientToken": nil}
	r.do("CreateLabel", label)
	r.refused("CreateLabel", with(label, object{"ClientToken": nil}), "ServiceQuotaExceededException")
	r.do("CreateModel", model("m", "pumps"))
	r.refused("CreateModel", model("n", "pumps"), "ServiceQuotaExceededException")
	r.do("TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "a", "Value": ""}, {"Key": "b", "Value": "x y"}}})
	r.refused("TagResource", object{"ResourceArn": arn, "Tags": []object{{"Key": "c", "Value": ""}}}, "ServiceQuotaExceededException", "at most 2")
}
