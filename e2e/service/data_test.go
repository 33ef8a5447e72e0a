package service

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	le "github.com/aws/aws-sdk-go/service/lookoutequipment"
)

// ingested makes a dataset and reads the plant's history into it.
func (y *story) ingested() {
	dir := y.t.TempDir()
	y.files = y.plant.write(y.t, dir, 7)
	y.cli.Store("mb", "s3://plant")
	y.cli.Store("cp", "--recursive", "--only-show-errors", dir, "s3://plant/")

	var created struct{ DatasetArn, Status string }
	y.does(&created, "create-dataset", "--dataset-name", dataset, "--tags", "Key=site,Value=north", "--client-token", "station-1")
	y.datasetARN = created.DatasetArn
	if created.Status != "CREATED" || !strings.HasPrefix(created.DatasetArn, "arn:aws:lookoutequipment:plant-1:000000000000:dataset/station/") {
		y.t.Errorf("%+v", created)
	}
	again, err := y.sdk.CreateDataset(&le.CreateDatasetInput{
		DatasetName: aws.String(dataset), ClientToken: aws.String("station-1"), Tags: []*le.Tag{{Key: aws.String("site"), Value: aws.String("north")}},
	})
	if err != nil || *again.DatasetArn != created.DatasetArn {
		y.t.Errorf("the same request made %s and %v %v", created.DatasetArn, again, err)
	}
	y.refused(conflict, &le.CreateDatasetInput{DatasetName: aws.String(dataset)})
	_, err = y.sdk.CreateDataset(&le.CreateDatasetInput{DatasetName: aws.String("spare")})
	must(y.t, "create another dataset", err)
	y.refused(quota, &le.CreateDatasetInput{DatasetName: aws.String("third")})
	y.refused(conflict, &le.CreateModelInput{ModelName: aws.String(model), DatasetName: aws.String(dataset)}) // it has no data yet

	where := `{"S3InputConfiguration": {"Bucket": "plant", "Prefix": "history/", "KeyPattern": "{prefix}/{component_name}/*"}}`
	var started struct{ JobId string }
	y.does(&started, "start-data-ingestion-job", "--dataset-name", dataset, "--role-arn", role, "--client-token", "history-1", "--ingestion-input-configuration", where)
	y.refused(conflict, &le.StartDataIngestionJobInput{
		DatasetName: aws.String("spare"), RoleArn: aws.String(role), ClientToken: aws.String("history-1"),
		IngestionInputConfiguration: &le.IngestionInputConfiguration{S3InputConfiguration: &le.IngestionS3InputConfiguration{Bucket: aws.String("plant")}},
	})
	y.job = started.JobId
	y.until("the ingestion", "SUCCESS", func() (string, string, error) {
		out, err := y.sdk.DescribeDataIngestionJob(&le.DescribeDataIngestionJobInput{JobId: &y.job})
		return aws.StringValue(out.Status), aws.StringValue(out.FailedReason), err
	})
	y.described()
}

// described looks at what the ingestion found.
func (y *story) described() {
	var job struct {
		IngestedFilesSummary struct {
			TotalNumberOfFiles, IngestedNumberOfFiles int
			DiscardedFiles                            []any
		}
		DataQualitySummary map[string]json.RawMessage
		IngestedDataSize   int64
	}
	y.does(&job, "describe-data-ingestion-job", "--job-id", y.job)
	if f := job.IngestedFilesSummary; f.TotalNumberOfFiles != y.files || f.IngestedNumberOfFiles != y.files || len(f.DiscardedFiles) > 0 {
		y.t.Errorf("files: %+v", f)
	}
	if job.IngestedDataSize < 1<<20 || len(job.DataQualitySummary) != 5 {
		y.t.Errorf("ingestion: %+v", job)
	}
	var jobs struct {
		DataIngestionJobSummaries []struct{ JobId, Status string }
	}
	y.does(&jobs, "list-data-ingestion-jobs", "--dataset-name", dataset)
	if l := jobs.DataIngestionJobSummaries; len(l) != 1 || l[0].JobId != y.job || l[0].Status != "SUCCESS" {
		y.t.Errorf("jobs: %+v", l)
	}
	var described struct{ DatasetArn, Status, Schema string }
	y.does(&described, "describe-dataset", "--dataset-name", dataset)
	if described.Status != "ACTIVE" || !strings.Contains(described.Schema, "bearing_temperature") {
		y.t.Errorf("dataset: %+v", described)
	}
	var listed struct {
		DatasetSummaries []struct{ DatasetName string }
	}
	y.does(&listed, "list-datasets")
	if len(listed.DatasetSummaries) != 2 {
		y.t.Errorf("datasets: %+v", listed)
	}
	var statistics struct {
		SensorStatisticsSummaries []struct {
			ComponentName, SensorName  string
			DataExists                 bool
			MissingValues              struct{ Count int }
			DataStartTime, DataEndTime any
		}
	}
	y.does(&statistics, "list-sensor-statistics", "--dataset-name", dataset)
	sensors := 0
	for component := range y.plant.header {
		sensors += len(y.plant.header[component]) - 1
	}
	if l := statistics.SensorStatisticsSummaries; len(l) != sensors {
		y.t.Errorf("%d sensors, want %d", len(l), sensors)
	}
	for _, s := range statistics.SensorStatisticsSummaries {
		if !s.DataExists || s.MissingValues.Count != 0 || s.DataStartTime == nil || s.DataEndTime == nil {
			y.t.Errorf("sensor: %+v", s)
		}
	}
}

// labelled makes a group of labels.
func (y *story) labelled() {
	const group = "faults"
	y.does(nil, "create-label-group", "--label-group-name", group, "--fault-codes", "bearing", "seal")
	y.refused(conflict, &le.CreateLabelGroupInput{LabelGroupName: aws.String(group)})
	for i := 1; ; i++ {
		_, err := y.sdk.CreateLabelGroup(&le.CreateLabelGroupInput{LabelGroupName: aws.String(fmt.Sprint("group-", i))})
		if i == 15 {
			wants(y.t, "one label group too many", quota, err)
			break
		}
		must(y.t, "create a label group", err)
	}
	for i := 1; i < 15; i++ {
		_, err := y.sdk.DeleteLabelGroup(&le.DeleteLabelGroupInput{LabelGroupName: aws.String(fmt.Sprint("group-", i))})
		must(y.t, "delete a label group", err)
	}
	label := func(from, to, code string) []string {
		return []string{"--label-group-name", group, "--start-time", from, "--end-time", to, "--rating", "ANOMALY", "--fault-code", code}
	}
	var first, second struct{ LabelId string }
	y.does(&first, "create-label", label("2026-01-14T07:00:00Z", "2026-01-15T15:00:00Z", "bearing")...)
	y.does(&second, "create-label", append(label("2026-01-21T05:00:00Z", "2026-01-23T11:00:00Z", "bearing"), "--notes", "heard by the shift", "--client-token", "label-2")...)
	wrong := &le.CreateLabelInput{
		LabelGroupName: aws.String(group), StartTime: aws.Time(begin), EndTime: aws.Time(split), Rating: aws.String("ANOMALY"), FaultCode: aws.String("bearing"), ClientToken: aws.String("label-2"),
	}
	y.refused(conflict, wrong)
	wrong.ClientToken, wrong.FaultCode = aws.String("label-3"), aws.String("belt")
	y.refused(invalid, wrong)
	var described struct{ LabelId, Rating, FaultCode, Notes string }
	y.does(&described, "describe-label", "--label-group-name", group, "--label-id", second.LabelId)
	if described.LabelId != second.LabelId || described.Rating != "ANOMALY" || described.FaultCode != "bearing" || described.Notes != "heard by the shift" {
		y.t.Errorf("label: %+v", described)
	}
	y.does(nil, "delete-label", "--label-group-name", group, "--label-id", first.LabelId)
	var labels struct{ LabelSummaries []struct{ LabelId string } }
	y.does(&labels, "list-labels", "--label-group-name", group)
	if len(labels.LabelSummaries) != 1 || labels.LabelSummaries[0].LabelId != second.LabelId {
		y.t.Errorf("labels: %+v", labels)
	}
	y.does(nil, "update-label-group", "--label-group-name", group, "--fault-codes", "bearing", "seal", "belt")
	var groups struct {
		FaultCodes          []string
		LabelGroupSummaries []struct{ LabelGroupName string }
	}
	y.does(&groups, "describe-label-group", "--label-group-name", group)
	y.does(&groups, "list-label-groups")
	if len(groups.FaultCodes) != 3 || len(groups.LabelGroupSummaries) != 1 {
		y.t.Errorf("groups: %+v", groups)
	}
}

// trained makes a model, and one that cannot be made.
func (y *story) trained() {
	labels := `{"S3InputConfiguration": {"Bucket": "plant", "Prefix": "labels/"}}`
	var created struct{ ModelArn, Status string }
	y.does(&created, "create-model", "--model-name", model, "--dataset-name", dataset, "--role-arn", role,
		"--labels-input-configuration", labels, "--off-condition", `pump-7\speed < 100`,
		"--data-pre-processing-configuration", `{"TargetSamplingRate": "PT5M"}`,
		"--training-data-start-time", begin.Format(time.RFC3339), "--training-data-end-time", split.Format(time.RFC3339),
		"--evaluation-data-start-time", split.Format(time.RFC3339), "--evaluation-data-end-time", live.Format(time.RFC3339))
	y.modelARN = created.ModelArn
	y.refused(conflict, &le.CreateModelInput{ModelName: aws.String(model), DatasetName: aws.String(dataset)})
	_, err := y.sdk.CreateModel(&le.CreateModelInput{
		ModelName: aws.String("hasty"), DatasetName: aws.String(dataset), TrainingDataStartTime: aws.Time(begin), TrainingDataEndTime: aws.Time(begin.AddDate(0, 0, 2)),
	})
	must(y.t, "create a model of two days", err)
	y.refused(quota, &le.CreateModelInput{ModelName: aws.String("third"), DatasetName: aws.String(dataset)})
	y.trainedTo(model, "SUCCESS")
	y.trainedTo("hasty", "FAILED")
	y.refused(conflict, &le.UpdateActiveModelVersionInput{ModelName: aws.String("hasty"), ModelVersion: aws.Int64(1)}) // it FAILED

	var described struct{ Status, ModelMetrics, OffCondition, Schema string }
	y.does(&described, "describe-model", "--model-name", model)
	var metrics struct {
		Labeled struct {
			Labeled    int `json:"num_labeled"`
			Identified int `json:"num_identified"`
		} `json:"labeled_event_metrics"`
		Predicted []any `json:"predicted_ranges"`
	}
	must(y.t, "read the metrics", json.Unmarshal([]byte(described.ModelMetrics), &metrics))
	if metrics.Labeled.Labeled != 1 || metrics.Labeled.Identified != 1 || len(metrics.Predicted) == 0 {
		y.t.Errorf("metrics: %s", described.ModelMetrics)
	}
	var models struct {
		ModelSummaries []struct{ ModelName, Status string }
	}
	y.does(&models, "list-models", "--dataset-name-begins-with", "sta")
	if len(models.ModelSummaries) != 2 {
		y.t.Errorf("models: %+v", models)
	}
	y.tagged()
}

// trainedTo waits for the end of a model's training.
func (y *story) trainedTo(name, status string) {
	y.t.Helper()
	y.until("model "+name, status, func() (string, string, error) {
		out, err := y.sdk.DescribeModel(&le.DescribeModelInput{ModelName: &name})
		return aws.StringValue(out.Status), aws.StringValue(out.FailedReason), err
	})
}

// tagged gives the model tags and takes them again.
func (y *story) tagged() {
	y.does(nil, "tag-resource", "--resource-arn", y.modelARN, "--tags", "Key=site,Value=north", "Key=millwright:false-alarms-per-week,Value=0.5")
	y.refused(invalid, &le.TagResourceInput{ResourceArn: &y.modelARN, Tags: []*le.Tag{{Key: aws.String("millwright:false-alarms-per-week"), Value: aws.String("many")}}})
	var tags struct{ Tags []struct{ Key, Value string } }
	y.does(&tags, "list-tags-for-resource", "--resource-arn", y.modelARN)
	if len(tags.Tags) != 2 {
		y.t.Errorf("tags: %+v", tags)
	}
	y.does(nil, "untag-resource", "--resource-arn", y.modelARN, "--tag-keys", "site")
	many := make([]*le.Tag, 200)
	for i := range many {
		many[i] = &le.Tag{Key: aws.String(fmt.Sprint("tag-", i)), Value: aws.String("")}
	}
	y.refused(quota, &le.TagResourceInput{ResourceArn: &y.modelARN, Tags: many})
}
