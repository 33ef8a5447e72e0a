package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"millwright/inference/store"
)

const account = "000000000000"

// suite is a store on an empty database, and where that is.
type suite struct {
	*store.Store
	t        testing.TB
	database string
	account  string
	now      time.Time
}

// onEach runs a test on every kind of database.
func onEach(t *testing.T, run func(t *testing.T, s *suite)) {
	t.Helper()
	for name, make := range databases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, newSuite(t, make(t), store.Quotas{}))
		})
	}
}

func newSuite(t testing.TB, database string, q store.Quotas) *suite {
	t.Helper()
	s := &suite{t: t, database: database, account: account, now: time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)}
	s.Store = s.open(q)
	return s
}

// open opens one more store on the same database, as another process does.
func (s *suite) open(q store.Quotas) *store.Store {
	s.t.Helper()
	other, err := store.Open(s.t.Context(), store.Options{Database: s.database, Quotas: q})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { other.Close() })
	return other
}

// try runs fn in a transaction and returns its error.
func (s *suite) try(fn func(ctx context.Context, t *store.Tx) error) error {
	ctx := s.t.Context()
	return s.Tx(ctx, func(t *store.Tx) error { return fn(ctx, t) })
}

// do is try for what has to work.
func (s *suite) do(fn func(ctx context.Context, t *store.Tx) error) {
	s.t.Helper()
	if err := s.try(fn); err != nil {
		s.t.Fatal(err)
	}
}

// tick lets a second pass.
func (s *suite) tick() time.Time {
	s.now = s.now.Add(time.Second)
	return s.now
}

func (s *suite) arn(kind, name, id string) string {
	return fmt.Sprintf("arn:aws:lookoutequipment:plant-1:%s:%s/%s/%s", s.account, kind, name, id)
}

func (s *suite) newDataset(name string) store.Dataset {
	id := store.NewUUID()
	at := s.tick()
	return store.Dataset{
		ID: id, Account: s.account, Name: name, ARN: s.arn("dataset", name, id), Status: store.DatasetCreated, CreatedAt: at, UpdatedAt: at,
		Schema: `{"Components":[]}`, KMSKey: "alias/x",
	}
}

func (s *suite) dataset(name string) store.Dataset {
	s.t.Helper()
	d := s.newDataset(name)
	s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, d) })
	return d
}

func (s *suite) newIngestion(d store.Dataset) store.Ingestion {
	at := s.tick()
	j := store.Ingestion{
		ID: store.NewID(), Account: s.account, DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN,
		Status: store.IngestionRunning, CreatedAt: at, UpdatedAt: at,
	}
	j.Input = new(store.IngestionInput)
	j.Input.S3InputConfiguration.Bucket = "plant"
	return j
}

func (s *suite) newModel(d store.Dataset, name string) store.Model {
	id := store.NewUUID()
	at := s.tick()
	return store.Model{
		ID: id, Account: s.account, Name: name, ARN: s.arn("model", name, id), DatasetID: d.ID, DatasetName: d.Name, DatasetARN: d.ARN,
		Status: store.ModelTraining, CreatedAt: at, UpdatedAt: at, Schema: `{"Components":[1]}`,
		ModelDetail: store.ModelDetail{SamplingRate: "PT5M", OffCondition: `pump\speed < 10`, Labels: &store.LabelsInput{LabelGroupName: "g"}},
	}
}

func (s *suite) model(d store.Dataset, name string) store.Model {
	s.t.Helper()
	m := s.newModel(d, name)
	s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateModel(ctx, m) })
	return m
}

func (s *suite) newVersion(m store.Model) store.ModelVersion {
	at := s.tick()
	return store.ModelVersion{
		ModelID: m.ID, Status: store.VersionTraining, Source: store.SourceTraining, DatasetID: m.DatasetID, CreatedAt: at, UpdatedAt: at,
		VersionDetail: store.VersionDetail{DatasetName: m.DatasetName, DatasetARN: m.DatasetARN},
	}
}

func (s *suite) version(m store.Model, change func(*store.ModelVersion)) store.ModelVersion {
	s.t.Helper()
	v := s.newVersion(m)
	if change != nil {
		change(&v)
	}
	s.do(func(ctx context.Context, t *store.Tx) (err error) {
		v, err = t.CreateModelVersion(ctx, v, func(n int64) string { return fmt.Sprintf("%s/model-version/%d", m.ARN, n) })
		return err
	})
	return v
}

// trained is a model whose first version is in SUCCESS and active.
func (s *suite) trained(d store.Dataset, name string) store.Model {
	s.t.Helper()
	m := s.model(d, name)
	v := s.version(m, nil)
	s.do(func(ctx context.Context, t *store.Tx) (err error) {
		if _, err := t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionSuccess, s.now, nil); err != nil {
			return err
		}
		m, err = t.Activate(ctx, m.ID, v.Version, s.now)
		return err
	})
	return m
}

func (s *suite) newScheduler(m store.Model, name string) store.Scheduler {
	id := store.NewUUID()
	at := s.tick()
	empty := ""
	return store.Scheduler{
		ID: id, Account: s.account, Name: name, ARN: s.arn("inference-scheduler", name, id), ModelID: m.ID, ModelName: m.Name, ModelARN: m.ARN,
		Status: store.SchedulerPending, Frequency: "PT5M", DelayMinutes: 2, CreatedAt: at, UpdatedAt: at,
		SchedulerDetail: store.SchedulerDetail{
			RoleARN: "arn:aws:iam::000000000000:role/x",
			Input: store.InferenceInput{
				S3InputConfiguration:            &store.S3Location{Bucket: "plant", Prefix: "in/"},
				InferenceInputNameConfiguration: &store.InputNames{TimestampFormat: "EPOCH", ComponentTimestampDelimiter: &empty},
			},
			Output: store.Output{S3OutputConfiguration: store.S3Location{Bucket: "plant", Prefix: "out/"}},
		},
	}
}

func (s *suite) scheduler(m store.Model, name string) store.Scheduler {
	s.t.Helper()
	v := s.newScheduler(m, name)
	s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateScheduler(ctx, v) })
	return v
}

func (s *suite) moveScheduler(id string, to ...store.SchedulerStatus) {
	s.t.Helper()
	for _, status := range to {
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveScheduler(ctx, id, status, s.tick())
			return err
		})
	}
}

func (s *suite) newExecution(v store.Scheduler, start time.Time) store.Execution {
	return store.Execution{
		SchedulerID: v.ID, DataStart: start, DataEnd: start.Add(5 * time.Minute), ScheduledAt: start.Add(7 * time.Minute), ModelVersion: 1,
		Status: store.ExecutionRunning, UpdatedAt: s.now,
		Config: store.ExecutionConfig{
			SchedulerName: v.Name, SchedulerARN: v.ARN, ModelID: v.ModelID, ModelName: v.ModelName, ModelARN: v.ModelARN, Input: v.Input, Output: v.Output,
		},
	}
}

func (s *suite) newGroup(name string, codes ...string) store.LabelGroup {
	id := store.NewUUID()
	at := s.tick()
	return store.LabelGroup{ID: id, Account: s.account, Name: name, ARN: s.arn("label-group", name, id), CreatedAt: at, UpdatedAt: at, FaultCodes: codes}
}

func (s *suite) group(name string, codes ...string) store.LabelGroup {
	s.t.Helper()
	g := s.newGroup(name, codes...)
	s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateLabelGroup(ctx, g) })
	return g
}

// is checks the kind of an error and, for a conflict, the state it names.
func is(t testing.TB, what string, err, kind error, state string) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("%s: %v, want %v", what, err, kind)
		return
	}
	var e *store.Error
	if !errors.As(err, &e) || e.State != state {
		t.Errorf("%s: %v, want the state %q", what, err, state)
	}
}
