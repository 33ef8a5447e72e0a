package jobs

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/lake"
	"millwright/inference/store"
)

// A retraining that cannot begin is not in the way of those that are due after it.
func TestARetrainingThatCannotBeginIsAlone(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "db"), Also: Migrate})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	j, err := New(Options{Store: db, S3: struct{ lake.Store }{}, Bucket: "work"}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	now := j.now()
	err = db.Tx(t.Context(), func(tx *store.Tx) error {
		if err := tx.CreateDataset(t.Context(), store.Dataset{ID: "d", Name: "d", ARN: "arn:d", Status: store.DatasetCreated, CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		for i, lookback := range []string{"for ever", "P180D"} {
			if err := due(t.Context(), tx, fmt.Sprintf("m%d", i), lookback, now.Add(time.Duration(i-5)*time.Minute)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.retrainings(t.Context()); err == nil {
		t.Error("nothing is said of the first")
	}
	if v, err := db.ModelVersion(t.Context(), "m1", 2); err != nil || v.Source != store.SourceRetraining || v.Status != store.VersionTraining {
		t.Errorf("the second did not begin: %+v %v", v, err)
	}
}

// due makes a model in use whose retraining is due since an instant.
func due(ctx context.Context, t *store.Tx, id, lookback string, since time.Time) error {
	arn := "arn:" + id
	if err := t.CreateModel(ctx, store.Model{ID: id, Name: id, ARN: arn, DatasetID: "d", Status: store.ModelTraining, CreatedAt: since, UpdatedAt: since}); err != nil {
		return err
	}
	v := store.ModelVersion{ModelID: id, Status: store.VersionTraining, Source: store.SourceTraining, DatasetID: "d", CreatedAt: since, UpdatedAt: since}
	if _, err := t.CreateModelVersion(ctx, v, func(int64) string { return arn + "/1" }); err != nil {
		return err
	}
	if _, err := t.MoveModelVersion(ctx, id, 1, store.VersionSuccess, since, nil); err != nil {
		return err
	}
	if _, err := t.Activate(ctx, id, 1, since); err != nil {
		return err
	}
	s := store.Retraining{ModelID: id, ModelName: id, ModelARN: arn, Status: store.SchedulerPending, StartDate: since, Frequency: "P30D", Lookback: lookback, Promote: "MANAGED", CreatedAt: since, UpdatedAt: since}
	if err := t.CreateRetraining(ctx, s); err != nil {
		return err
	}
	_, err := t.MoveRetraining(ctx, id, store.SchedulerRunning, since, func(s *store.Retraining) { s.NextAt = since })
	return err
}
