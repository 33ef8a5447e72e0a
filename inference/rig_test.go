package inference_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"millwright/inference"
	"millwright/inference/config"
)

// These tests run one after the other: a process has one embedded S3 server.

const (
	patience = 3 * time.Minute // with a machine that has much else to do
	role     = "arn:aws:iam::000000000000:role/none"
)

// node is a service that runs.
type node struct {
	*inference.Service
	t    testing.TB
	stop func()
}

// yaml writes a configuration of a service that is reached at free ports.
func yaml(t testing.TB, dir, more string) *config.Config {
	t.Helper()
	text := fmt.Sprintf("data_dir: %s\nlisten: 127.0.0.1:0\ns3_listen: 127.0.0.1:0\n%s", dir, more)
	cfg, _, err := config.Parse("serve.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// start has a service run until stop is called or the test ends.
func start(t testing.TB, cfg *config.Config, change ...func(*inference.Options)) *node {
	t.Helper()
	o := inference.Options{Config: cfg, Getenv: func(string) string { return "" }, Poll: 20 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	s, err := inference.Open(t.Context(), o, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	n := &node{Service: s, t: t}
	n.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the service ended with %v", err)
			}
		case <-time.After(patience):
			t.Error("the service does not stop")
		}
	})
	t.Cleanup(n.stop)
	return n
}

// person is somebody with a key.
type person struct{ key, secret string }

// first reads the key that the first start made.
func (n *node) first() person {
	n.t.Helper()
	text, err := os.ReadFile(n.Credentials)
	if err != nil {
		n.t.Fatal(err)
	}
	var p person
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(line, "=")
		switch strings.TrimSpace(name) {
		case "aws_access_key_id":
			p.key = strings.TrimSpace(value)
		case "aws_secret_access_key":
			p.secret = strings.TrimSpace(value)
		}
	}
	return p
}

const region = "plant-1"

// request makes a signed request of a call.
func (n *node) request(p person, operation, body string, at time.Time) *http.Request {
	n.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, n.API+"/", strings.NewReader(body))
	if err != nil {
		n.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService."+operation)
	sum := sha256.Sum256([]byte(body))
	if err := v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: p.key, SecretAccessKey: p.secret}, r, hex.EncodeToString(sum[:]), "lookoutequipment", region, at); err != nil {
		n.t.Fatal(err)
	}
	return r
}

// call calls an operation and gives the error's type, or "".
func (n *node) call(p person, operation, body string, out any) string {
	n.t.Helper()
	failed, err := send(http.DefaultClient, n.request(p, operation, body, time.Now()), out)
	if err != nil {
		n.t.Fatalf("%s: %v", operation, err)
	}
	return failed
}

// send gives the error's type of an answer, or "".
func send(c *http.Client, r *http.Request, out any) (string, error) {
	resp, err := c.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		var failed struct {
			Type string `json:"__type"`
		}
		if err := json.Unmarshal(text, &failed); err != nil || failed.Type == "" {
			return "", fmt.Errorf("%s: %.200s", resp.Status, text)
		}
		return failed.Type, nil
	}
	if out == nil {
		return "", nil
	}
	return "", json.Unmarshal(text, out)
}

// s3 is a client of the embedded S3 server.
func (n *node) s3(p person) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &n.S3, UsePathStyle: true, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(p.key, p.secret, ""),
	})
}

func (n *node) put(p person, bucket, key, text string) {
	n.t.Helper()
	if _, err := n.s3(p).PutObject(context.Background(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)}); err != nil {
		n.t.Fatal(err)
	}
}

// principals writes a principals file and gives the key that names it.
func principals(t testing.TB, dir string, lines ...string) string {
	t.Helper()
	file := filepath.Join(dir, "principals.yaml")
	if err := os.WriteFile(file, []byte("principals:\n  - "+strings.Join(lines, "\n  - ")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "principals_file: " + file + "\n"
}

// get fetches a page that is watched.
func (n *node) get(path string) (int, string) {
	n.t.Helper()
	resp, err := http.Get(n.API + path)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		n.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// until waits for what happens soon.
func (n *node) until(what string, so func() bool) {
	n.t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			n.t.Fatalf("it does not come to this: %s", what)
		}
	}
}

func quiet() *zap.Logger { return zap.NewNop() }

// at is a clock that stands.
type stands time.Time

func at(t time.Time) stands { return stands(t) }

func (a stands) Now() time.Time { return time.Time(a) }

func (a stands) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	if !time.Time(a).Before(t) {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
	case <-hint:
	}
	return ctx.Err()
}
