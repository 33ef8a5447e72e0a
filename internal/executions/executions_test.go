package executions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/zap/zaptest"

	"millwright/internal/executions"
	"millwright/internal/objstore"
)

const (
	accessKey = "AKIDPLANT"
	secretKey = "a secret of the plant"
	region    = "plant-1"
)

// service is the API as far as it is asked: it verifies signatures as the real
// one does, and answers in pages.
type service struct {
	t     *testing.T
	pages []string
	asked []map[string]any
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := verify(r, body); err != nil {
		refuse(w, http.StatusForbidden, "InvalidSignatureException", err.Error())
		return
	}
	if r.Method != http.MethodPost || r.URL.Path != "/" || r.Header.Get("Content-Type") != "application/x-amz-json-1.0" ||
		r.Header.Get("X-Amz-Target") != "AWSLookoutEquipmentFrontendService.ListInferenceExecutions" {
		refuse(w, http.StatusBadRequest, "com.amazonaws#UnknownOperationException", "what is that")
		return
	}
	var in map[string]any
	if err := json.Unmarshal(body, &in); err != nil {
		s.t.Error(err)
	}
	s.asked = append(s.asked, in)
	page := 0
	if token, ok := in["NextToken"].(string); ok {
		_, _ = fmt.Sscanf(token, "page %d", &page)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, s.pages[page])
}

func refuse(w http.ResponseWriter, status int, kind, message string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "Message": message})
}

// verify signs a fresh request with only what was signed, and compares.
func verify(r *http.Request, body []byte) error {
	given := r.Header.Get("Authorization")
	_, rest, ok := strings.Cut(given, "SignedHeaders=")
	if !ok {
		return fmt.Errorf("not signed: %q", given)
	}
	signed, _, _ := strings.Cut(rest, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil {
		return err
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for _, name := range strings.Split(signed, ";") {
		if name != "host" && name != "content-length" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	hash := r.Header.Get("X-Amz-Content-Sha256")
	creds := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secretKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, again, hash, executions.Service, region, at); err != nil {
		return err
	}
	if want := again.Header.Get("Authorization"); want != given {
		return fmt.Errorf("signature is %s, want %s", given, want)
	}
	return nil
}

// client speaks to s with the store's credentials.
func client(t *testing.T, h http.Handler, secret string) *executions.Client {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	keys := filepath.Join(t.TempDir(), "credentials")
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", accessKey, secret)
	if err := os.WriteFile(keys, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	store, err := objstore.New(t.Context(), objstore.Settings{Region: "elsewhere-9", Endpoint: srv.URL, CredentialsFile: keys}, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	near, err := store.Neighbour(srv.URL, executions.Service, region)
	if err != nil {
		t.Fatal(err)
	}
	return executions.New(near)
}

var monday = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)

func TestList(t *testing.T) {
	t.Parallel()
	at := func(minutes int) int64 { return monday.Add(time.Duration(minutes) * time.Minute).Unix() }
	s := &service{t: t, pages: []string{
		fmt.Sprintf(`{"NextToken": "page 1", "InferenceExecutionSummaries": [
			{"DataStartTime": %d.0, "Status": "IN_PROGRESS", "New": {"field": 1}},
			{"DataStartTime": 1.767600300E9, "Status": "FAILED", "FailedReason": "Could not find\ndata \u001b[31mfile\u0007"}]}`, at(10)),
		fmt.Sprintf(`{"InferenceExecutionSummaries": [{"DataStartTime": %d, "Status": "FAILED"}, {"DataStartTime": %d, "Status": "SUCCESS"},
			{"DataStartTime": %d, "Status": "FAILED"}, {"DataStartTime": %d, "Status": "FAILED"}]}`, at(0), at(0), at(0), at(-5)),
	}}
	got, err := client(t, s, secretKey).List(t.Context(), "pump-7", monday.UnixNano(), monday.Add(10*time.Minute).UnixNano())
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]executions.Execution{
		at(10) * 1e9: {Status: executions.InProgress},
		at(5) * 1e9:  {Status: executions.Failed, Reason: "Could not find data \ufffd[31mfile\ufffd"},
		at(0) * 1e9:  {Status: executions.Success},
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if len(s.asked) != 2 || s.asked[0]["InferenceSchedulerName"] != "pump-7" || s.asked[0]["DataStartTimeAfter"].(float64) >= float64(at(0)) {
		t.Errorf("asked %v", s.asked)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := &service{t: t, pages: []string{`{}`}}
	_, err := client(t, s, "another secret").List(t.Context(), "pump-7", 0, 0)
	if err == nil || !strings.Contains(err.Error(), "InvalidSignatureException") || objstore.KindOf(err) != objstore.KindForbidden {
		t.Errorf("got %v", err)
	}
	endless := &service{t: t, pages: []string{`{"NextToken": "page 0"}`}}
	if _, err := client(t, endless, secretKey).List(t.Context(), "pump-7", 0, 0); err == nil || !strings.Contains(err.Error(), "does not end") {
		t.Errorf("got %v", err)
	}
	web := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") })
	if _, err := client(t, web, secretKey).List(t.Context(), "pump-7", 0, 0); err == nil || !strings.Contains(err.Error(), "check service.endpoint") {
		t.Errorf("got %v", err)
	}
	large := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 9 << 10 {
			_, _ = w.Write(make([]byte, 1<<10))
		}
	})
	if _, err := client(t, large, secretKey).List(t.Context(), "pump-7", 0, 0); err == nil || !strings.Contains(err.Error(), "limit") {
		t.Errorf("got %v", err)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("a\tb\x1b[0m \xff\u202e end", 10)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		got := executions.Printable(s, limit)
		if n := utf8.RuneCountInString(got); n > max(limit, 0) {
			t.Errorf("%d characters, at most %d are wanted", n, limit)
		}
		if strings.ContainsAny(got, "\n\r\t\x1b\x00\u202e") || !utf8.ValidString(got) {
			t.Errorf("%q is not fit for a terminal", got)
		}
	})
}
