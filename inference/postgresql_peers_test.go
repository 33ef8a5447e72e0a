//go:build peers

package inference_test

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"millwright/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestOnPostgreSQL ingests with the state in PostgreSQL, and finds it there again
// although the folder is another one.
func TestOnPostgreSQL(t *testing.T) {
	dsn := pgtest.DSN(t)
	cfg := yaml(t, t.TempDir(), "database: "+dsn+"\n")
	n := start(t, cfg)
	p := n.first()
	if _, err := n.s3(p).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plant")}); err != nil {
		t.Fatal(err)
	}
	n.put(p, "plant", "train/pump-7/day-1.csv", readings(1))
	if failed := n.call(p, "CreateDataset", createDataset("pumps"), nil); failed != "" {
		t.Fatal(failed)
	}
	id, status, reason := n.ingest(p, "pumps")
	if status != "SUCCESS" {
		t.Fatalf("%s: %s", status, reason)
	}
	if _, text := n.get("/metrics"); !strings.Contains(text, `millwright_serve_resources{resource="dataset",status="ACTIVE"} 1`) {
		t.Error(text)
	}
	n.until("it is ready", func() bool { status, _ := n.get("/readyz"); return status == 200 })
	n.stop()
	n = start(t, yaml(t, t.TempDir(), "database: "+dsn+"\n"))
	if status, reason := n.ingestion(n.first(), id); status != "SUCCESS" {
		t.Errorf("%s: %s", status, reason)
	}
}
