package store_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"millwright/inference/store"
)

// world is what a store should hold, kept in maps.
type world struct {
	datasets   map[string]*setState   // by name
	models     map[string]*modelState // by name
	schedulers map[string]*schedulerState
}

type setState struct {
	id, status string
	ingestion  string // the one in progress
}

type modelState struct {
	id, dataset, status string
	versions            []string // states
	active              int64
}

type schedulerState struct{ id, model, status string }

// TestStoreIsWhatMapsAre does random things to a store and to maps and compares.
func TestStoreIsWhatMapsAre(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		rapid.Check(t, func(r *rapid.T) {
			s.account = store.NewID()[:12]
			w := &world{datasets: map[string]*setState{}, models: map[string]*modelState{}, schedulers: map[string]*schedulerState{}}
			r.Repeat(map[string]func(*rapid.T){
				"create dataset":   func(r *rapid.T) { w.createDataset(r, s) },
				"delete dataset":   func(r *rapid.T) { w.deleteDataset(r, s) },
				"start ingestion":  func(r *rapid.T) { w.startIngestion(r, s) },
				"end ingestion":    func(r *rapid.T) { w.endIngestion(r, s) },
				"create model":     func(r *rapid.T) { w.createModel(r, s) },
				"end version":      func(r *rapid.T) { w.endVersion(r, s) },
				"add version":      func(r *rapid.T) { w.addVersion(r, s) },
				"activate":         func(r *rapid.T) { w.activate(r, s) },
				"delete model":     func(r *rapid.T) { w.deleteModel(r, s) },
				"create scheduler": func(r *rapid.T) { w.createScheduler(r, s) },
				"move scheduler":   func(r *rapid.T) { w.moveScheduler(r, s) },
				"delete scheduler": func(r *rapid.T) { w.deleteScheduler(r, s) },
			})
			w.compare(r, s)
		})
	})
}

func pick(r *rapid.T, kind string) string {
	return rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, kind)
}

// expect compares the outcome with what the maps say: nil, or a conflict, or
// not found.
func expect(r *rapid.T, err error, there, allowed bool) bool {
	switch {
	case there && allowed:
		if err != nil {
			r.Fatal(err)
		}
	case there:
		if !errors.Is(err, store.ErrConflict) {
			r.Fatalf("%v, want a conflict", err)
		}
	default:
		if !errors.Is(err, store.ErrNotFound) {
			r.Fatalf("%v, want not found", err)
		}
	}
	return err == nil
}

func (w *world) createDataset(r *rapid.T, s *suite) {
	d := s.newDataset(pick(r, "dataset"))
	err := s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, d) })
	if expect(r, err, true, w.datasets[d.Name] == nil) {
		w.datasets[d.Name] = &setState{id: d.ID, status: "CREATED"}
	}
}

// busy tells whether anything of the dataset's models is in progress.
func (w *world) busy(id string) bool {
	for _, m := range w.models {
		if m.dataset == id && slices.Contains(m.versions, "IN_PROGRESS") {
			return true
		}
	}
	for _, c := range w.schedulers {
		if m := w.models[c.model]; m != nil && m.dataset == id && c.status != "STOPPED" {
			return true
		}
	}
	return false
}

func (w *world) deleteDataset(r *rapid.T, s *suite) {
	name := pick(r, "dataset")
	d := w.datasets[name]
	id := "none"
	if d != nil {
		id = d.id
	}
	err := s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteDataset(ctx, id, s.now) })
	if expect(r, err, d != nil, d != nil && d.ingestion == "" && !w.busy(id)) {
		delete(w.datasets, name)
	}
}

func (w *world) startIngestion(r *rapid.T, s *suite) {
	name := pick(r, "dataset")
	d := w.datasets[name]
	if d == nil {
		return
	}
	j := s.newIngestion(store.Dataset{ID: d.id, Name: name})
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		if err := t.CreateIngestion(ctx, j); err != nil {
			return err
		}
		_, err := t.MoveDataset(ctx, d.id, store.DatasetIngesting, s.now, nil)
		return err
	})
	if expect(r, err, true, d.ingestion == "") {
		d.ingestion, d.status = j.ID, "INGESTION_IN_PROGRESS"
	}
}

func (w *world) endIngestion(r *rapid.T, s *suite) {
	d := w.datasets[pick(r, "dataset")]
	if d == nil || d.ingestion == "" {
		return
	}
	to := rapid.SampledFrom([]store.DatasetStatus{store.DatasetActive, store.DatasetCreated}).Draw(r, "to")
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		if _, err := t.MoveIngestion(ctx, d.ingestion, store.IngestionSuccess, s.now, nil); err != nil {
			return err
		}
		_, err := t.MoveDataset(ctx, d.id, to, s.now, nil)
		return err
	})
	expect(r, err, true, true)
	d.ingestion, d.status = "", string(to)
}

func (w *world) createModel(r *rapid.T, s *suite) {
	name, set := pick(r, "model"), pick(r, "dataset")
	d := w.datasets[set]
	id := "none"
	if d != nil {
		id = d.id
	}
	m := s.newModel(store.Dataset{ID: id, Name: set}, name)
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		if err := t.CreateModel(ctx, m); err != nil {
			return err
		}
		_, err := t.CreateModelVersion(ctx, s.newVersion(m), func(n int64) string { return fmt.Sprint(m.ARN, "/", n) })
		return err
	})
	if expect(r, err, d != nil, w.models[name] == nil) {
		w.models[name] = &modelState{id: m.ID, dataset: id, status: "IN_PROGRESS", versions: []string{"IN_PROGRESS"}}
	}
}

func (w *world) addVersion(r *rapid.T, s *suite) {
	m := w.models[pick(r, "model")]
	if m == nil || m.status == "IN_PROGRESS" {
		return
	}
	v := s.newVersion(store.Model{ID: m.id, DatasetID: m.dataset})
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		v, err := t.CreateModelVersion(ctx, v, func(n int64) string { return fmt.Sprint(m.id, "/", n) })
		if err == nil && v.Version != int64(len(m.versions)+1) {
			r.Fatalf("version %d, want %d", v.Version, len(m.versions)+1)
		}
		return err
	})
	expect(r, err, true, true)
	m.versions = append(m.versions, "IN_PROGRESS")
}

func (w *world) endVersion(r *rapid.T, s *suite) {
	m := w.models[pick(r, "model")]
	if m == nil {
		return
	}
	n := rapid.IntRange(1, len(m.versions)+1).Draw(r, "version")
	to := rapid.SampledFrom([]store.VersionStatus{store.VersionSuccess, store.VersionFailed, store.VersionTraining}).Draw(r, "to")
	there := n <= len(m.versions)
	first := m.status == "IN_PROGRESS"
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		if _, err := t.MoveModelVersion(ctx, m.id, int64(n), to, s.now, nil); err != nil || !first {
			return err
		}
		_, err := t.MoveModel(ctx, m.id, store.ModelStatus(to), s.now)
		return err
	})
	if expect(r, err, there, there && m.versions[n-1] == "IN_PROGRESS" && to != store.VersionTraining) {
		m.versions[n-1] = string(to)
		if first {
			m.status = string(to)
		}
	}
}

func (w *world) activate(r *rapid.T, s *suite) {
	m := w.models[pick(r, "model")]
	if m == nil {
		return
	}
	n := rapid.IntRange(1, len(m.versions)+1).Draw(r, "version")
	there := n <= len(m.versions)
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		_, err := t.Activate(ctx, m.id, int64(n), s.now)
		return err
	})
	if expect(r, err, there, there && m.versions[n-1] == "SUCCESS") {
		m.active, m.status = int64(n), "SUCCESS"
	}
}

func (w *world) deleteModel(r *rapid.T, s *suite) {
	name := pick(r, "model")
	m := w.models[name]
	if m == nil {
		return
	}
	allowed := !slices.Contains(m.versions, "IN_PROGRESS")
	for _, c := range w.schedulers {
		allowed = allowed && (c.model != name || c.status == "STOPPED")
	}
	err := s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteModel(ctx, m.id, s.now) })
	if expect(r, err, true, allowed) {
		delete(w.models, name)
		for _, c := range w.schedulers {
			if c.model == name {
				c.model = "" // one of that name later is another one
			}
		}
	}
}

func (w *world) createScheduler(r *rapid.T, s *suite) {
	name, model := pick(r, "scheduler"), pick(r, "model")
	m := w.models[model]
	id := "none"
	if m != nil {
		id = m.id
	}
	c := s.newScheduler(store.Model{ID: id, Name: model}, name)
	allowed := w.schedulers[name] == nil
	for _, other := range w.schedulers {
		allowed = allowed && other.model != model
	}
	err := s.try(func(ctx context.Context, t *store.Tx) error { return t.CreateScheduler(ctx, c) })
	if expect(r, err, m != nil, allowed) {
		w.schedulers[name] = &schedulerState{id: c.ID, model: model, status: "PENDING"}
	}
}

func (w *world) moveScheduler(r *rapid.T, s *suite) {
	c := w.schedulers[pick(r, "scheduler")]
	if c == nil {
		return
	}
	to := rapid.SampledFrom([]string{"PENDING", "RUNNING", "STOPPING", "STOPPED"}).Draw(r, "to")
	next := map[string]string{"PENDING": "RUNNING", "RUNNING": "STOPPING", "STOPPING": "STOPPED", "STOPPED": "PENDING"}
	err := s.try(func(ctx context.Context, t *store.Tx) error {
		_, err := t.MoveScheduler(ctx, c.id, store.SchedulerStatus(to), s.now)
		return err
	})
	if expect(r, err, true, next[c.status] == to && (to != "PENDING" || w.models[c.model] != nil)) {
		c.status = to
	}
}

func (w *world) deleteScheduler(r *rapid.T, s *suite) {
	name := pick(r, "scheduler")
	c := w.schedulers[name]
	if c == nil {
		return
	}
	err := s.try(func(ctx context.Context, t *store.Tx) error { return t.DeleteScheduler(ctx, c.id, s.now) })
	if expect(r, err, true, c.status == "STOPPED") {
		delete(w.schedulers, name)
	}
}

// compare reads everything back through the lists.
func (w *world) compare(r *rapid.T, s *suite) {
	ctx := s.t.Context()
	sets, _, err := s.Datasets(ctx, s.account, store.DatasetFilter{}, store.Page{})
	if err != nil {
		r.Fatal(err)
	}
	got, want := map[string]string{}, map[string]string{}
	for _, d := range sets {
		got["dataset "+d.Name] = d.ID + string(d.Status)
	}
	for name, d := range w.datasets {
		want["dataset "+name] = d.id + d.status
	}
	models, _, err := s.Models(ctx, s.account, store.ModelFilter{}, store.Page{})
	if err != nil {
		r.Fatal(err)
	}
	for _, m := range models {
		got["model "+m.Name] = fmt.Sprint(m.ID, m.Status, m.ActiveVersion, m.LastVersion)
		versions, _, err := s.ModelVersions(ctx, m.ID, store.VersionFilter{}, store.Page{})
		if err != nil {
			r.Fatal(err)
		}
		for _, v := range versions {
			got[fmt.Sprint("model ", m.Name, v.Version)] = string(v.Status)
		}
	}
	for name, m := range w.models {
		want["model "+name] = fmt.Sprint(m.id, m.status, m.active, len(m.versions))
		for i, status := range m.versions {
			want[fmt.Sprint("model ", name, i+1)] = status
		}
	}
	schedulers, _, err := s.Schedulers(ctx, s.account, store.SchedulerFilter{}, store.Page{})
	if err != nil {
		r.Fatal(err)
	}
	for _, c := range schedulers {
		got["scheduler "+c.Name] = c.ID + string(c.Status)
	}
	for name, c := range w.schedulers {
		want["scheduler "+name] = c.id + c.status
	}
	if !maps.Equal(got, want) {
		r.Fatalf("the store has\n%v\nwant\n%v", got, want)
	}
}
