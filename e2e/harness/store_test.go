package harness

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// through gives a client of the bucket that goes over the link and tries once.
func through(l *Link) *s3.Client {
	return s3.New(s3.Options{
		Region: Region, BaseEndpoint: aws.String(l.URL()), UsePathStyle: true, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(AccessKey, SecretKey, ""),
	})
}

// TestStoreBehindALink shows that the harness itself does what scenarios rely on.
func TestStoreBehindALink(t *testing.T) {
	var store Store
	t.Cleanup(store.Close)
	bucket := store.Bucket(t)
	link := NewLink(t, store.Addr(t))
	client := through(link)
	put := func(key string, body []byte) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket.Name, Key: &key, Body: bytes.NewReader(body)})
		return err
	}

	if err := put("in/a.csv", []byte("a\n")); err != nil {
		t.Fatal(err)
	}
	if d := bucket.Differences(t, map[string][]byte{"in/a.csv": []byte("a\n")}); d != "" {
		t.Error(d)
	}
	d := bucket.Differences(t, map[string][]byte{"in/a.csv": []byte("b\n"), "in/b.csv": nil})
	if !strings.Contains(d, `line 1 is "a", want "b"`) || !strings.Contains(d, "in/b.csv is missing") {
		t.Error(d)
	}
	if d := bucket.Differences(t, nil); d != "in/a.csv should not be there" {
		t.Error(d)
	}

	link.Down()
	if err := put("in/b.csv", []byte("b\n")); err == nil {
		t.Error("a link that is down lets a PUT through")
	}
	link.Up()
	link.ResetAfter(2000)
	if err := put("in/b.csv", make([]byte, 100_000)); err == nil {
		t.Error("a connection that is reset lets a PUT through")
	}
	link.ResetAfter(0)
	link.Throttle(1e6)
	begun := time.Now()
	if err := put("in/b.csv", make([]byte, 50_000)); err != nil {
		t.Fatal(err)
	}
	if gone := time.Since(begun); gone < 350*time.Millisecond { // the PUT's deadline is the upper bound
		t.Errorf("50 KB at 1 Mbit/s took %s", gone)
	}
}
