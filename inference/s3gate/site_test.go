package s3gate_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"go.uber.org/zap"

	"millwright/inference/s3gate"
	"millwright/inference/sigv4"
	"millwright/internal/s3server"
)

const (
	region = "plant-1"
	secret = "a-secret-that-nobody-can-guess/+"
	work   = "millwright" // the service's own bucket
)

// site is an S3 server behind a gate, with a bucket that the owner has put
// something into, and the service's own.
type site struct {
	url     string
	handler http.Handler
	objects string // the folder that holds buckets as folders
}

// The server is one per process, so that all that needs it is one test.
func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "s3gate-") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	all := []sigv4.Place{sigv4.Everywhere}
	people := sigv4.Of(
		sigv4.Options{Hidden: []string{work}},
		sigv4.New("owner", "MWOWNER", secret, "", sigv4.Admin, all, all),
		sigv4.New("gateway", "MWGATEWAY", secret, "", sigv4.Gateway, []sigv4.Place{"plant/out/"}, []sigv4.Place{"plant/in/"}),
		sigv4.New("nobody", "MWNOBODY", secret, "", sigv4.Read, nil, nil),
	)
	socket := filepath.Join(dir, "s3")
	srv, err := s3server.Start(t.Context(), s3server.Options{
		Dir: filepath.Join(dir, "data"), Socket: socket, Region: region, AccessKey: "MWSERVICE", SecretKey: secret,
		Secret: func(key string) (string, bool) {
			if p := people.Find(key); p != nil {
				return p.Secret(), true
			}
			return "", false
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	handler := s3gate.New(s3gate.Options{Socket: socket, Find: func(key string) s3gate.Access {
		if p := people.Find(key); p != nil {
			return p
		}
		return nil
	}}, zap.NewNop())
	gate := httptest.NewServer(handler)
	t.Cleanup(gate.Close)
	s := &site{gate.URL, handler, filepath.Join(dir, "data", "objects")}
	// The service's bucket is there, with something in it.
	if err := os.MkdirAll(filepath.Join(dir, "data", "objects", work, "models"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "objects", work, "models", "m"), []byte("weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	owner := s.client("MWOWNER", secret)
	for _, bucket := range []string{"plant", "other"} {
		if _, err := owner.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"in/old", "out/result", "secret/plan"} {
		s.put(t, owner, "plant", key)
	}
	return s
}

func (s *site) client(key, secretKey string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.url, UsePathStyle: true, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secretKey, ""),
	})
}

func (s *site) put(t *testing.T, c *s3.Client, bucket, key string) {
	t.Helper()
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("text of " + key)}); err != nil {
		t.Fatal(err)
	}
}

// code is the error's code as S3 names it, or what else became of a call.
func code(err error) string {
	var said smithy.APIError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &said):
		return said.ErrorCode()
	}
	return err.Error()
}
