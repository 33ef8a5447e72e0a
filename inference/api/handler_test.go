package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"millwright/inference/api/wire"
)

// backend is a Backend of which a test gives the few operations it calls.
type backend struct {
	Backend
	list     func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error)
	remove   func(context.Context, Caller, *wire.DeleteDatasetRequest) error
	schedule func(context.Context, Caller, *wire.CreateInferenceSchedulerRequest) (*wire.CreateInferenceSchedulerResponse, error)
}

func (b backend) ListDatasets(ctx context.Context, c Caller, in *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
	return b.list(ctx, c, in)
}

func (b backend) DeleteDataset(ctx context.Context, c Caller, in *wire.DeleteDatasetRequest) error {
	return b.remove(ctx, c, in)
}

func (b backend) CreateInferenceScheduler(ctx context.Context, c Caller, in *wire.CreateInferenceSchedulerRequest) (*wire.CreateInferenceSchedulerResponse, error) {
	return b.schedule(ctx, c, in)
}

func nothing(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
	return nil, nil
}

// server is a real one, so that connections are.
func server(t testing.TB, b Backend, a Authenticate, o Options, log *zap.Logger) *httptest.Server {
	t.Helper()
	h, err := New(b, a, o, log)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

const target = "AWSLookoutEquipmentFrontendService."

func post(t testing.TB, url, operation, body string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", json10)
	r.Header.Set("X-Amz-Target", target+operation)
	return do(t, r)
}

func do(t testing.TB, r *http.Request) (*http.Response, string) {
	t.Helper()
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w, string(text)
}

func TestAnswersAreAsClientsExpectThem(t *testing.T) {
	t.Parallel()
	at := wire.At(time.UnixMilli(1767614400125))
	var ids sync.Map
	b := backend{
		list: func(_ context.Context, c Caller, in *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
			ids.Store(c.RequestID, true)
			if in.MaxResults != 5 {
				return nil, nil
			}
			return &wire.ListDatasetsResponse{DatasetSummaries: []wire.DatasetSummary{{DatasetName: "a<b>", CreatedAt: at}}}, nil
		},
		remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return nil },
	}
	s := server(t, b, unsigned(everyone{}), Options{}, zap.NewNop())
	w, text := post(t, s.URL, "ListDatasets", `{"MaxResults": 5}`)
	if w.StatusCode != 200 || text != `{"DatasetSummaries":[{"DatasetName":"a<b>","CreatedAt":1767614400.125}]}` {
		t.Errorf("%d %s", w.StatusCode, text)
	}
	if w.Header.Get("Content-Type") != json10 || w.Header.Get("Date") == "" || w.Header.Get("X-Amzn-ErrorType") != "" {
		t.Errorf("%v", w.Header)
	}
	id := w.Header.Get("X-Amzn-RequestId")
	if _, told := ids.Load(id); !told || len(id) != 36 {
		t.Errorf("request id %q", id)
	}
	if w, text = post(t, s.URL, "ListDatasets", ""); text != `{"DatasetSummaries":[]}` || w.Header.Get("X-Amzn-RequestId") == id {
		t.Errorf("a list that is not there: %s", text)
	}
	w, text = post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`)
	if w.StatusCode != 200 || text != "" || w.Header.Get("Content-Length") != "0" || w.Header.Get("Content-Type") != json10 {
		t.Errorf("an operation without an answer: %d %q %v", w.StatusCode, text, w.Header)
	}
}

func TestErrorsAreAsClientsExpectThem(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	var refuse error
	b := backend{remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return refuse }}
	s := server(t, b, unsigned(everyone{}), Options{}, zap.New(core))
	for _, c := range []struct {
		err    error
		status int
		body   string
	}{
		{NotFound("dataset %s is not there", "a"), 404, `{"__type":"ResourceNotFoundException","Message":"dataset a is not there"}`},
		{fmt.Errorf("delete: %w", Conflict("a scheduler uses it")), 409, `{"__type":"ConflictException","Message":"a scheduler uses it"}`},
		{Quota("15 of 15"), 402, `{"__type":"ServiceQuotaExceededException","Message":"15 of 15"}`},
		{Throttled("later"), 429, `{"__type":"ThrottlingException","Message":"later"}`},
		{Denied("no"), 403, `{"__type":"AccessDeniedException","Message":"no"}`},
		{Invalid("DataInputConfiguration.InputTimeZoneOffset", "%d is too far", 9), 400, `{"__type":"ValidationException","Message":"1 validation error detected: Value at 'dataInputConfiguration.inputTimeZoneOffset' failed to satisfy constraint: 9 is too far"}`},
		{&Error{Type: ConflictException}, 409, `{"__type":"ConflictException","Message":"ConflictException"}`},
		{&Error{Type: "Unheard"}, 500, `{"__type":"InternalServerException","Message":"the service could not do this; its log says why, under this request id"}`},
		{errors.New("disk full of secrets"), 500, `{"__type":"InternalServerException","Message":"the service could not do this; its log says why, under this request id"}`},
	} {
		refuse = c.err
		w, text := post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`)
		if w.StatusCode != c.status || text != c.body || !strings.Contains(text, `"`+w.Header.Get("X-Amzn-ErrorType")+`"`) || w.Header.Get("X-Amzn-RequestId") == "" {
			t.Errorf("%v: %d %s %v", c.err, w.StatusCode, text, w.Header)
		}
	}
	if n := logs.FilterMessage("call failed").Len(); n != 2 {
		t.Errorf("%d failures logged, not those that are the service's own", n)
	}
}

func TestRequestsThatAreNoCall(t *testing.T) {
	t.Parallel()
	s := server(t, backend{list: nothing}, unsigned(everyone{}), Options{}, zap.NewNop())
	for _, c := range []struct {
		method, path, target, content string
		status                        int
		kind                          string
	}{
		{"POST", "/", target + "ListDatasets", json10, 200, ""},
		{"POST", "/", target + "ListDatasets", json11, 200, ""},
		{"POST", "/", target + "ListDatasets", json10 + "; charset=utf-8", 200, ""},
		{"POST", "/", target + "ListDatasets", "", 200, ""},
		{"GET", "/", target + "ListDatasets", json10, 405, unknownOperation},
		{"PUT", "/", target + "ListDatasets", json10, 405, unknownOperation},
		{"POST", "/x", target + "ListDatasets", json10, 404, unknownOperation},
		{"POST", "/", "", json10, 400, unknownOperation},
		{"POST", "/", "ListDatasets", json10, 400, unknownOperation},
		{"POST", "/", target + "ListEverything", json10, 400, unknownOperation},
		{"POST", "/", target + "listDatasets", json10, 400, unknownOperation},
		{"POST", "/", "DynamoDB_20120810.ListTables", json10, 400, unknownOperation},
		{"POST", "/", target + "ListDatasets", "application/json", 415, mediaType},
		{"POST", "/", target + "ListDatasets", "text/plain", 415, mediaType},
		{"POST", "/", target + "ListDatasets", ";", 415, mediaType},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Target", c.target)
		r.Header.Set("Content-Type", c.content)
		w, text := do(t, r)
		if w.StatusCode != c.status || w.Header.Get("X-Amzn-ErrorType") != c.kind || !strings.HasPrefix(w.Header.Get("Content-Type"), "application/x-amz-json-1.") {
			t.Errorf("%+v: %d %s", c, w.StatusCode, text)
		}
		if c.content == json11 && w.Header.Get("Content-Type") != json11 {
			t.Errorf("%s is answered in %s", json11, w.Header.Get("Content-Type"))
		}
	}
}

// nobody refuses everything, as a bad signature does.
type nobody struct{}

func (nobody) Error() string { return "who are you?" }
func (nobody) Code() string  { return "UnrecognizedClientException" }
func (nobody) Status() int   { return http.StatusForbidden }

func TestStrangersGetNothing(t *testing.T) {
	t.Parallel()
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		t.Error("called")
		return nil, nil
	}}
	atHead := func(*http.Request) (Verify, error) { return nil, nobody{} }
	atBody := func(*http.Request) (Verify, error) {
		return func([]byte) (Identity, error) { return Identity{}, nobody{} }, nil
	}
	for _, a := range []Authenticate{atHead, atBody} {
		s := server(t, b, a, Options{}, zap.NewNop())
		w, text := post(t, s.URL, "ListDatasets", "{")
		if w.StatusCode != 403 || text != `{"__type":"UnrecognizedClientException","Message":"who are you?"}` {
			t.Errorf("%d %s", w.StatusCode, text)
		}
	}
}

// limited may read in/ and write out/ of the bucket plant, and make schedulers.
type limited struct{}

func (limited) Allowed(operation string) bool { return operation == "CreateInferenceScheduler" }
func (limited) MayRead(bucket, prefix string) bool {
	return bucket == "plant" && strings.HasPrefix(prefix, "in/")
}

func (limited) MayWrite(bucket, prefix string) bool {
	return bucket == "plant" && strings.HasPrefix(prefix, "out/")
}

func TestCallersGetWhatTheyMay(t *testing.T) {
	t.Parallel()
	b := backend{schedule: func(_ context.Context, c Caller, in *wire.CreateInferenceSchedulerRequest) (*wire.CreateInferenceSchedulerResponse, error) {
		if c.Name != "tests" || c.Account != "000000000000" {
			t.Errorf("%+v", c)
		}
		return nil, nil
	}}
	s := server(t, b, unsigned(limited{}), Options{}, zap.NewNop())
	request := func(in, out string) string {
		return `{"ModelName": "m", "InferenceSchedulerName": "s", "DataUploadFrequency": "PT5M", "RoleArn": "arn:aws:iam::000000000000:role/x", "ClientToken": "t",
			"DataInputConfiguration": {"S3InputConfiguration": {` + in + `}}, "DataOutputConfiguration": {"S3OutputConfiguration": {` + out + `}}}`
	}
	const in, out = `"Bucket": "plant", "Prefix": "in/a/"`, `"Bucket": "plant", "Prefix": "out/"`
	if w, text := post(t, s.URL, "CreateInferenceScheduler", request(in, out)); w.StatusCode != 200 || text != "{}" {
		t.Errorf("%d %s", w.StatusCode, text)
	}
	for says, body := range map[string]string{
		"the key 'tests' may not read s3://plant/out/, the location at 'dataInputConfiguration.s3InputConfiguration'":        request(out, out),
		"the key 'tests' may not write to s3://plant/in/a/, the location at 'dataOutputConfiguration.s3OutputConfiguration'": request(in, in),
		"the key 'tests' may not read s3://millwright/in/, the":                                                              request(`"Bucket": "millwright", "Prefix": "in/"`, out),
		"the key 'tests' may not write to s3://plant/, the":                                                                  request(in, `"Bucket": "plant"`),
		"s3://plant/out/../in/, the location at 'dataOutputConfiguration.s3OutputConfiguration', has the parts":              request(in, `"Bucket": "plant", "Prefix": "out/../in/"`),
		"s3://plant/in/./a/, the location at 'dataInputConfiguration.s3InputConfiguration', has the parts":                   request(`"Bucket": "plant", "Prefix": "in/./a/"`, out),
	} {
		if w, text := post(t, s.URL, "CreateInferenceScheduler", body); w.StatusCode != 403 || !strings.Contains(text, "AccessDeniedException") || !strings.Contains(text, says) {
			t.Errorf("%d %s", w.StatusCode, text)
		}
	}
	if w, text := post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`); w.StatusCode != 403 || !strings.Contains(text, "not authorized to perform: lookoutequipment:DeleteDataset") {
		t.Errorf("%d %s", w.StatusCode, text)
	}
}

func TestAPanicIsOneCallsOwn(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.InfoLevel)
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		panic("oh")
	}, remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return nil }}
	s := server(t, b, unsigned(everyone{}), Options{Calls: 1}, zap.New(core))
	for range 3 { // its turn is given back too
		w, text := post(t, s.URL, "ListDatasets", "{}")
		if w.StatusCode != 500 || w.Header.Get("X-Amzn-ErrorType") != InternalServerException || strings.Contains(text, "oh") {
			t.Errorf("%d %s", w.StatusCode, text)
		}
	}
	if w, _ := post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`); w.StatusCode != 200 {
		t.Errorf("%d afterwards", w.StatusCode)
	}
	if all := logs.FilterMessage("call panicked").All(); len(all) != 3 || !strings.Contains(fmt.Sprint(all[0].ContextMap()["stack"]), "handler_test.go") {
		t.Errorf("%v", logs.All())
	}
}

// Nothing of a body is ever logged: it holds tokens, and names that are nobody
// else's business.
func TestBodiesAreNotLogged(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	b := backend{remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return errors.New("broken") }}
	observed := make(chan Call, 3)
	s := server(t, b, unsigned(everyone{}), Options{Observe: func(c Call) { observed <- c }}, zap.New(core))
	for _, body := range []string{`{"DatasetName": "confidential"}`, `{"DatasetName": "confidential!"}`, `{"confidential": `} {
		post(t, s.URL, "DeleteDataset", body)
	}
	if logs.Len() < 3 {
		t.Errorf("%d lines", logs.Len())
	}
	for _, line := range logs.All() {
		if strings.Contains(line.Message+fmt.Sprint(line.ContextMap()), "confidential") {
			t.Errorf("%s %v", line.Message, line.ContextMap())
		}
	}
	calls := []Call{<-observed, <-observed, <-observed}
	if calls[0].Error != InternalServerException || calls[1].Error != ValidationException || calls[2].Status != 400 || calls[0].Operation != "DeleteDataset" || calls[0].Took <= 0 {
		t.Errorf("%+v", calls)
	}
}

// An answer that breaks its shape is found by those who ask for it.
func TestAnswersAreChecked(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.ErrorLevel)
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		return &wire.ListDatasetsResponse{DatasetSummaries: []wire.DatasetSummary{{Status: "READY"}}}, nil
	}, remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return Quota("no room") }}
	s := server(t, b, unsigned(everyone{}), Options{CheckAnswers: true}, zap.New(core))
	if w, _ := post(t, s.URL, "ListDatasets", "{}"); w.StatusCode != 500 || logs.Len() != 1 || !strings.Contains(fmt.Sprint(logs.All()[0].ContextMap()), "datasetSummaries.1.member.status") {
		t.Errorf("%d %v", w.StatusCode, logs.All())
	}
	if w, _ := post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`); w.StatusCode != 500 || logs.Len() != 2 {
		t.Errorf("an error that the operation does not have: %d %v", w.StatusCode, logs.All())
	}
}
