package store_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"millwright/inference/store"
)

func TestModelsAndVersionsAreKeptAsGiven(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		m := s.model(d, "m")
		if got, err := s.ModelByARN(ctx, m.ARN); err != nil || !reflect.DeepEqual(got, m) {
			t.Errorf("%+v %v, want %+v", got, err, m)
		}
		is(t, "same name", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateModel(ctx, s.newModel(d, "m")) }), store.ErrConflict, "")
		is(t, "no dataset", s.try(func(ctx context.Context, t *store.Tx) error {
			return t.CreateModel(ctx, s.newModel(store.Dataset{ID: "x"}, "n"))
		}), store.ErrNotFound, "")

		v := s.version(m, func(v *store.ModelVersion) {
			v.LabelGroupID, v.SourceARN = "g", "arn:x"
			v.TrainingStart, v.TrainingEnd = time.Unix(0, 0).UTC(), s.now
			v.EvaluationStart, v.EvaluationEnd = s.now, s.now.Add(time.Hour)
			v.Schema, v.OffCondition, v.SamplingRate, v.Settings = "{}", "a", "PT1M", []byte(`{"hold":"auto"}`)
			v.Labels, v.Diagnostics = &store.LabelsInput{S3InputConfiguration: &store.S3Location{Bucket: "b"}}, &store.Output{KmsKeyID: "k"}
		})
		s.do(func(ctx context.Context, t *store.Tx) (err error) {
			v, err = t.MoveModelVersion(ctx, m.ID, 1, store.VersionSuccess, s.tick(), func(v *store.ModelVersion) {
				v.Metrics, v.PriorMetrics, v.Quality, v.Artifact, v.Version = "{}", "{1}", "QUALITY_THRESHOLD_MET", "models/1", 7
				v.DiagnosticsObject = &store.S3Object{Bucket: "b", Key: "k"}
				v.StartedAt, v.EndedAt = s.now, s.now
			})
			return err
		})
		if got, err := s.ModelVersion(ctx, m.ID, 1); err != nil || !reflect.DeepEqual(got, v) || got.Metrics != "{}" {
			t.Errorf("%+v %v, want %+v", got, err, v)
		}
		if got, err := s.ModelVersionByARN(ctx, m.ARN+"/model-version/1"); err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%+v %v", got, err)
		}
	})
}

func TestActivation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		m := s.trained(s.dataset("d"), "m")
		first := m.ActivatedAt
		retrained := s.version(m, func(v *store.ModelVersion) { v.Source = store.SourceRetraining })
		activate := func(version int64) error {
			return s.try(func(ctx context.Context, t *store.Tx) error {
				_, err := t.Activate(ctx, m.ID, version, s.tick())
				return err
			})
		}
		is(t, "one in progress", activate(2), store.ErrConflict, "IN_PROGRESS")
		is(t, "one that is not there", activate(3), store.ErrNotFound, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveModelVersion(ctx, m.ID, 2, store.VersionSuccess, s.tick(), func(v *store.ModelVersion) { v.Quality, v.StartedAt = "POOR_QUALITY_DETECTED", s.now })
			return err
		})
		for range 2 { // the second time nothing changes
			if err := activate(2); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Model(ctx, account, "m")
		if err != nil || got.ActiveVersion != 2 || got.PreviousVersion != 1 || !got.PreviousActivatedAt.Equal(first) || got.LastVersion != 2 || got.RetrainingVersion != 2 {
			t.Errorf("%+v %v", got, err)
		}
		r := s.retraining(m)
		list, _, err := s.Models(ctx, account, store.ModelFilter{}, store.Page{})
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if l := list[0]; l.Quality != "POOR_QUALITY_DETECTED" || l.RetrainingStatus != store.SchedulerPending || !l.NextRetraining.Equal(r.NextAt) ||
			l.Latest.Status != store.VersionSuccess || l.Latest.StartedAt.IsZero() || retrained.Version != 2 || l.Schema != "" || l.SamplingRate != "PT5M" {
			t.Errorf("%+v", l)
		}
		// Versions go on from the highest, whichever is active.
		if err := activate(1); err != nil {
			t.Fatal(err)
		}
		if v := s.version(m, nil); v.Version != 3 {
			t.Error("the third version is", v.Version)
		}
	})
}

func (s *suite) retraining(m store.Model) store.Retraining {
	s.t.Helper()
	r := store.Retraining{
		ModelID: m.ID, Account: s.account, ModelName: m.Name, ModelARN: m.ARN, Status: store.SchedulerPending, StartDate: s.now, Frequency: "P1M", Lookback: "P180D",
		Promote: "MANAGED", CreatedAt: s.tick(), UpdatedAt: s.now, NextAt: s.now.Add(time.Hour),
	}
	s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateRetraining(ctx, r) })
	return r
}

func TestRetrainingSchedulers(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		m := s.trained(s.dataset("d"), "m")
		r := s.retraining(m)
		if got, err := s.Retraining(ctx, m.ID); err != nil || !reflect.DeepEqual(got, r) {
			t.Errorf("%+v %v", got, err)
		}
		is(t, "a second one", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateRetraining(ctx, r) }), store.ErrConflict, "")
		remove := func() error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteRetraining(ctx, m.ID) })
		}
		move := func(to store.SchedulerStatus, change func(*store.Retraining)) {
			s.do(func(ctx context.Context, t *store.Tx) error {
				_, err := t.MoveRetraining(ctx, m.ID, to, s.tick(), change)
				return err
			})
		}
		is(t, "pending", remove(), store.ErrConflict, "PENDING")
		if due, err := s.DueRetrainings(ctx, r.NextAt, 5); err != nil || len(due) != 0 {
			t.Error("one that is PENDING is due:", due, err)
		}
		move(store.SchedulerRunning, func(r *store.Retraining) { r.NextAt = r.NextAt.Add(time.Minute) })
		if due, err := s.DueRetrainings(ctx, r.NextAt, 5); err != nil || len(due) != 0 {
			t.Error("due too soon:", due, err)
		}
		if due, err := s.DueRetrainings(ctx, r.NextAt.Add(time.Minute), 5); err != nil || len(due) != 1 {
			t.Error("not due:", due, err)
		}
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.UpdateRetraining(ctx, m.ID, s.tick(), func(r *store.Retraining) { r.Frequency = "P2M" })
			return err
		})
		is(t, "a model whose retraining runs", s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteModel(ctx, m.ID, s.now) }), store.ErrConflict, "")
		is(t, "its dataset", s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteDataset(ctx, m.DatasetID, s.now) }), store.ErrConflict, "")
		move(store.SchedulerStopping, nil)
		move(store.SchedulerStopped, nil)
		if got, err := s.Retraining(ctx, m.ID); err != nil || got.Frequency != "P2M" || got.Status != store.SchedulerStopped {
			t.Error(got, err)
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
		is(t, "twice", remove(), store.ErrNotFound, "")
	})
}

func TestModelInUseIsNotDeleted(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		remove := func(m store.Model) error {
			return s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteModel(ctx, m.ID, s.tick()) })
		}
		is(t, "in training", remove(s.model(d, "young")), store.ErrConflict, "IN_PROGRESS")
		m := s.trained(d, "m")
		v := s.version(m, nil)
		is(t, "a version in training", remove(m), store.ErrConflict, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionCanceled, s.tick(), nil)
			return err
		})
		other := s.trained(d, "other")
		imported := s.version(other, func(v *store.ModelVersion) {
			v.Status, v.Source, v.SourceARN = store.VersionImporting, store.SourceImport, m.ARN+"/model-version/1"
		})
		is(t, "imported elsewhere", remove(m), store.ErrConflict, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveModelVersion(ctx, other.ID, imported.Version, store.VersionFailed, s.tick(), nil)
			return err
		})
		w := s.scheduler(m, "s")
		is(t, "scheduled", remove(m), store.ErrConflict, "")
		s.moveScheduler(w.ID, store.SchedulerRunning, store.SchedulerStopping, store.SchedulerStopped)
		s.do(func(ctx context.Context, t *store.Tx) error {
			return t.PutTags(ctx, m.ARN+"/model-version/1", []store.Tag{{Key: "k"}})
		})
		if err := remove(m); err != nil {
			t.Fatal(err)
		}
		if tags, err := s.Tags(ctx, m.ARN+"/model-version/1"); err != nil || len(tags) != 0 {
			t.Error("tags of a version stayed:", tags, err)
		}
		_, err := s.ModelVersion(ctx, m.ID, 1)
		is(t, "its version", err, store.ErrNotFound, "")
		is(t, "its scheduler", s.try(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveScheduler(ctx, w.ID, store.SchedulerPending, s.tick())
			return err
		}), store.ErrConflict, "STOPPED")
	})
}

func TestLabels(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		g := s.group("g", "leak", "wear")
		if got, err := s.LabelGroupByARN(ctx, g.ARN); err != nil || !reflect.DeepEqual(got, g) {
			t.Errorf("%+v %v", got, err)
		}
		l := store.Label{
			ID: store.NewID(), GroupID: g.ID, StartTime: time.Unix(0, 0).UTC(), EndTime: s.now, Rating: store.RatingAnomaly, FaultCode: "leak",
			Equipment: "pump 7 ü", Notes: "a\x00b", CreatedAt: s.now,
		}
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateLabel(ctx, l) })
		if got, err := s.Label(ctx, g.ID, l.ID); err != nil || !reflect.DeepEqual(got, l) {
			t.Errorf("%+v %v, want %+v", got, err, l)
		}
		bad := l
		bad.ID, bad.FaultCode = store.NewID(), "rust"
		is(t, "unknown code", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateLabel(ctx, bad) }), store.ErrInvalid, "")
		bad.FaultCode, bad.Equipment = "", "a\x00"
		is(t, "a NUL", s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateLabel(ctx, bad) }), store.ErrInvalid, "")
		if got, _, err := s.Labels(ctx, g.ID, store.LabelFilter{Equipment: "\x00"}, store.Page{}); err != nil || len(got) != 0 {
			t.Error(got, err)
		}

		m := s.model(s.dataset("d"), "m")
		s.version(m, func(v *store.ModelVersion) { v.LabelGroupID = g.ID })
		is(t, "group in use", s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteLabelGroup(ctx, g.ID) }), store.ErrConflict, "")
		is(t, "label in use", s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteLabel(ctx, g.ID, l.ID) }), store.ErrConflict, "")
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveModelVersion(ctx, m.ID, 1, store.VersionFailed, s.tick(), nil)
			return err
		})
		s.do(func(ctx context.Context, t *store.Tx) error {
			return t.SetFaultCodes(ctx, g.ID, s.tick(), []string{"rust"})
		})
		if got, err := s.LabelGroup(ctx, account, "g"); err != nil || !reflect.DeepEqual(got.FaultCodes, []string{"rust"}) || !got.UpdatedAt.Equal(s.now) {
			t.Error(got, err)
		}
		is(t, "in another group", s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteLabel(ctx, "x", l.ID) }), store.ErrNotFound, "")
		s.do(func(ctx context.Context, t *store.Tx) error { return t.DeleteLabelGroup(ctx, g.ID) })
		_, err := s.Label(ctx, g.ID, l.ID)
		is(t, "a label of a deleted group", err, store.ErrNotFound, "")
		is(t, "codes of a deleted group", s.try(func(ctx context.Context, t *store.Tx) error { return t.SetFaultCodes(ctx, g.ID, s.now, nil) }), store.ErrNotFound, "")
	})
}

func TestUpdatesLeaveIdentityStatusAndVersions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		m := s.trained(d, "m")
		want := m
		want.RoleARN, want.UpdatedAt = "role", s.tick()
		var got store.Model
		s.do(func(ctx context.Context, t *store.Tx) (err error) {
			got, err = t.UpdateModel(ctx, m.ID, s.now, func(m *store.Model) {
				*m = store.Model{
					DatasetID: m.DatasetID, DatasetName: m.DatasetName, DatasetARN: m.DatasetARN, ModelDetail: m.ModelDetail, Schema: m.Schema,
					LastVersion: 9, ActiveVersion: 9, PreviousVersion: 9, Status: store.ModelFailed,
				}
				m.RoleARN = "role"
			})
			return err
		})
		if read, err := s.ModelByID(ctx, m.ID); err != nil || !reflect.DeepEqual(got, want) || !reflect.DeepEqual(read, want) {
			t.Errorf("%+v, read %+v %v, want %+v", got, read, err, want)
		}
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.UpdateModelVersion(ctx, m.ID, 1, s.tick(), func(v *store.ModelVersion) { v.Version, v.Status, v.Artifact = 2, store.VersionFailed, "key" })
			return err
		})
		if v, err := s.ModelVersion(ctx, m.ID, 1); err != nil || v.Status != store.VersionSuccess || v.Artifact != "key" {
			t.Error(v, err)
		}
		j := s.newIngestion(d)
		s.do(func(ctx context.Context, t *store.Tx) error {
			if err := t.CreateIngestion(ctx, j); err != nil {
				return err
			}
			_, err := t.UpdateIngestion(ctx, j.ID, s.tick(), func(j *store.Ingestion) { j.Status, j.StatusDetail = store.IngestionFailed, "half" })
			return err
		})
		if got, err := s.Ingestion(ctx, j.ID); err != nil || got.Status != store.IngestionRunning || got.StatusDetail != "half" {
			t.Error(got, err)
		}
	})
}
