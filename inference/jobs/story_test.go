package jobs_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"millwright/inference/jobs"
	"millwright/inference/lake"
	"millwright/inference/store"
	"millwright/internal/simulate"
)

// ingest begins an ingestion of what is under train/.
func (r *rig) ingest(id string) {
	r.t.Helper()
	r.do(func(ctx context.Context, t *store.Tx) error {
		now := r.clock.Now()
		if _, err := t.DatasetByID(ctx, "d"); err != nil {
			if err := t.CreateDataset(ctx, store.Dataset{ID: "d", Account: account, Name: "d", ARN: "arn:d", Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now}); err != nil {
				return err
			}
		}
		if _, err := t.MoveDataset(ctx, "d", store.DatasetIngesting, now, nil); err != nil {
			return err
		}
		in := store.Ingestion{ID: id, Account: account, DatasetID: "d", DatasetName: "d", DatasetARN: "arn:d", Status: store.IngestionRunning, CreatedAt: now, UpdatedAt: now}
		in.Input = new(store.IngestionInput)
		in.Input.S3InputConfiguration.Bucket, in.Input.S3InputConfiguration.Prefix = r.bucket, "train/"
		in.Input.S3InputConfiguration.KeyPattern = "{prefix}/{component_name}/*"
		if err := t.CreateIngestion(ctx, in); err != nil {
			return err
		}
		return r.jobs.Ingest(ctx, t, id)
	})
}

func (r *rig) ingestion(id string) store.Ingestion {
	r.t.Helper()
	in, err := r.store.Ingestion(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return in
}

// train begins version 1 of model m.
func (r *rig) train(change func(*store.ModelVersion)) {
	r.t.Helper()
	r.do(func(ctx context.Context, t *store.Tx) error {
		now := r.clock.Now()
		d, err := t.DatasetByID(ctx, "d")
		if err != nil {
			return err
		}
		if err := t.CreateModel(ctx, store.Model{ID: "m", Account: account, Name: "m", ARN: "arn:m", DatasetID: "d", DatasetName: "d", DatasetARN: "arn:d", Status: store.ModelTraining, Schema: d.Schema, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		v := store.ModelVersion{ModelID: "m", Status: store.VersionTraining, Source: store.SourceTraining, DatasetID: "d", Schema: d.Schema, CreatedAt: now, UpdatedAt: now, StartedAt: now}
		v.SamplingRate, v.OffCondition = "PT5M", `pump-7\`+simulate.SpeedSensor+` < 10`
		change(&v)
		if v, err = t.CreateModelVersion(ctx, v, func(int64) string { return "arn:m/1" }); err != nil {
			return err
		}
		return r.jobs.Train(ctx, t, "m", v.Version)
	})
}

func (r *rig) version() store.ModelVersion {
	r.t.Helper()
	v, err := r.store.ModelVersion(r.t.Context(), "m", 1)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// again is another node after this one was killed.
func (r *rig) again() {
	r.t.Helper()
	r.kill()
	r.open()
	r.start()
}

// files puts the history of a plant under train/, two files of each component.
func (r *rig) files(p *simulate.Plant, days int) {
	middle, end := history.AddDate(0, 0, days/2), history.AddDate(0, 0, days)
	for _, c := range simulate.Components() {
		r.put("train/"+c+"/1.csv", csv(p, c, history, middle))
		r.put("train/"+c+"/2.csv", csv(p, c, middle, end))
	}
}

func TestFromFilesToResultsOverManyDeaths(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options = func(o *jobs.Options) { o.Lake.Part, o.Stretch = 100<<10, 1 }
	r.open()
	r.start()
	p := plant()
	r.files(p, 20)
	r.put("train/"+simulate.Components()[0]+"/3.csv", "this is no data\n")
	r.ingest("i")
	for range 3 {
		seen := len(r.list("datasets/"))
		r.until("some files", time.Minute, func() bool {
			return len(r.list("datasets/")) > seen || r.ingestion("i").Status != store.IngestionRunning
		})
		r.again()
	}
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("i").Status != store.IngestionRunning })
	in := r.ingestion("i")
	if in.Status != store.IngestionSuccess || in.Files == nil || len(in.Files.DiscardedFiles) != 1 || int(in.Files.IngestedNumberOfFiles) != 2*len(simulate.Components()) || !in.DataEnd.Equal(history.AddDate(0, 0, 20)) {
		t.Fatalf("%+v %+v", in, in.Files)
	}
	var files int
	db, _ := r.store.DB()
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'ingestion.file'`).Scan(&files); err != nil || files <= 3*len(simulate.Components()) {
		t.Errorf("%d jobs for the files: none was handed over (%v)", files, err)
	}
	d, err := r.store.DatasetByID(t.Context(), "d")
	if err != nil || d.Status != store.DatasetActive || d.IngestionID != "i" {
		t.Fatalf("%+v %v", d, err)
	}
	schema, err := lake.ParseSchema(d.Schema)
	if err != nil {
		t.Fatal(err)
	}
	if stats, _, err := r.store.SensorStatistics(t.Context(), "i", store.Page{Limit: 1000}); err != nil || len(stats) != len(schema.Sensors()) {
		t.Error(len(stats), err)
	}

	r.train(func(v *store.ModelVersion) {
		v.EvaluationStart, v.EvaluationEnd = history.AddDate(0, 0, 16), history.AddDate(0, 0, 18)
		v.Diagnostics = &store.Output{S3OutputConfiguration: store.S3Location{Bucket: r.bucket, Prefix: "diagnostics/"}}
	})
	time.Sleep(300 * time.Millisecond)
	r.again()
	r.until("the training", 2*time.Minute, func() bool { return r.version().Status != store.VersionTraining })
	v := r.version()
	if v.Status != store.VersionSuccess || v.Artifact == "" || v.Quality != "CANNOT_DETERMINE_QUALITY" || !strings.Contains(v.Metrics, `"labels_present":false`) || len(v.Warnings) == 0 {
		t.Fatalf("%+v", v)
	}
	if got := r.list("diagnostics/"); len(got) != 1 {
		t.Error(got)
	}
	m, err := r.store.ModelByID(t.Context(), "m")
	if err != nil || m.Status != store.ModelSuccess || m.ActiveVersion != 1 {
		t.Fatalf("%+v %v", m, err)
	}

	start := r.clock.Now()
	r.windows(p, start, 3)
	r.schedule()
	r.clock.set(start.Add(3*five + time.Second))
	r.until("executions", time.Minute, func() bool { return r.succeeded() == 3 })
	if got := r.list("out/"); len(got) != 3 {
		t.Error(got)
	}

	r.put("train/"+simulate.Components()[0]+"/3.csv", "this is no data either\n")
	r.ingest("j")
	r.until("another ingestion", time.Minute, func() bool { return r.ingestion("j").Status == store.IngestionSuccess })
	objects, err := r.store.Objects(t.Context(), store.ObjectDataset, "d", "", -1<<40, 1<<40)
	if err != nil || len(objects) == 0 {
		t.Fatal(err)
	}
	for _, o := range objects {
		if !strings.HasPrefix(o.Key, "datasets/d/j/") {
			t.Fatal("of the ingestion before:", o.Key)
		}
	}
}

func TestWhatCannotBeDoneFailsWithItsReason(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.start()
	r.ingest("empty")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("empty").Status == store.IngestionFailed })
	if why := r.ingestion("empty").FailedReason; !strings.Contains(why, "no object under") {
		t.Error(why)
	}
	r.put("train/pump/1.csv", "nothing\n")
	r.ingest("useless")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("useless").Status == store.IngestionFailed })
	if why := r.ingestion("useless").FailedReason; !strings.Contains(why, "None of the 1 files") {
		t.Error(why)
	}
	p := plant()
	if err := r.client.Delete(t.Context(), r.bucket, "train/pump/1.csv"); err != nil {
		t.Fatal(err)
	}
	r.files(p, 4)
	r.ingest("short")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("short").Status == store.IngestionSuccess })
	r.train(func(*store.ModelVersion) {})
	r.until("the training", time.Minute, func() bool { return r.version().Status == store.VersionFailed })
	if why := r.version().FailedReason; !strings.Contains(why, "4.0 days") {
		t.Error(why)
	}
	if m, err := r.store.ModelByID(t.Context(), "m"); err != nil || m.Status != store.ModelFailed {
		t.Errorf("%+v %v", m, err)
	}
}
