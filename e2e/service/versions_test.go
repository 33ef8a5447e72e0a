package service

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	le "github.com/aws/aws-sdk-go/service/lookoutequipment"
)

// retrained lets a day begin on which the model is trained again, with what the
// scheduler's runs have read.
func (y *story) retrained() {
	y.does(nil, "stop-inference-scheduler", "--inference-scheduler-name", scheduler)
	name, day := aws.String(model), time.Date(2026, 1, 26, 0, 0, 0, 0, time.UTC)
	_, err := y.sdk.UpdateModel(&le.UpdateModelInput{ModelName: name, LabelsInputConfiguration: &le.LabelsInputConfiguration{LabelGroupName: aws.String("faults")}})
	must(y.t, "have the model labelled by the group", err)
	create := &le.CreateRetrainingSchedulerInput{
		ModelName: name, RetrainingFrequency: aws.String("P1M"), LookbackWindow: aws.String("P180D"), PromoteMode: aws.String("MANUAL"), RetrainingStartDate: aws.Time(day.AddDate(0, 0, 1)),
	}
	_, err = y.sdk.CreateRetrainingScheduler(create)
	must(y.t, "create a retraining scheduler", err)
	_, err = y.sdk.CreateRetrainingScheduler(create)
	wants(y.t, "create a second one", conflict, err)
	_, err = y.sdk.StartRetrainingScheduler(&le.StartRetrainingSchedulerInput{ModelName: name})
	wants(y.t, "start one that is RUNNING", conflict, err)
	_, err = y.sdk.DeleteRetrainingScheduler(&le.DeleteRetrainingSchedulerInput{ModelName: name})
	wants(y.t, "delete one that is RUNNING", conflict, err)
	_, err = y.sdk.StopRetrainingScheduler(&le.StopRetrainingSchedulerInput{ModelName: name})
	must(y.t, "stop the retraining scheduler", err)
	_, err = y.sdk.StopRetrainingScheduler(&le.StopRetrainingSchedulerInput{ModelName: name})
	wants(y.t, "stop one that is STOPPED", conflict, err)
	_, err = y.sdk.UpdateRetrainingScheduler(&le.UpdateRetrainingSchedulerInput{ModelName: name, RetrainingStartDate: aws.Time(day.Add(9 * time.Hour))})
	must(y.t, "update the retraining scheduler", err)
	_, err = y.sdk.StartRetrainingScheduler(&le.StartRetrainingSchedulerInput{ModelName: name})
	must(y.t, "start the retraining scheduler", err)
	out, err := y.sdk.DescribeRetrainingScheduler(&le.DescribeRetrainingSchedulerInput{ModelName: name})
	if err != nil || *out.Status != "RUNNING" || !out.RetrainingStartDate.Equal(day) {
		y.t.Errorf("retraining scheduler: %v %v", out, err)
	}
	list, err := y.sdk.ListRetrainingSchedulers(&le.ListRetrainingSchedulersInput{Status: aws.String("RUNNING")})
	if err != nil || len(list.RetrainingSchedulerSummaries) != 1 {
		y.t.Errorf("retraining schedulers: %v %v", list, err)
	}

	// What the service looks at every minute of real time it looks at when it starts.
	y.s.Stop()
	y.clock.Until(day.Add(time.Second))
	y.s.Start()
	y.until("the retraining", "SUCCESS", func() (string, string, error) {
		out, err := y.sdk.ListModelVersions(&le.ListModelVersionsInput{ModelName: name, SourceType: aws.String("RETRAINING")})
		if err != nil || len(out.ModelVersionSummaries) == 0 {
			return "", "", err
		}
		return *out.ModelVersionSummaries[0].Status, "", nil
	})
}

// promoted makes the new version the active one.
func (y *story) promoted() {
	name := aws.String(model)
	v, err := y.sdk.DescribeModelVersion(&le.DescribeModelVersionInput{ModelName: name, ModelVersion: aws.Int64(2)})
	must(y.t, "describe the new version", err)
	if *v.SourceType != "RETRAINING" || aws.StringValue(v.AutoPromotionResult) != "MODEL_NOT_PROMOTED" || aws.Int64Value(v.RetrainingAvailableDataInDays) < 19 {
		y.t.Errorf("version: %v", v)
	}
	m, err := y.sdk.DescribeModel(&le.DescribeModelInput{ModelName: name})
	if err != nil || *m.ActiveModelVersion != 1 || *m.LatestScheduledRetrainingModelVersion != 2 || *m.LatestScheduledRetrainingStatus != "SUCCESS" ||
		m.NextScheduledRetrainingStartDate == nil || !m.AccumulatedInferenceDataEndTime.Equal(fails) {
		y.t.Errorf("model: %v %v", m, err)
	}
	out, err := y.sdk.UpdateActiveModelVersion(&le.UpdateActiveModelVersionInput{ModelName: name, ModelVersion: aws.Int64(2)})
	if err != nil || *out.CurrentActiveVersion != 2 || *out.PreviousActiveVersion != 1 {
		y.t.Errorf("activation: %v %v", out, err)
	}
	list, err := y.sdk.ListModelVersions(&le.ListModelVersionsInput{ModelName: name})
	if err != nil || len(list.ModelVersionSummaries) != 2 || *list.ModelVersionSummaries[0].ModelVersion != 2 {
		y.t.Errorf("versions: %v %v", list, err)
	}
	_, err = y.sdk.StopRetrainingScheduler(&le.StopRetrainingSchedulerInput{ModelName: name})
	must(y.t, "stop the retraining scheduler", err)
	_, err = y.sdk.DeleteRetrainingScheduler(&le.DeleteRetrainingSchedulerInput{ModelName: name})
	must(y.t, "delete the retraining scheduler", err)
}

// imported lets another account have the dataset and the model.
func (y *story) imported() {
	theirs := client(y.s, partner, y.count)
	imports := &le.ImportDatasetInput{SourceDatasetArn: &y.datasetARN}
	_, err := theirs.ImportDataset(imports)
	wants(y.t, "an import that nobody allowed", denied, err)
	for _, arn := range []*string{&y.datasetARN, &y.modelARN} {
		put, err := y.sdk.PutResourcePolicy(&le.PutResourcePolicyInput{ResourceArn: arn, ResourcePolicy: aws.String(policy(partner.Account))})
		must(y.t, "put a policy", err)
		_, err = y.sdk.PutResourcePolicy(&le.PutResourcePolicyInput{ResourceArn: arn, ResourcePolicy: aws.String(policy("*")), PolicyRevisionId: aws.String("00000000000000000000000000000000")})
		wants(y.t, "put a policy in place of one that is not there", conflict, err)
		got, err := y.sdk.DescribeResourcePolicy(&le.DescribeResourcePolicyInput{ResourceArn: arn})
		if err != nil || *got.PolicyRevisionId != *put.PolicyRevisionId || *got.ResourcePolicy != policy(partner.Account) {
			y.t.Errorf("policy: %v %v", got, err)
		}
	}
	_, err = theirs.ImportDataset(imports)
	must(y.t, "import the dataset", err)
	_, err = theirs.ImportDataset(imports)
	wants(y.t, "import it twice", conflict, err)
	y.until("the import of the dataset", "ACTIVE", func() (string, string, error) {
		out, err := theirs.DescribeDataset(&le.DescribeDatasetInput{DatasetName: aws.String(dataset)})
		return aws.StringValue(out.Status), "", err
	})
	_, err = theirs.ImportDataset(&le.ImportDatasetInput{SourceDatasetArn: &y.datasetARN, DatasetName: aws.String("second")})
	must(y.t, "import the dataset again", err)
	_, err = theirs.ImportDataset(&le.ImportDatasetInput{SourceDatasetArn: &y.datasetARN, DatasetName: aws.String("third")})
	wants(y.t, "import one dataset too many", quota, err)

	version := aws.String(y.modelARN + "/model-version/2")
	take := &le.ImportModelVersionInput{SourceModelVersionArn: version, DatasetName: aws.String(dataset), ClientToken: aws.String("take-1")}
	_, err = theirs.ImportModelVersion(take)
	must(y.t, "import a model version", err)
	other := *take
	other.ModelName = aws.String("other")
	_, err = theirs.ImportModelVersion(&other)
	wants(y.t, "import another with the same token", conflict, err)
	y.until("the import of the model", "SUCCESS", func() (string, string, error) {
		out, err := theirs.DescribeModel(&le.DescribeModelInput{ModelName: aws.String(model)})
		return aws.StringValue(out.Status), aws.StringValue(out.FailedReason), err
	})
	for _, arn := range []*string{&y.datasetARN, &y.modelARN} {
		_, err := y.sdk.DeleteResourcePolicy(&le.DeleteResourcePolicyInput{ResourceArn: arn})
		must(y.t, "delete a policy", err)
	}
	y.until("the second import of the dataset", "ACTIVE", func() (string, string, error) {
		out, err := theirs.DescribeDataset(&le.DescribeDatasetInput{DatasetName: aws.String("second")})
		return aws.StringValue(out.Status), "", err
	})
	_, err = theirs.DeleteModel(&le.DeleteModelInput{ModelName: aws.String(model)})
	must(y.t, "delete the imported model", err)
	for _, name := range []string{dataset, "second"} {
		_, err := theirs.DeleteDataset(&le.DeleteDatasetInput{DatasetName: &name})
		must(y.t, "delete an imported dataset", err)
	}
}

// deleted removes all that the story made. What the runs found stays in the bucket.
func (y *story) deleted() {
	y.does(nil, "delete-inference-scheduler", "--inference-scheduler-name", scheduler)
	y.does(nil, "delete-model", "--model-name", model)
	_, err := y.sdk.DeleteModel(&le.DeleteModelInput{ModelName: aws.String("hasty")})
	must(y.t, "delete the other model", err)
	y.does(nil, "delete-dataset", "--dataset-name", dataset)
	_, err = y.sdk.DeleteDataset(&le.DeleteDatasetInput{DatasetName: aws.String("spare")})
	must(y.t, "delete the other dataset", err)
	y.does(nil, "delete-label-group", "--label-group-name", "faults")
	y.refused(absent, &le.DescribeModelInput{ModelName: aws.String(model)})
	for _, list := range []any{&le.ListDatasetsInput{}, &le.ListModelsInput{}, &le.ListInferenceSchedulersInput{}, &le.ListLabelGroupsInput{}, &le.ListRetrainingSchedulersInput{}} {
		operation, out, err := called(y.sdk, list)
		if text := fmt.Sprint(out); err != nil || strings.Contains(text, "Arn") {
			y.t.Errorf("%s: %s %v", operation, text, err)
		}
	}
	objects, err := bucket(y.s, engineer).List(y.t.Context())
	must(y.t, "list the bucket", err)
	results := 0
	for key := range objects {
		if strings.HasPrefix(key, "out/s/") {
			results++
		}
	}
	if results != windows {
		y.t.Errorf("%d results in the bucket, want %d", results, windows)
	}
}
