package api_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"go.uber.org/zap"

	"millwright/inference/api"
	"millwright/inference/api/wire"
	"millwright/inference/sigv4"
)

const (
	signedRegion = "plant-1"
	secretKey    = "0123456789abcdef0123"
)

// one is a Backend with one dataset.
type one struct{ api.Backend }

func (one) ListDatasets(_ context.Context, c api.Caller, _ *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
	return &wire.ListDatasetsResponse{DatasetSummaries: []wire.DatasetSummary{{
		DatasetName: "pumps", DatasetArn: "arn:aws:lookoutequipment:plant-1:" + c.Account + ":dataset/pumps/0f", Status: wire.DatasetActive, CreatedAt: wire.At(time.UnixMilli(1767614400125)),
	}}}, nil
}

func (one) DeleteDataset(_ context.Context, _ api.Caller, in *wire.DeleteDatasetRequest) error {
	return api.NotFound("dataset %s is not there", in.DatasetName)
}

// authenticate joins the two packages, as the service does.
func authenticate(v *sigv4.Verifier) api.Authenticate {
	return func(r *http.Request) (api.Verify, error) {
		finish, err := v.Begin(r)
		if err != nil {
			return nil, err
		}
		return func(body []byte) (api.Identity, error) {
			p, err := finish(body)
			if err != nil {
				return api.Identity{}, err
			}
			return api.Identity{Name: p.Name, AccessKey: p.AccessKey, Account: p.Account, Access: p}, nil
		}, nil
	}
}

func signedHandler(t testing.TB) *api.Handler {
	t.Helper()
	everywhere := []sigv4.Place{sigv4.Everywhere}
	principals := sigv4.Of(
		sigv4.Options{Hidden: []string{"millwright"}},
		sigv4.New("boss", "MWBOSS", secretKey, "000000000000", sigv4.Admin, everywhere, everywhere),
		sigv4.New("reader", "MWREADER", secretKey, "000000000000", sigv4.Read, nil, nil),
		sigv4.New("gateway", "MWGATEWAY", secretKey, "000000000000", sigv4.Gateway, everywhere, everywhere),
	)
	v := sigv4.NewVerifier(signedRegion, "lookoutequipment", principals, time.Now)
	h, err := api.New(one{}, authenticate(v), api.Options{CheckAnswers: true}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// client is a small SDK.
type client struct {
	url, key, secret, region string
	skew                     time.Duration
}

func (c client) request(t testing.TB, operation, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService."+operation)
	sum := sha256.Sum256([]byte(body))
	key := aws.Credentials{AccessKeyID: c.key, SecretAccessKey: c.secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(sum[:]), "lookoutequipment", c.region, time.Now().Add(c.skew)); err != nil {
		t.Fatal(err)
	}
	return r
}

func (c client) call(t testing.TB, operation, body string) (status int, kind, text string) {
	t.Helper()
	w, err := http.DefaultClient.Do(c.request(t, operation, body))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	answer, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var e struct {
		Type string `json:"__type"`
	}
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &e); err != nil {
			t.Fatal(err)
		}
	}
	return w.StatusCode, e.Type, string(answer)
}

func TestSignedCalls(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(signedHandler(t))
	t.Cleanup(s.Close)
	good := client{url: s.URL, key: "MWBOSS", secret: secretKey, region: signedRegion}
	with := func(change func(*client)) client {
		c := good
		change(&c)
		return c
	}
	for _, c := range []struct {
		name, operation, body string
		client                client
		status                int
		kind, says            string
	}{
		{"good", "ListDatasets", "{}", good, 200, "", `"CreatedAt":1767614400.125`},
		{"not there", "DeleteDataset", `{"DatasetName":"x"}`, good, 404, "ResourceNotFoundException", "dataset x is not there"},
		{"a reader reads", "ListDatasets", "{}", with(func(c *client) { c.key = "MWREADER" }), 200, "", "pumps"},
		{"a reader deletes", "DeleteDataset", `{"DatasetName":"x"}`, with(func(c *client) { c.key = "MWREADER" }), 403, "AccessDeniedException", "the key 'reader' is not authorized"},
		{"a gateway reads", "ListDatasets", "{}", with(func(c *client) { c.key = "MWGATEWAY" }), 403, "AccessDeniedException", "the key 'gateway' is not authorized"},
		{"wrong secret", "ListDatasets", "{}", with(func(c *client) { c.secret = "x" }), 403, "InvalidSignatureException", "does not match"},
		{"wrong key", "ListDatasets", "{}", with(func(c *client) { c.key = "MWNOBODY" }), 403, "UnrecognizedClientException", "not known"},
		{"wrong region", "ListDatasets", "{}", with(func(c *client) { c.region = "eu-west-1" }), 403, "InvalidSignatureException", "this service is the region 'plant-1'"},
		{"skewed clock", "ListDatasets", "{}", with(func(c *client) { c.skew = -time.Hour }), 403, "InvalidSignatureException", "Signature expired"},
		{"the work bucket", "StartDataIngestionJob", `{"DatasetName":"d","RoleArn":"arn:aws:iam::000000000000:role/x","ClientToken":"t","IngestionInputConfiguration":{"S3InputConfiguration":{"Bucket":"millwright"}}}`, good, 403, "AccessDeniedException", "the key 'boss' may not read s3://millwright/"},
		{"bad member", "ListDatasets", `{"MaxResults":501}`, good, 400, "ValidationException", "Value '501' at 'maxResults'"},
		{"torn", "ListDatasets", `{"MaxResults":`, good, 400, "SerializationException", "not JSON"},
	} {
		status, kind, text := c.client.call(t, c.operation, c.body)
		if status != c.status || kind != c.kind || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
	}
}

func TestAThousandSignedCalls(t *testing.T) {
	t.Parallel()
	h := signedHandler(t)
	c := client{url: "http://127.0.0.1", key: "MWBOSS", secret: secretKey, region: signedRegion}
	var wait sync.WaitGroup
	for range 1000 {
		wait.Go(func() {
			r := c.request(t, "ListDatasets", "{}")
			r.Host = r.URL.Host
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != http.StatusOK {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	wait.Wait()
}

// BenchmarkSignedCall is a whole call but for the connection: signature, shapes,
// dispatch, answer.
func BenchmarkSignedCall(b *testing.B) {
	h := signedHandler(b)
	r := client{url: "http://127.0.0.1", key: "MWBOSS", secret: secretKey, region: signedRegion}.request(b, "ListDatasets", `{"MaxResults":50}`)
	r.Host = r.URL.Host
	b.ReportAllocs()
	for b.Loop() {
		r.Body = io.NopCloser(bytes.NewReader([]byte(`{"MaxResults":50}`)))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
