package jobs_test

import (
	"context"
	"testing"
	"time"

	"millwright/inference/jobs"
	"millwright/inference/store"
	"millwright/internal/simulate"
)

func TestRetrainingsAndImports(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.start()
	r.files(plant(), 16)
	r.ingest("i")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
	r.train(func(*store.ModelVersion) {})
	r.until("the training", time.Minute, func() bool { return r.version().Status == store.VersionSuccess })
	now := r.clock.Now()
	r.do(func(ctx context.Context, t *store.Tx) error {
		if _, err := t.UpdateModel(ctx, "m", now, func(m *store.Model) {
			m.SamplingRate, m.OffCondition = "PT5M", r.version().OffCondition
		}); err != nil {
			return err
		}
		s := store.Retraining{ModelID: "m", Account: account, ModelName: "m", ModelARN: "arn:m", Status: store.SchedulerPending, StartDate: now, Frequency: "P30D", Lookback: "P180D", Promote: "MANAGED", CreatedAt: now, UpdatedAt: now}
		if err := t.CreateRetraining(ctx, s); err != nil {
			return err
		}
		_, err := t.MoveRetraining(ctx, "m", store.SchedulerRunning, now, func(s *store.Retraining) { s.NextAt = now })
		return err
	})
	r.again()
	second := func() store.ModelVersion {
		v, err := r.store.ModelVersion(t.Context(), "m", 2)
		if err != nil {
			return store.ModelVersion{Status: store.VersionTraining}
		}
		return v
	}
	r.until("the retraining", time.Minute, func() bool { return second().Status != store.VersionTraining })
	if v := second(); v.Status != store.VersionSuccess || v.Promotion == "" || v.PromotionReason == "" || v.PriorMetrics == "" || v.EvaluationEnd.IsZero() || v.AvailableDays < 15 || v.Source != store.SourceRetraining {
		t.Errorf("%+v", v)
	}
	m, err := r.store.ModelByID(t.Context(), "m")
	if err != nil || (m.ActiveVersion == 2) != (second().Promotion == "MODEL_PROMOTED") || m.RetrainingVersion != 2 {
		t.Errorf("%+v %v", m, err)
	}
	if s, err := r.store.Retraining(t.Context(), "m"); err != nil || !s.NextAt.Equal(now.AddDate(0, 0, 30)) {
		t.Errorf("%+v %v", s, err)
	}

	r.do(func(ctx context.Context, t *store.Tx) error {
		if err := t.CreateDataset(ctx, store.Dataset{ID: "e", Account: account, Name: "e", ARN: "arn:e", Status: store.DatasetImporting, SourceARN: "arn:d", CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		in := store.Ingestion{ID: "copy", Account: account, DatasetID: "e", DatasetName: "e", DatasetARN: "arn:e", SourceARN: "arn:d", Status: store.IngestionImporting, CreatedAt: now, UpdatedAt: now}
		if err := t.CreateIngestion(ctx, in); err != nil {
			return err
		}
		if err := r.jobs.ImportDataset(ctx, t, "copy"); err != nil {
			return err
		}
		if err := t.CreateModel(ctx, store.Model{ID: "n", Account: account, Name: "n", ARN: "arn:n", DatasetID: "e", DatasetName: "e", DatasetARN: "arn:e", Status: store.ModelImporting, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		v := store.ModelVersion{ModelID: "n", Status: store.VersionImporting, Source: store.SourceImport, SourceARN: "arn:m/1", DatasetID: "e", CreatedAt: now, UpdatedAt: now}
		if _, err := t.CreateModelVersion(ctx, v, func(int64) string { return "arn:n/1" }); err != nil {
			return err
		}
		return r.jobs.ImportModel(ctx, t, "n", 1, "OVERWRITE")
	})
	r.until("the import", time.Minute, func() bool { return r.ingestion("copy").Status != store.IngestionImporting })
	in := r.ingestion("copy")
	from, _ := r.store.ObjectSpan(t.Context(), store.ObjectDataset, "d")
	to, _ := r.store.ObjectSpan(t.Context(), store.ObjectDataset, "e")
	if in.Status != store.IngestionSuccess || from != to || to.Rows == 0 {
		t.Errorf("%+v %+v %+v", in, from, to)
	}
	r.until("the model's import", time.Minute, func() bool {
		m, err := r.store.ModelByID(t.Context(), "n")
		return err == nil && m.Status == store.ModelSuccess && m.ActiveVersion == 1
	})
	if v, err := r.store.ModelVersion(t.Context(), "n", 1); err != nil || v.ImportedSize == 0 || len(r.list("models/n/")) != 1 {
		t.Errorf("%+v %v", v, err)
	}
}

func TestAccumulatedDataIsCompactedAndStaysTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options = func(o *jobs.Options) { o.CatchUp = 3 * time.Hour }
	r.open()
	r.ready()
	r.start()
	start := r.clock.Now()
	p := plant()
	r.windows(p, start, 6)
	r.clock.set(start.Add(6*five + time.Second))
	r.until("executions", time.Minute, func() bool { return r.succeeded() == 6 })
	before, err := r.store.ObjectSpan(t.Context(), store.ObjectInference, "m")
	if err != nil {
		t.Fatal(err)
	}
	r.do(func(ctx context.Context, t *store.Tx) error { return deaf(ctx, t) })
	r.clock.set(start.Add(30 * time.Hour))
	r.again()
	parts := int64(len(simulate.Components()))
	var after store.Span
	r.until("the compaction", time.Minute, func() bool {
		after, err = r.store.ObjectSpan(t.Context(), store.ObjectInference, "m")
		return err == nil && after.Objects == parts
	})
	if after.Rows != before.Rows || !after.DataStart.Equal(before.DataStart) || !after.DataEnd.Equal(before.DataEnd) {
		t.Errorf("%+v, before it %+v", after, before)
	}
}

// deaf keeps the scheduler from being woken up for a while.
func deaf(ctx context.Context, t *store.Tx) error {
	_, err := t.UpdateScheduler(ctx, "s", time.Now(), func(s *store.Scheduler) { s.DelayMinutes = 60 * 24 * 30 })
	return err
}

// An execution whose job was lost gets another one.
func TestExecutionsWithoutAJobAreMended(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.ready()
	start := r.clock.Now()
	r.windows(plant(), start, 3)
	s, err := r.store.SchedulerByID(t.Context(), "s")
	if err != nil {
		t.Fatal(err)
	}
	r.do(func(ctx context.Context, t *store.Tx) error {
		for n := range 3 {
			from := start.Add(time.Duration(n) * five)
			if err := t.CreateExecution(ctx, store.Execution{
				SchedulerID: "s", DataStart: from, DataEnd: from.Add(five), ScheduledAt: from.Add(five), ModelVersion: 1, Status: store.ExecutionRunning, UpdatedAt: from.Add(five),
				Config: store.ExecutionConfig{ModelID: "m", Input: s.Input, Output: s.Output},
			}); err != nil {
				return err
			}
		}
		return deaf(ctx, t)
	})
	r.clock.set(start.Add(time.Hour))
	r.start()
	r.until("all", time.Minute, func() bool { return r.succeeded() == 3 })
}

func TestWhatWasDeletedIsRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.start()
	r.files(plant(), 3)
	r.ingest("i")
	r.until("the ingestion", time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
	r.do(func(ctx context.Context, t *store.Tx) error { return t.DeleteDataset(ctx, "d", r.clock.Now()) })
	r.again()
	r.until("the removal", time.Minute, func() bool {
		left, err := r.store.Leftovers(t.Context(), 10)
		return err == nil && len(left) == 0 && len(r.list("datasets/")) == 0
	})
}
