package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"millwright/inference/store"
)

// machine is what the states of a resource are held against: make gives one in
// its first state, to moves it.
type machine struct {
	states []string
	paths  map[string][]string // to bring one into a state
	leads  map[string][]string // what may follow
	make   func(s *suite, first string) (move func(to string) error)
}

func TestStateMachines(t *testing.T) {
	t.Parallel()
	circle := map[string][]string{"PENDING": {"RUNNING"}, "RUNNING": {"STOPPING"}, "STOPPING": {"STOPPED"}, "STOPPED": {"PENDING"}}
	rounds := map[string][]string{
		"PENDING": {"PENDING"}, "RUNNING": {"PENDING", "RUNNING"}, "STOPPING": {"PENDING", "RUNNING", "STOPPING"},
		"STOPPED": {"PENDING", "RUNNING", "STOPPING", "STOPPED"},
	}
	schedulerStates := []string{"PENDING", "RUNNING", "STOPPING", "STOPPED"}
	machines := map[string]machine{
		"dataset": {
			states: []string{"CREATED", "INGESTION_IN_PROGRESS", "ACTIVE", "IMPORT_IN_PROGRESS"},
			paths: map[string][]string{
				"CREATED": {"CREATED"}, "IMPORT_IN_PROGRESS": {"IMPORT_IN_PROGRESS"},
				"INGESTION_IN_PROGRESS": {"CREATED", "INGESTION_IN_PROGRESS"}, "ACTIVE": {"CREATED", "INGESTION_IN_PROGRESS", "ACTIVE"},
			},
			leads: map[string][]string{
				"CREATED": {"INGESTION_IN_PROGRESS"}, "ACTIVE": {"INGESTION_IN_PROGRESS"},
				"INGESTION_IN_PROGRESS": {"ACTIVE", "CREATED"}, "IMPORT_IN_PROGRESS": {"ACTIVE", "CREATED"},
			},
			make: func(s *suite, first string) func(string) error {
				d := s.newDataset("d" + store.NewID())
				d.Status = store.DatasetStatus(first)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateDataset(ctx, d) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveDataset(ctx, d.ID, store.DatasetStatus(to), s.now, nil)
						return err
					})
				}
			},
		},
		"ingestion": {
			states: []string{"IN_PROGRESS", "IMPORT_IN_PROGRESS", "SUCCESS", "FAILED"},
			paths: map[string][]string{
				"IN_PROGRESS": {"IN_PROGRESS"}, "IMPORT_IN_PROGRESS": {"IMPORT_IN_PROGRESS"}, "SUCCESS": {"IN_PROGRESS", "SUCCESS"}, "FAILED": {"IMPORT_IN_PROGRESS", "FAILED"},
			},
			leads: map[string][]string{"IN_PROGRESS": {"SUCCESS", "FAILED"}, "IMPORT_IN_PROGRESS": {"SUCCESS", "FAILED"}},
			make: func(s *suite, first string) func(string) error {
				j := s.newIngestion(s.dataset("d" + store.NewID()))
				j.Status = store.IngestionStatus(first)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateIngestion(ctx, j) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveIngestion(ctx, j.ID, store.IngestionStatus(to), s.now, nil)
						return err
					})
				}
			},
		},
		"model": {
			states: []string{"IN_PROGRESS", "IMPORT_IN_PROGRESS", "SUCCESS", "FAILED"},
			paths: map[string][]string{
				"IN_PROGRESS": {"IN_PROGRESS"}, "IMPORT_IN_PROGRESS": {"IMPORT_IN_PROGRESS"}, "SUCCESS": {"IN_PROGRESS", "SUCCESS"}, "FAILED": {"IN_PROGRESS", "FAILED"},
			},
			leads: map[string][]string{"IN_PROGRESS": {"SUCCESS", "FAILED"}, "IMPORT_IN_PROGRESS": {"SUCCESS", "FAILED"}, "FAILED": {"SUCCESS"}},
			make: func(s *suite, first string) func(string) error {
				m := s.newModel(s.dataset("d"+store.NewID()), "m"+store.NewID())
				m.Status = store.ModelStatus(first)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateModel(ctx, m) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveModel(ctx, m.ID, store.ModelStatus(to), s.now)
						return err
					})
				}
			},
		},
		"version": {
			states: []string{"IN_PROGRESS", "IMPORT_IN_PROGRESS", "SUCCESS", "FAILED", "CANCELED"},
			paths: map[string][]string{
				"IN_PROGRESS": {"IN_PROGRESS"}, "IMPORT_IN_PROGRESS": {"IMPORT_IN_PROGRESS"}, "SUCCESS": {"IN_PROGRESS", "SUCCESS"},
				"FAILED": {"IMPORT_IN_PROGRESS", "FAILED"}, "CANCELED": {"IN_PROGRESS", "CANCELED"},
			},
			leads: map[string][]string{"IN_PROGRESS": {"SUCCESS", "FAILED", "CANCELED"}, "IMPORT_IN_PROGRESS": {"SUCCESS", "FAILED", "CANCELED"}},
			make: func(s *suite, first string) func(string) error {
				m := s.model(s.dataset("d"+store.NewID()), "m"+store.NewID())
				v := s.version(m, func(v *store.ModelVersion) { v.Status = store.VersionStatus(first) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveModelVersion(ctx, m.ID, v.Version, store.VersionStatus(to), s.now, nil)
						return err
					})
				}
			},
		},
		"scheduler": {
			states: schedulerStates, paths: rounds, leads: circle,
			make: func(s *suite, _ string) func(string) error {
				v := s.scheduler(s.trained(s.dataset("d"+store.NewID()), "m"+store.NewID()), "s"+store.NewID())
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveScheduler(ctx, v.ID, store.SchedulerStatus(to), s.now)
						return err
					})
				}
			},
		},
		"retraining": {
			states: schedulerStates, paths: rounds, leads: circle,
			make: func(s *suite, _ string) func(string) error {
				m := s.trained(s.dataset("d"+store.NewID()), "m"+store.NewID())
				r := store.Retraining{ModelID: m.ID, Account: s.account, ModelName: m.Name, Status: store.SchedulerPending, StartDate: s.now, CreatedAt: s.now, UpdatedAt: s.now}
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateRetraining(ctx, r) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveRetraining(ctx, m.ID, store.SchedulerStatus(to), s.now, nil)
						return err
					})
				}
			},
		},
		"execution": {
			states: []string{"IN_PROGRESS", "SUCCESS", "FAILED"},
			paths:  map[string][]string{"IN_PROGRESS": {"IN_PROGRESS"}, "SUCCESS": {"IN_PROGRESS", "SUCCESS"}, "FAILED": {"IN_PROGRESS", "FAILED"}},
			leads:  map[string][]string{"IN_PROGRESS": {"SUCCESS", "FAILED"}},
			make: func(s *suite, _ string) func(string) error {
				start := s.tick().Truncate(time.Second)
				e := s.newExecution(store.Scheduler{ID: store.NewID()}, start)
				s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, e) })
				return func(to string) error {
					return s.try(func(ctx context.Context, t *store.Tx) error {
						_, err := t.MoveExecution(ctx, e.SchedulerID, start, store.ExecutionStatus(to), s.now, "NORMAL", nil)
						return err
					})
				}
			},
		},
	}
	onEach(t, func(t *testing.T, s *suite) {
		for name, m := range machines {
			for _, from := range m.states {
				for _, to := range m.states {
					path := m.paths[from]
					move := m.make(s, path[0])
					for _, step := range path[1:] {
						if err := move(step); err != nil {
							t.Fatalf("%s: on the way to %s: %v", name, from, err)
						}
					}
					err := move(to)
					if slices.Contains(m.leads[from], to) {
						if err != nil {
							t.Errorf("%s: %s to %s: %v", name, from, to, err)
						}
					} else {
						is(t, name+": "+from+" to "+to, err, store.ErrConflict, from)
					}
				}
			}
		}
	})
}
