package inference_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"millwright/inference"
)

const secretOfAll = "a-secret-that-nobody-can-guess"

func principal(name, key, rest string) string {
	return fmt.Sprintf("{name: %s, access_key: %s, secret: %s, %s}", name, key, secretOfAll, rest)
}

// TestPrincipalsMayWhatTheirFileSays holds for calls, for the places that calls
// name, and for the embedded S3 server.
func TestPrincipalsMayWhatTheirFileSays(t *testing.T) {
	dir := t.TempDir()
	n := start(t, yaml(t, filepath.Join(dir, "data"), principals(
		t, dir,
		principal("boss", "MWBOSS", `role: admin, read: ["*"], write: ["*"]`),
		principal("engineer", "MWENGINEER", `role: operate, read: [plant/train], write: [plant/out]`),
		principal("guest", "MWGUEST", `role: read`),
		principal("gateway", "MWGATEWAY", `role: gateway, read: [plant/out], write: [plant/in]`),
	)))
	if n.Credentials != "" || n.Made {
		t.Error("a key was made although there is a file")
	}
	boss, engineer, guest, gateway := person{"MWBOSS", secretOfAll}, person{"MWENGINEER", secretOfAll}, person{"MWGUEST", secretOfAll}, person{"MWGATEWAY", secretOfAll}
	if _, err := n.s3(boss).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plant")}); err != nil {
		t.Fatal(err)
	}
	n.put(boss, "plant", "train/pump-7/day-1.csv", readings(1))
	n.put(boss, "plant", "secret/pump-7/day-1.csv", readings(1))
	from := func(bucket, prefix string) string {
		return fmt.Sprintf(`{"DatasetName":"pumps","RoleArn":%q,"ClientToken":"t","IngestionInputConfiguration":{"S3InputConfiguration":{"Bucket":%q,"Prefix":%q}}}`, role, bucket, prefix)
	}
	const denied = "AccessDeniedException"
	for _, c := range []struct {
		who             person
		operation, body string
		want            string
	}{
		{engineer, "CreateDataset", createDataset("pumps"), ""},
		{guest, "DescribeDataset", `{"DatasetName":"pumps"}`, ""},
		{guest, "ListDatasets", `{}`, ""},
		{guest, "CreateDataset", createDataset("other"), denied},
		{guest, "DeleteDataset", `{"DatasetName":"pumps"}`, denied},
		{engineer, "DeleteDataset", `{"DatasetName":"pumps"}`, denied},
		{gateway, "ListDatasets", `{}`, denied},
		{engineer, "StartDataIngestionJob", from("plant", "secret/"), denied},
		{engineer, "StartDataIngestionJob", from("plant", ""), denied},
		{engineer, "StartDataIngestionJob", from("millwright", "train/"), denied},
		{boss, "StartDataIngestionJob", from("millwright", ""), denied},
		{engineer, "StartDataIngestionJob", from("plant", "train/"), ""},
		{person{"MWENGINEER", "another-secret-altogether"}, "ListDatasets", `{}`, "InvalidSignatureException"},
		{person{"MWSTRANGER", secretOfAll}, "ListDatasets", `{}`, "UnrecognizedClientException"},
	} {
		if got := n.call(c.who, c.operation, c.body, nil); got != c.want {
			t.Errorf("%s by %s %s: %q, not %q", c.operation, c.who.key, c.body, got, c.want)
		}
	}
	n.put(gateway, "plant", "in/a.csv", "x")
	n.put(engineer, "plant", "out/r", "x")
	for name, err := range map[string]error{
		"the gateway, other places": second(n.s3(gateway).PutObject(t.Context(), &s3.PutObjectInput{Bucket: aws.String("plant"), Key: aws.String("train/x")})),
		"the guest":                 second(n.s3(guest).GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plant"), Key: aws.String("train/pump-7/day-1.csv")})),
		"the boss, the service's":   second(n.s3(boss).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("millwright")})),
	} {
		var said smithy.APIError
		if !errors.As(err, &said) || said.ErrorCode() != "AccessDenied" {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := n.s3(boss).ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "plant" {
		t.Errorf("the boss sees %+v, %v", list, err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheKeyOfTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	n := start(t, yaml(t, dir, ""), func(o *inference.Options) {
		o.Getenv = func(name string) string {
			return map[string]string{"MILLWRIGHT_ACCESS_KEY_ID": "MWENV", "MILLWRIGHT_SECRET_ACCESS_KEY": secretOfAll}[name]
		}
	})
	if failed := n.call(person{"MWENV", secretOfAll}, "ListDatasets", "{}", nil); failed != "" {
		t.Error(failed)
	}
	if _, err := os.Stat(filepath.Join(dir, "credentials")); err == nil || n.Credentials != "" {
		t.Error("a key was made beside it")
	}
}

// TestBadStarts holds that what is wrong is named, and that nothing is left behind
// that keeps the next start from working.
func TestBadStarts(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ more, want string }{
		"principals":  {"principals_file: " + filepath.Join(dir, "none.yaml") + "\n", "none.yaml"},
		"certificate": {"cert_file: " + filepath.Join(dir, "none.pem") + "\nkey_file: " + filepath.Join(dir, "none.key") + "\n", "cert_file"},
		"database":    {"database: postgres://nobody@127.0.0.1:1/none?connect_timeout=1\n", "database"},
		"store":       {"s3: {endpoint: \"http://127.0.0.1:1\"}\n", "work_bucket"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "store" {
				t.Setenv("AWS_ACCESS_KEY_ID", "x")
				t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
			}
			s, err := inference.Open(t.Context(), inference.Options{Config: yaml(t, filepath.Join(dir, name), c.more)}, quiet())
			if err == nil {
				s.Close()
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v does not name %s", err, c.want)
			}
		})
	}
	n := start(t, yaml(t, filepath.Join(dir, "good"), ""))
	if failed := n.call(n.first(), "ListDatasets", "{}", nil); failed != "" {
		t.Error(failed)
	}
}

// TestTheBusinessClockIsNotThatOfSignatures runs the service in another year.
func TestTheBusinessClockIsNotThatOfSignatures(t *testing.T) {
	past := time.Date(2021, 3, 4, 5, 6, 7, 0, time.UTC)
	n := start(t, yaml(t, t.TempDir(), ""), func(o *inference.Options) { o.Clock = at(past) })
	p := n.first()
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), nil); failed != "" {
		t.Fatal(failed)
	}
	var is struct{ CreatedAt float64 }
	if failed := n.call(p, "DescribeDataset", `{"DatasetName":"pumps"}`, &is); failed != "" || is.CreatedAt != float64(past.Unix()) {
		t.Errorf("%s: made at %f", failed, is.CreatedAt)
	}
}
