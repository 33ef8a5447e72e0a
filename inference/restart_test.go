package inference_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"millwright/inference"
)

// schema is a dataset's, of one component with one sensor.
const schema = `{"Components":[{"ComponentName":"pump-7","Columns":[{"Name":"Timestamp","Type":"DATETIME"},{"Name":"flow","Type":"DOUBLE"}]}]}`

func createDataset(name string) string {
	text, _ := json.Marshal(map[string]any{"DatasetName": name, "ClientToken": "token-" + name, "DatasetSchema": map[string]string{"InlineDataSchema": schema}})
	return string(text)
}

// readings are a day of the sensor, one row a minute.
func readings(day int) string {
	var b strings.Builder
	b.WriteString("Timestamp,flow\n")
	at := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
	for i := range 1440 {
		fmt.Fprintf(&b, "%s,%d.5\n", at.Add(time.Duration(i)*time.Minute).Format("2006-01-02 15:04:05"), 40+i%7)
	}
	return b.String()
}

// ingest starts an ingestion of plant/train/ and waits for its end.
func (n *node) ingest(p person, dataset string) (id, status, reason string) {
	n.t.Helper()
	var job struct{ JobId string }
	body := fmt.Sprintf(`{"DatasetName":%q,"RoleArn":%q,"ClientToken":"i-%s","IngestionInputConfiguration":{"S3InputConfiguration":{"Bucket":"plant","Prefix":"train/"}}}`, dataset, role, dataset)
	if failed := n.call(p, "StartDataIngestionJob", body, &job); failed != "" {
		n.t.Fatal(failed)
	}
	status, reason = n.ingestion(p, job.JobId)
	return job.JobId, status, reason
}

func (n *node) ingestion(p person, id string) (status, reason string) {
	n.t.Helper()
	end := time.Now().Add(patience)
	for time.Now().Before(end) {
		var is struct{ Status, FailedReason string }
		if failed := n.call(p, "DescribeDataIngestionJob", fmt.Sprintf(`{"JobId":%q}`, id), &is); failed != "" {
			n.t.Fatal(failed)
		}
		if is.Status != "IN_PROGRESS" {
			return is.Status, is.FailedReason
		}
		time.Sleep(20 * time.Millisecond)
	}
	n.t.Fatal("the ingestion does not end")
	return "", ""
}

// TestRestartKeepsEverything holds that who had nothing configured finds everything
// again: the key, the objects, datasets, what was ingested, answers to tokens.
func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	n := start(t, yaml(t, dir, ""))
	if !n.Made {
		t.Error("no key was made")
	}
	p := n.first()
	st, err := os.Stat(n.Credentials)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v: others can read the key", st, err)
	}
	if _, err := n.s3(p).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plant")}); err != nil {
		t.Fatal(err)
	}
	for day := 1; day <= 2; day++ {
		n.put(p, "plant", fmt.Sprintf("train/pump-7/day-%d.csv", day), readings(day))
	}
	var made struct{ DatasetArn string }
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), &made); failed != "" {
		t.Fatal(failed)
	}
	id, status, reason := n.ingest(p, "pumps")
	if status != "SUCCESS" {
		t.Fatalf("%s: %s", status, reason)
	}
	n.stop()

	n = start(t, yaml(t, dir, ""))
	if n.Made || n.first() != p {
		t.Error("another key was made")
	}
	var again, is struct {
		DatasetArn, Status string
		DataEndTime        float64
	}
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), &again); failed != "" || again.DatasetArn != made.DatasetArn {
		t.Errorf("the same token: %s %s, not %s", failed, again.DatasetArn, made.DatasetArn)
	}
	if failed := n.call(p, "DescribeDataset", `{"DatasetName":"pumps"}`, &is); failed != "" || is.Status != "ACTIVE" || is.DataEndTime != float64(time.Date(2026, 1, 2, 23, 59, 0, 0, time.UTC).Unix()) {
		t.Errorf("%s %+v", failed, is)
	}
	if status, reason := n.ingestion(p, id); status != "SUCCESS" {
		t.Errorf("%s: %s", status, reason)
	}
	got, err := n.s3(p).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plant"), Key: aws.String("train/pump-7/day-2.csv")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != readings(2) {
		t.Errorf("the object is another: %v", err)
	}
}

// TestAStopInTheMiddleIsGoneOnWith stops the service as soon as an ingestion began.
func TestAStopInTheMiddleIsGoneOnWith(t *testing.T) {
	dir := t.TempDir()
	n := start(t, yaml(t, dir, ""))
	p := n.first()
	if _, err := n.s3(p).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plant")}); err != nil {
		t.Fatal(err)
	}
	n.put(p, "plant", "train/pump-7/day-1.csv", readings(1))
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), nil); failed != "" {
		t.Fatal(failed)
	}
	var job struct{ JobId string }
	body := fmt.Sprintf(`{"DatasetName":"pumps","RoleArn":%q,"ClientToken":"i","IngestionInputConfiguration":{"S3InputConfiguration":{"Bucket":"plant","Prefix":"train/"}}}`, role)
	if failed := n.call(p, "StartDataIngestionJob", body, &job); failed != "" {
		t.Fatal(failed)
	}
	n.stop()
	n = start(t, yaml(t, dir, ""))
	if status, reason := n.ingestion(p, job.JobId); status != "SUCCESS" {
		t.Errorf("%s: %s", status, reason)
	}
}

// TestNoSecretIsLogged looks for both halves of the secrets in everything that is
// logged at any level.
func TestNoSecretIsLogged(t *testing.T) {
	core, logs := observer.New(zap.DebugLevel)
	s, err := inference.Open(t.Context(), inference.Options{Config: yaml(t, t.TempDir(), ""), Getenv: func(string) string { return "" }}, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	n := &node{Service: s, t: t}
	p := n.first()
	n.call(p, "ListDatasets", "{}", nil)
	n.call(person{p.key, "a-wrong-secret-altogether"}, "ListDatasets", "{}", nil)
	if _, err := n.s3(p).ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil {
		t.Error(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if logs.Len() == 0 {
		t.Error("nothing was logged")
	}
	for _, e := range logs.All() {
		text, _ := json.Marshal(e.ContextMap())
		if line := e.Message + string(text); strings.Contains(line, p.secret) || strings.Contains(line, "a-wrong-secret") {
			t.Errorf("the log has a secret: %s", line)
		}
	}
}
