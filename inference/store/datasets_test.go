package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"millwright/inference/store"
)

func TestDatasetsAreKeptAsGiven(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		d := s.newDataset("pump-line")
		d.SourceARN, d.Size, d.IngestionID = "arn:other", 1<<40, "x"
		d.CreatedAt = time.Date(2026, 1, 5, 12, 0, 0, 123456000, time.UTC)
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, d) })
		ctx := t.Context()
		for name, find := range map[string]func() (store.Dataset, error){
			"name": func() (store.Dataset, error) { return s.Dataset(ctx, account, "pump-line") },
			"id":   func() (store.Dataset, error) { return s.DatasetByID(ctx, d.ID) },
			"arn":  func() (store.Dataset, error) { return s.DatasetByARN(ctx, d.ARN) },
		} {
			if got, err := find(); err != nil || !reflect.DeepEqual(got, d) {
				t.Errorf("by %s: %+v %v, want %+v", name, got, err, d)
			}
		}
		again := s.newDataset("pump-line")
		is(t, "same name", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, again) }), store.ErrConflict, "")
		again.Account = "111111111111"
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, again) })
		if _, err := s.Dataset(ctx, account, "\x00"); err == nil {
			t.Error("found a name that cannot be")
		}
		_, err := s.Dataset(ctx, account, "Pump-Line")
		is(t, "other case", err, store.ErrNotFound, "")
	})
}

func TestUpdateLeavesIdentityAndStatus(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		d := s.dataset("a")
		s.do(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.UpdateDataset(ctx, d.ID, s.tick(), func(d *store.Dataset) {
				d.ID, d.Name, d.Status, d.Schema = "x", "y", store.DatasetActive, "{}"
			})
			return err
		})
		got, err := s.DatasetByID(t.Context(), d.ID)
		d.Schema, d.UpdatedAt = "{}", s.now
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%+v %v, want %+v", got, err, d)
		}
	})
}

func TestIngestionsAreKeptAsGiven(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("a")
		j := s.newIngestion(d)
		j.RoleARN, j.StatusDetail = "role", "42 %"
		j.DataStart, j.DataEnd = time.Unix(0, 0).UTC(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) // 1970 is a time, not none
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, j) })
		is(t, "a second one", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, s.newIngestion(d)) }), store.ErrConflict, "")

		files := []store.IngestionFile{
			{IngestionID: j.ID, Seq: 0, Bucket: "plant", Key: "a.csv", ETag: `"1"`, Size: 10, Component: "pump"},
			{IngestionID: j.ID, Seq: 1, Bucket: "plant", Key: "b.csv", ETag: `"2"`, Size: 20, Component: "fan"},
		}
		detail := store.IngestionFileDetail{Rows: 3, Notes: []byte("{}")}
		s.do(func(ctx context.Context, t *store.Tx) error { return t.AddIngestionFiles(ctx, files) })
		s.do(func(ctx context.Context, t *store.Tx) error {
			return t.MoveIngestionFile(ctx, j.ID, 0, store.FileIngested, detail)
		})
		s.do(func(ctx context.Context, t *store.Tx) error { return t.AddIngestionFiles(ctx, files) }) // listed again after a crash
		is(t, "a file twice", s.try(func(ctx context.Context, t *store.Tx) error {
			return t.MoveIngestionFile(ctx, j.ID, 0, store.FileDiscarded, store.IngestionFileDetail{})
		}), store.ErrConflict, "INGESTED")
		files[0].Status, files[0].IngestionFileDetail = store.FileIngested, detail
		if got, err := s.IngestionFiles(ctx, j.ID, "", 0, 10); err != nil || !reflect.DeepEqual(got, files) {
			t.Errorf("%+v %v", got, err)
		}
		if got, err := s.IngestionFiles(ctx, j.ID, store.FilePending, 0, 10); err != nil || len(got) != 1 || got[0].Key != "b.csv" {
			t.Errorf("%+v %v", got, err)
		}
		if n, err := s.PendingIngestionFiles(ctx, j.ID); err != nil || n != 1 {
			t.Error(n, err)
		}

		quality := new(store.DataQuality)
		quality.MissingSensorData.TotalNumberOfMissingValues = 7
		s.do(func(ctx context.Context, t *store.Tx) (err error) {
			j, err = t.MoveIngestion(ctx, j.ID, store.IngestionSuccess, s.tick(), func(j *store.Ingestion) {
				j.Quality, j.Size, j.Status = quality, 30, store.IngestionFailed // the status is not change's to set
				j.Files = &store.FilesSummary{TotalNumberOfFiles: 2, IngestedNumberOfFiles: 1, DiscardedFiles: []store.S3Object{{Bucket: "plant", Key: "b.csv"}}}
			})
			return err
		})
		if got, err := s.Ingestion(ctx, j.ID); err != nil || !reflect.DeepEqual(got, j) || got.Status != store.IngestionSuccess || got.Size != 30 {
			t.Errorf("%+v %v", got, err)
		}
		is(t, "ended twice", s.try(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveIngestion(ctx, j.ID, store.IngestionFailed, s.tick(), nil)
			return err
		}), store.ErrConflict, "SUCCESS")
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, s.newIngestion(d)) })
	})
}

func TestSensorStatistics(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		all := []store.SensorStatistics{
			{ComponentName: "pump", SensorName: "flow", DataExists: true, DataStartTime: s.now, DataEndTime: s.now.Add(time.Hour)},
			{ComponentName: "Fan", SensorName: "b", MissingValues: &store.CountPercent{Count: 3, Percentage: 12.5}},
			{ComponentName: "Fan", SensorName: "B", MonotonicValues: &store.Monotonic{Status: "POTENTIAL_ISSUE_DETECTED", Monotonicity: "STATIC"}},
		}
		for range 2 { // the second time they replace the first
			s.do(func(ctx context.Context, t *store.Tx) error { return t.PutSensorStatistics(ctx, "job", all) })
		}
		first, next, err := s.SensorStatistics(t.Context(), "job", store.Page{Limit: 2})
		if err != nil || next == "" {
			t.Fatal(next, err)
		}
		last, next, err := s.SensorStatistics(t.Context(), "job", store.Page{Limit: 2, Token: next})
		if err != nil || next != "" {
			t.Fatal(next, err)
		}
		if want := []store.SensorStatistics{all[2], all[1], all[0]}; !reflect.DeepEqual(append(first, last...), want) {
			t.Errorf("%+v %+v", first, last)
		}
	})
}

func TestDatasetInUseIsNotDeleted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("a")
		remove := func() error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteDataset(ctx, d.ID, s.tick()) })
		}
		move := func(to store.DatasetStatus) {
			s.do(func(ctx context.Context, t *store.Tx) error {
				_, err := t.MoveDataset(ctx, d.ID, to, s.tick(), nil)
				return err
			})
		}
		move(store.DatasetIngesting)
		is(t, "ingesting", remove(), store.ErrConflict, "INGESTION_IN_PROGRESS")
		move(store.DatasetActive)

		imported := s.newIngestion(s.dataset("b"))
		imported.Status, imported.SourceARN = store.IngestionImporting, d.ARN
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, imported) })
		is(t, "imported from", remove(), store.ErrConflict, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveIngestion(ctx, imported.ID, store.IngestionFailed, s.tick(), nil)
			return err
		})

		m := s.model(d, "m")
		v := s.version(m, nil)
		is(t, "trained with", remove(), store.ErrConflict, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			if _, err := t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionSuccess, s.tick(), nil); err != nil {
				return err
			}
			_, err := t.Activate(ctx, m.ID, v.Version, s.tick())
			return err
		})
		w := s.scheduler(m, "s")
		is(t, "scheduled", remove(), store.ErrConflict, "")
		s.moveScheduler(w.ID, store.SchedulerRunning, store.SchedulerStopping)
		is(t, "stopping", remove(), store.ErrConflict, "")
		s.moveScheduler(w.ID, store.SchedulerStopped)

		s.do(func(ctx context.Context, t *store.Tx) error {
			if err := t.PutTags(ctx, d.ARN, []store.Tag{{Key: "a", Value: "b"}}); err != nil {
				return err
			}
			return t.PutPolicy(ctx, store.Policy{ARN: d.ARN, Revision: "1", CreatedAt: s.now, UpdatedAt: s.now, Text: "{}"}, "")
		})
		if err := remove(); err != nil {
			t.Fatal(err)
		}
		_, err := s.DatasetByID(ctx, d.ID)
		is(t, "deleted", err, store.ErrNotFound, "")
		if tags, err := s.Tags(ctx, d.ARN); err != nil || len(tags) != 0 {
			t.Error(tags, err)
		}
		_, err = s.Policy(ctx, d.ARN)
		is(t, "its policy", err, store.ErrNotFound, "")
		if got, err := s.Model(ctx, account, "m"); err != nil || got.DatasetName != "a" || got.DatasetARN != d.ARN {
			t.Error("the model is not usable any more:", got, err)
		}
		if left, err := s.Leftovers(ctx, 10); err != nil || len(left) != 1 || left[0].Owner != d.ID {
			t.Error(left, err)
		}
		s.dataset("a")
	})
}
