package backend_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"millwright/inference/api"
	"millwright/inference/backend"
	"millwright/inference/store"
)

const (
	own   = "000000000000"
	other = "111111111111"
	role  = "arn:aws:iam::000000000000:role/any"
)

// object is JSON of a request or an answer.
type object = map[string]any

// recorder is a Work that notes what it is asked.
type recorder struct {
	mu    sync.Mutex
	calls []string
	fail  error // of the next call
}

func (r *recorder) note(format string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.fail; err != nil {
		r.fail = nil
		return err
	}
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
	return nil
}

func (r *recorder) Ingest(_ context.Context, _ *store.Tx, job string) error {
	return r.note("ingest %s", job)
}

func (r *recorder) ImportDataset(_ context.Context, _ *store.Tx, job string) error {
	return r.note("import dataset %s", job)
}

func (r *recorder) Train(_ context.Context, _ *store.Tx, model string, version int64) error {
	return r.note("train %s %d", model, version)
}

func (r *recorder) ImportModel(_ context.Context, _ *store.Tx, model string, version int64, strategy string) error {
	return r.note("import model %s %d %s", model, version, strategy)
}

func (r *recorder) Activate(_ context.Context, _ *store.Tx, model string, version int64) error {
	return r.note("activate %s %d", model, version)
}

func (r *recorder) Schedule(_ context.Context, _ *store.Tx, scheduler string) error {
	return r.note("schedule %s", scheduler)
}

// rig is the service as its clients see it, over a database of its own.
type rig struct {
	t        testing.TB
	database string
	quotas   store.Quotas
	sensors  int
	store    *store.Store
	handler  *api.Handler
	work     recorder
	logs     *observer.ObservedLogs
	mu       sync.Mutex
	now      time.Time
	account  string // of the caller
	tokens   int
}

// anything is the access of somebody who may do all.
type anything struct{}

func (anything) Allowed(string) bool          { return true }
func (anything) MayRead(string, string) bool  { return true }
func (anything) MayWrite(string, string) bool { return true }

func newRig(t testing.TB, q store.Quotas) *rig {
	t.Helper()
	r := &rig{t: t, database: database(t), quotas: q, sensors: 3, account: own, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}
	r.open()
	return r
}

// open starts the service, perhaps again.
func (r *rig) open() {
	r.t.Helper()
	if r.store != nil {
		r.store.Close()
	}
	s, err := store.Open(r.t.Context(), store.Options{Database: r.database, Quotas: r.quotas})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	r.store = s
	core, logs := observer.New(zap.ErrorLevel)
	b := backend.New(s, &r.work, backend.Options{SensorsPerModel: r.sensors, Now: r.tick})
	authenticate := func(*http.Request) (api.Verify, error) {
		return func([]byte) (api.Identity, error) {
			return api.Identity{Name: "tests", AccessKey: "K", Account: r.account, Access: anything{}}, nil
		}, nil
	}
	if r.handler, err = api.New(b, authenticate, api.Options{CheckAnswers: true}, zap.New(core)); err != nil {
		r.t.Fatal(err)
	}
	r.logs = logs
}

// tick is a clock that goes on by a millisecond whenever it is looked at.
func (r *rig) tick() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(time.Millisecond)
	return r.now
}

// try calls an operation; errorType is "" for success. A request without
// ClientToken gets a fresh one where "ClientToken" is in it with nil.
func (r *rig) try(operation string, request object) (answer object, errorType, message string) {
	r.t.Helper()
	if token, ok := request["ClientToken"]; ok && token == nil {
		r.tokens++
		request["ClientToken"] = fmt.Sprintf("token-%d", r.tokens)
	}
	text, err := json.Marshal(request)
	if err != nil {
		r.t.Fatal(err)
	}
	in := httptest.NewRequestWithContext(r.t.Context(), http.MethodPost, "/", strings.NewReader(string(text)))
	in.Header.Set("Content-Type", "application/x-amz-json-1.0")
	in.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService."+operation)
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, in)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		r.t.Fatal(err)
	}
	answer = object{}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &answer); err != nil {
			r.t.Fatalf("%s: %q: %v", operation, body, err)
		}
	}
	if w.Code == http.StatusOK {
		return answer, "", ""
	}
	errorType, _ = answer["__type"].(string)
	message, _ = answer["Message"].(string)
	if message == "" {
		message, _ = answer["message"].(string)
	}
	return answer, errorType[strings.LastIndexByte(errorType, '#')+1:], message
}

// do is try for what has to work.
func (r *rig) do(operation string, request object) object {
	r.t.Helper()
	answer, errorType, message := r.try(operation, request)
	if errorType != "" {
		r.t.Fatalf("%s %v: %s: %s%v", operation, request, errorType, message, r.errors())
	}
	return answer
}

// errors are those in the log.
func (r *rig) errors() (all []string) {
	for _, e := range r.logs.All() {
		all = append(all, fmt.Sprint("\nlog: ", e.Message, " ", e.ContextMap()))
	}
	return all
}

// refused wants an error of a type that says all of the words.
func (r *rig) refused(operation string, request object, errorType string, words ...string) {
	r.t.Helper()
	answer, got, message := r.try(operation, request)
	if got != errorType {
		r.t.Errorf("%s %v: %s %s %v, want %s%v", operation, request, got, message, answer, errorType, r.errors())
	}
	for _, word := range words {
		if !strings.Contains(message, word) {
			r.t.Errorf("%s: %q does not say %q", operation, message, word)
		}
	}
}

// tx changes the state as jobs do.
func (r *rig) tx(fn func(context.Context, *store.Tx) error) {
	r.t.Helper()
	ctx := r.t.Context()
	if err := r.store.Tx(ctx, func(t *store.Tx) error { return fn(ctx, t) }); err != nil {
		r.t.Fatal(err)
	}
}

// began wants the last call of the work to be one.
func (r *rig) began(format string, args ...any) {
	r.t.Helper()
	want := fmt.Sprintf(format, args...)
	if !slices.Contains(r.work.calls, want) {
		r.t.Errorf("the work has %q, not %q", r.work.calls, want)
	}
}

// with is a request with other members; nil removes one.
func with(o object, members object) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for k, v := range members {
		if v == nil && k != "ClientToken" {
			delete(out, k)
		} else {
			out[k] = v
		}
	}
	return out
}

const schema = `{"Components": [{"ComponentName": "pump", "Columns": [{"Name": "Timestamp", "Type": "DATETIME"}, {"Name": "flow", "Type": "DOUBLE"}, {"Name": "rpm", "Type": "DOUBLE"}]}]}`

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func dayOf(n int) time.Time { return time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// dataset makes an empty one and gives its ARN.
func (r *rig) dataset(name string) string {
	r.t.Helper()
	return r.do("CreateDataset", object{"DatasetName": name, "DatasetSchema": object{"InlineDataSchema": schema}, "ClientToken": nil})["DatasetArn"].(string)
}

func ingestion(dataset string) object {
	return object{
		"DatasetName": dataset, "RoleArn": role, "ClientToken": nil,
		"IngestionInputConfiguration": object{"S3InputConfiguration": object{"Bucket": "plant", "Prefix": "in/", "KeyPattern": "{prefix}/{component_name}/*"}},
	}
}

// filled is a dataset with the data of 300 days.
func (r *rig) filled(name string) string {
	r.t.Helper()
	arn := r.dataset(name)
	job := r.do("StartDataIngestionJob", ingestion(name))["JobId"].(string)
	r.ingested(job)
	return arn
}

// ingested ends a job as the work does.
func (r *rig) ingested(job string) {
	r.t.Helper()
	r.tx(func(ctx context.Context, t *store.Tx) error {
		at := r.tick()
		j, err := t.MoveIngestion(ctx, job, store.IngestionSuccess, at, func(j *store.Ingestion) {
			j.DataStart, j.DataEnd, j.Size = dayOf(0), dayOf(300), 1000
			j.Quality = &store.DataQuality{}
			j.Files = &store.FilesSummary{TotalNumberOfFiles: 2, IngestedNumberOfFiles: 1, DiscardedFiles: []store.S3Object{{Bucket: "plant", Key: "in/pump/bad.csv"}}}
		})
		if err != nil {
			return err
		}
		if _, err := t.MoveDataset(ctx, j.DatasetID, store.DatasetActive, at, func(d *store.Dataset) { d.IngestionID, d.Schema = job, schema }); err != nil {
			return err
		}
		return t.PutSensorStatistics(ctx, job, []store.SensorStatistics{
			{ComponentName: "pump", SensorName: "flow", DataExists: true, MissingValues: &store.CountPercent{Count: 1, Percentage: 0.5}, DataStartTime: dayOf(0), DataEndTime: dayOf(300)},
			{ComponentName: "pump", SensorName: "rpm", DataExists: true, MonotonicValues: &store.Monotonic{Status: "POTENTIAL_ISSUE_DETECTED", Monotonicity: "STATIC"}},
		})
	})
}

func model(name, dataset string) object {
	return object{"ModelName": name, "DatasetName": dataset, "ClientToken": nil, "DataPreProcessingConfiguration": object{"TargetSamplingRate": "PT10M"}}
}

// modelID finds a model's id.
func (r *rig) modelID(name string) string {
	r.t.Helper()
	m, err := r.store.Model(r.t.Context(), r.account, name)
	if err != nil {
		r.t.Fatal(err)
	}
	return m.ID
}

// trained is a model whose first version succeeded.
func (r *rig) trained(name, dataset string) string {
	r.t.Helper()
	arn := r.do("CreateModel", model(name, dataset))["ModelArn"].(string)
	r.made(r.modelID(name), 1)
	return arn
}

// made ends a version in SUCCESS and activates it, as the work does.
func (r *rig) made(id string, version int64) {
	r.t.Helper()
	r.tx(func(ctx context.Context, t *store.Tx) error {
		at := r.tick()
		if _, err := t.MoveModelVersion(ctx, id, version, store.VersionSuccess, at, func(v *store.ModelVersion) {
			v.EndedAt, v.Quality, v.Metrics = at, "CANNOT_DETERMINE_QUALITY", `{"labeled_ranges": []}`
		}); err != nil {
			return err
		}
		_, err := t.Activate(ctx, id, version, at)
		return err
	})
}

// another adds a version as a retraining does, which succeeded and is not active.
func (r *rig) another(name string) int64 {
	r.t.Helper()
	var number int64
	r.tx(func(ctx context.Context, t *store.Tx) error {
		m, err := t.Model(ctx, r.account, name)
		if err != nil {
			return err
		}
		at := r.tick()
		v, err := t.CreateModelVersion(ctx, store.ModelVersion{ModelID: m.ID, Status: store.VersionTraining, Source: store.SourceRetraining, DatasetID: m.DatasetID, Schema: m.Schema, CreatedAt: at, UpdatedAt: at, StartedAt: at},
			func(n int64) string { return fmt.Sprintf("%s/model-version/%d", m.ARN, n) })
		if err != nil {
			return err
		}
		number = v.Version
		_, err = t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionSuccess, at, func(v *store.ModelVersion) { v.AvailableDays = 200 })
		return err
	})
	return number
}

func scheduler(name, model string) object {
	return object{
		"InferenceSchedulerName": name, "ModelName": model, "DataUploadFrequency": "PT30M", "RoleArn": role, "ClientToken": nil,
		"DataInputConfiguration":  object{"S3InputConfiguration": object{"Bucket": "plant", "Prefix": "live/"}, "InferenceInputNameConfiguration": object{"TimestampFormat": "yyyyMMddHHmmss", "ComponentTimestampDelimiter": ""}},
		"DataOutputConfiguration": object{"S3OutputConfiguration": object{"Bucket": "plant", "Prefix": "out/" + name + "/"}, "KmsKeyId": "alias/own"},
	}
}
