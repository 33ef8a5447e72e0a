package service

import (
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go/aws"
	le "github.com/aws/aws-sdk-go/service/lookoutequipment"
)

// called calls the operation that an input of the SDK belongs to.
func called(c *le.LookoutEquipment, input any) (operation string, out any, err error) {
	operation = strings.TrimSuffix(reflect.TypeOf(input).Elem().Name(), "Input")
	answers := reflect.ValueOf(c).MethodByName(operation).Call([]reflect.Value{reflect.ValueOf(input)})
	err, _ = answers[1].Interface().(error)
	return operation, answers[0].Interface(), err
}

func call(c *le.LookoutEquipment, input any) (operation string, err error) {
	operation, _, err = called(c, input)
	return operation, err
}

// empty is an input of an operation that has nothing of what is required, or asks for
// pages of no length.
func empty(c *le.LookoutEquipment, operation string) any {
	in := reflect.New(reflect.ValueOf(c).MethodByName(operation).Type().In(0).Elem())
	if most := in.Elem().FieldByName("MaxResults"); most.IsValid() {
		most.Set(reflect.ValueOf(aws.Int64(0)))
	}
	return in.Interface()
}

// strangers: a gateway may call nothing, requests without what they need are invalid,
// and of what is not there every operation says so.
func (y *story) strangers() {
	theirs := client(y.s, gateway, y.count)
	for operation := range operations(y.t) {
		_, err := call(theirs, empty(theirs, operation))
		wants(y.t, operation+" by a gateway", denied, err)
		_, err = call(y.sdk, empty(y.sdk, operation))
		wants(y.t, operation+" without anything", invalid, err)
	}
	for _, input := range nobodys() {
		operation, err := call(y.sdk, input)
		wants(y.t, operation+" of nobody's", absent, err)
	}
	out, err := y.sdk.ListInferenceExecutions(&le.ListInferenceExecutionsInput{InferenceSchedulerName: aws.String("nobody")})
	if err != nil || len(out.InferenceExecutionSummaries) > 0 {
		y.t.Errorf("executions of nobody: %v %v", out, err)
	}
	wants(y.t, "describe a dataset of nobody's on the command line", absent, y.aws(nil, "describe-dataset", "--dataset-name", "nobody"))
	wants(y.t, "list datasets of no name on the command line", invalid, y.aws(nil, "list-datasets", "--dataset-name-begins-with", "no body"))
}

// nobodys are inputs of every operation that needs something, which is not there.
func nobodys() []any {
	nobody, number := aws.String("nobody"), aws.Int64(1)
	arn := func(kind string) *string {
		return aws.String("arn:aws:lookoutequipment:plant-1:000000000000:" + kind + "/nobody/00000000-0000-4000-8000-000000000000")
	}
	version := aws.String(*arn("model") + "/model-version/1")
	id := aws.String("00000000000000000000000000000000")
	in := &le.InferenceInputConfiguration{S3InputConfiguration: &le.InferenceS3InputConfiguration{Bucket: aws.String("plant")}}
	out := &le.InferenceOutputConfiguration{S3OutputConfiguration: &le.InferenceS3OutputConfiguration{Bucket: aws.String("plant")}}
	early, late := aws.Time(begin), aws.Time(begin.Add(time.Hour))
	return []any{
		&le.CreateInferenceSchedulerInput{InferenceSchedulerName: nobody, ModelName: nobody, DataUploadFrequency: aws.String("PT5M"), DataInputConfiguration: in, DataOutputConfiguration: out, RoleArn: aws.String(role)},
		&le.CreateLabelInput{LabelGroupName: nobody, StartTime: early, EndTime: late, Rating: aws.String("ANOMALY")},
		&le.CreateModelInput{ModelName: nobody, DatasetName: nobody},
		&le.CreateRetrainingSchedulerInput{ModelName: nobody, LookbackWindow: aws.String("P180D"), RetrainingFrequency: aws.String("P30D")},
		&le.DeleteDatasetInput{DatasetName: nobody},
		&le.DeleteInferenceSchedulerInput{InferenceSchedulerName: nobody},
		&le.DeleteLabelInput{LabelGroupName: nobody, LabelId: id},
		&le.DeleteLabelGroupInput{LabelGroupName: nobody},
		&le.DeleteModelInput{ModelName: nobody},
		&le.DeleteResourcePolicyInput{ResourceArn: arn("dataset")},
		&le.DeleteRetrainingSchedulerInput{ModelName: nobody},
		&le.DescribeDataIngestionJobInput{JobId: id},
		&le.DescribeDatasetInput{DatasetName: nobody},
		&le.DescribeInferenceSchedulerInput{InferenceSchedulerName: nobody},
		&le.DescribeLabelInput{LabelGroupName: nobody, LabelId: id},
		&le.DescribeLabelGroupInput{LabelGroupName: nobody},
		&le.DescribeModelInput{ModelName: nobody},
		&le.DescribeModelVersionInput{ModelName: nobody, ModelVersion: number},
		&le.DescribeResourcePolicyInput{ResourceArn: arn("dataset")},
		&le.DescribeRetrainingSchedulerInput{ModelName: nobody},
		&le.ImportDatasetInput{SourceDatasetArn: arn("dataset")},
		&le.ImportModelVersionInput{SourceModelVersionArn: version, DatasetName: nobody},
		&le.ListInferenceEventsInput{InferenceSchedulerName: nobody, IntervalStartTime: early, IntervalEndTime: late},
		&le.ListModelVersionsInput{ModelName: nobody},
		&le.ListSensorStatisticsInput{DatasetName: nobody},
		&le.ListTagsForResourceInput{ResourceArn: arn("model")},
		&le.PutResourcePolicyInput{ResourceArn: arn("dataset"), ResourcePolicy: aws.String(policy("*"))},
		&le.StartDataIngestionJobInput{DatasetName: nobody, RoleArn: aws.String(role), IngestionInputConfiguration: &le.IngestionInputConfiguration{S3InputConfiguration: &le.IngestionS3InputConfiguration{Bucket: aws.String("plant")}}},
		&le.StartInferenceSchedulerInput{InferenceSchedulerName: nobody},
		&le.StartRetrainingSchedulerInput{ModelName: nobody},
		&le.StopInferenceSchedulerInput{InferenceSchedulerName: nobody},
		&le.StopRetrainingSchedulerInput{ModelName: nobody},
		&le.TagResourceInput{ResourceArn: arn("model"), Tags: []*le.Tag{{Key: aws.String("site"), Value: aws.String("north")}}},
		&le.UntagResourceInput{ResourceArn: arn("model"), TagKeys: []*string{aws.String("site")}},
		&le.UpdateActiveModelVersionInput{ModelName: nobody, ModelVersion: number},
		&le.UpdateInferenceSchedulerInput{InferenceSchedulerName: nobody},
		&le.UpdateLabelGroupInput{LabelGroupName: nobody},
		&le.UpdateModelInput{ModelName: nobody},
		&le.UpdateRetrainingSchedulerInput{ModelName: nobody},
	}
}

// policy lets an account import.
func policy(account string) string {
	return `{"Version": "2012-10-17", "Statement": [{"Sid": "import", "Effect": "Allow", "Principal": {"AWS": "` + account + `"}, "Action": ["lookoutequipment:ImportDataset", "lookoutequipment:ImportModelVersion"]}]}`
}
