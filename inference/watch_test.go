package inference_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"millwright/inference"
)

// supervisor notes what it is told.
type supervisor struct {
	mu    sync.Mutex
	heard []string
}

func (s *supervisor) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, what)
}

func (s *supervisor) Ready()        { s.note("ready") }
func (s *supervisor) Alive()        { s.note("alive") }
func (s *supervisor) Stopping()     { s.note("stopping") }
func (s *supervisor) Status(string) {}

func (s *supervisor) told(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range s.heard {
		if h == what {
			return true
		}
	}
	return false
}

func TestWhatWatchesOverTheServiceIsTold(t *testing.T) {
	over := &supervisor{}
	n := start(t, yaml(t, t.TempDir(), ""), func(o *inference.Options) { o.Supervisor = over })
	p := n.first()
	n.call(p, "ListDatasets", "{}", nil)
	n.call(p, "DescribeDataset", `{"DatasetName":"none"}`, nil)
	n.call(p, "CreateDataset", createDataset("pumps"), nil)
	if _, err := n.s3(p).ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]string{"/healthz": "alive", "/readyz": "ready"} {
		n.until(path+" says "+want, func() bool { // a disk may take longer than the answer may
			status, text := n.get(path)
			return status == http.StatusOK && strings.TrimSpace(text) == want
		})
	}
	if _, err := n.s3(p).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String("plant")}); err != nil {
		t.Error(err)
	}
	n.put(p, "plant", "train/pump-7/day-1.csv", readings(1))
	if _, status, reason := n.ingest(p, "pumps"); status != "SUCCESS" {
		t.Errorf("%s %s", status, reason)
	}
	n.until("an attempt is counted", func() bool { // how long it waited comes last
		_, text := n.get("/metrics")
		return strings.Contains(text, `millwright_serve_job_wait_seconds_count{kind="ingestion.file"} 1`)
	})
	status, text := n.get("/metrics")
	for _, want := range []string{
		`millwright_serve_calls_total{error="",operation="ListDatasets"} 1`,
		`millwright_serve_calls_total{error="ResourceNotFoundException",operation="DescribeDataset"} 1`,
		`millwright_serve_s3_requests_total{method="GET",status="200"} 1`,
		`millwright_serve_resources{resource="dataset",status="ACTIVE"} 1`,
		"millwright_serve_job_memory_limit_bytes 1.073741824e+09",
		`millwright_serve_job_attempts_total{kind="ingestion.file",outcome="done"} 1`,
		"process_resident_memory_bytes",
	} {
		if status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%d, no %s in\n%s", status, want, text)
		}
	}
	n.until("ready and alive are told", func() bool { return over.told("ready") && over.told("alive") })
	if over.told("stopping") {
		t.Error("it is said to stop")
	}
	n.stop()
	if !over.told("stopping") {
		t.Error("it is not said to stop")
	}
	if _, err := http.Get(n.API + "/healthz"); err == nil {
		t.Error("it answers after its end")
	}
}

// TestTLSOnBothAddresses serves with a certificate, which may be renewed.
func TestTLSOnBothAddresses(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := certificate(t, cert, key)
	n := start(t, yaml(t, filepath.Join(dir, "data"), "cert_file: "+cert+"\nkey_file: "+key+"\n"))
	c := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer c.CloseIdleConnections()
	if !strings.HasPrefix(n.API, "https://") || !strings.HasPrefix(n.S3, "https://") {
		t.Fatal(n.API, n.S3)
	}
	p := n.first()
	if failed, err := send(c, n.request(p, "ListDatasets", "{}", time.Now()), nil); err != nil || failed != "" {
		t.Errorf("%s %v", failed, err)
	}
	if _, err := n.s3(p).ListBuckets(t.Context(), &s3.ListBucketsInput{}, func(o *s3.Options) { o.HTTPClient = c }); err != nil {
		t.Error(err)
	}
	if resp, err := http.Get("http" + strings.TrimPrefix(n.API, "https") + "/healthz"); err == nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("it answers without TLS")
		}
	}
}

// certificate writes one for 127.0.0.1.
func certificate(t *testing.T, cert, key string) *x509.CertPool {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "plant"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &pair.PublicKey, pair)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for file, content := range map[string][]byte{cert: text, key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}
