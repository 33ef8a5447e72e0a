package inference_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestWhatTheConfigurationSaysTakesEffect sets what can be seen from outside.
func TestWhatTheConfigurationSaysTakesEffect(t *testing.T) {
	n := start(t, yaml(t, t.TempDir(), `
account_id: "123456789012"
work_bucket: own
quotas: {datasets: 2, models: 1, sensors_per_model: 1, dataset: 2MiB, file: 1MiB}
detector: {min_days: 30, false_alarms_per_week: 0.5}
workers: 1
memory: 512MiB
catch_up: 0s
`))
	p := n.first()
	var made struct{ DatasetArn string }
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), &made); failed != "" || !strings.HasPrefix(made.DatasetArn, "arn:aws:lookoutequipment:plant-1:123456789012:dataset/pumps/") {
		t.Errorf("%s %s", failed, made.DatasetArn)
	}
	if failed := n.call(p, "CreateDataset", createDataset("fans"), nil); failed != "" {
		t.Error(failed)
	}
	if failed := n.call(p, "CreateDataset", createDataset("mills"), nil); failed != "ServiceQuotaExceededException" {
		t.Errorf("a dataset too many: %q", failed)
	}
	c := n.s3(p)
	for _, bucket := range []string{"plant", "millwright"} { // the latter is not the service's here
		if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("own")}); err == nil {
		t.Error("the work bucket is open")
	}
	n.put(p, "plant", "train/pump-7/day-1.csv", readings(1))
	n.put(p, "plant", "train/pump-7/long.csv", readings(2)+strings.Repeat("2026-02-01 00:00:00,1\n", 1<<20/22))
	_, status, reason := n.ingest(p, "pumps")
	if status != "FAILED" || reason == "" {
		t.Errorf("a file of more than quotas.file: %s %s", status, reason)
	}
	if _, err := c.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String("plant"), Key: aws.String("train/pump-7/long.csv")}); err != nil {
		t.Fatal(err)
	}
	if _, status, reason := n.ingest(p, "fans"); status != "SUCCESS" {
		t.Fatalf("%s %s", status, reason)
	}
	n.tooShort(p)
}

// tooShort trains on a day, which is less than min_days.
func (n *node) tooShort(p person) {
	n.t.Helper()
	model := func(name string) string {
		return fmt.Sprintf(`{"ModelName":%q,"DatasetName":"fans","ClientToken":"m-%s","RoleArn":%q,"TrainingDataStartTime":1767225600,"TrainingDataEndTime":1767311940}`, name, name, role)
	}
	if failed := n.call(p, "CreateModel", model("one"), nil); failed != "" {
		n.t.Fatal(failed)
	}
	if failed := n.call(p, "CreateModel", model("two"), nil); failed != "ServiceQuotaExceededException" {
		n.t.Errorf("a model too many: %q", failed)
	}
	n.until("the training ends", func() bool {
		var is struct{ Status, FailedReason string }
		if failed := n.call(p, "DescribeModel", `{"ModelName":"one"}`, &is); failed != "" {
			n.t.Fatal(failed)
		}
		if is.Status == "FAILED" && !strings.Contains(is.FailedReason, "30") {
			n.t.Errorf("min_days is not told: %s", is.FailedReason)
		}
		return is.Status == "FAILED"
	})
}
