package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millwright/inference/store"
)

// race runs fn n times at once on two stores of one database, as two processes
// would, and gives the errors.
func race(s *suite, n int, q store.Quotas, fn func(i int, s *store.Store) error) []error {
	s.t.Helper()
	stores := []*store.Store{s.open(q), s.open(q)}
	errs := make([]error, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { errs[i] = fn(i, stores[i%2]) })
	}
	all.Wait()
	return errs
}

func won(errs []error) (n int) {
	for _, err := range errs {
		if err == nil {
			n++
		}
	}
	return n
}

func TestExactlyOneWins(t *testing.T) {
	t.Parallel()
	const n = 12
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		m := s.trained(d, "m")
		w := s.scheduler(m, "s")
		start := time.Unix(0, 0)
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, s.newExecution(w, start)) })
		s.moveScheduler(w.ID, store.SchedulerRunning)
		var jobs [n]store.Ingestion
		var sets [n]store.Dataset
		for i := range jobs {
			jobs[i], sets[i] = s.newIngestion(d), s.newDataset("same name")
		}
		for name, fn := range map[string]func(i int, t *store.Tx) error{
			"a dataset's move": func(_ int, t *store.Tx) error {
				_, err := t.MoveDataset(ctx, d.ID, store.DatasetIngesting, s.now, nil)
				return err
			},
			"an ingestion": func(i int, t *store.Tx) error { return t.CreateIngestion(ctx, jobs[i]) },
			"a name":       func(i int, t *store.Tx) error { return t.CreateDataset(ctx, sets[i]) },
			"a window":     func(_ int, t *store.Tx) error { return t.CreateExecution(ctx, s.newExecution(w, start.Add(time.Hour))) },
			"stopping": func(_ int, t *store.Tx) error {
				_, err := t.MoveScheduler(ctx, w.ID, store.SchedulerStopping, s.now)
				return err
			},
			"an execution's end": func(_ int, t *store.Tx) error {
				_, err := t.MoveExecution(ctx, w.ID, start, store.ExecutionSuccess, s.now, "NORMAL", nil)
				return err
			},
		} {
			errs := race(s, n, store.Quotas{}, func(i int, s *store.Store) error {
				return s.Tx(ctx, func(t *store.Tx) error { return fn(i, t) })
			})
			if won(errs) != 1 {
				t.Errorf("%s: %d won: %v", name, won(errs), errs)
			}
			for _, err := range errs {
				if err != nil && !errors.Is(err, store.ErrConflict) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	})
}

func TestVersionsAreNumberedOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		m := s.model(s.dataset("d"), "m")
		v := s.newVersion(m)
		var got [16]int64
		errs := race(s, len(got), store.Quotas{}, func(i int, s *store.Store) error {
			return s.Tx(ctx, func(t *store.Tx) error {
				v, err := t.CreateModelVersion(ctx, v, func(n int64) string { return fmt.Sprint("arn", n) })
				got[i] = v.Version
				return err
			})
		})
		if won(errs) != len(got) {
			t.Error(errs)
		}
		slices.Sort(got[:])
		for i, n := range got {
			if n != int64(i+1) {
				t.Errorf("versions %v", got)
				break
			}
		}
	})
}

func TestQuotaHoldsWhenManyCreate(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		var sets [20]store.Dataset
		for i := range sets {
			sets[i] = s.newDataset(fmt.Sprint("d", i))
		}
		errs := race(s, len(sets), store.Quotas{Datasets: 5}, func(i int, s *store.Store) error {
			return s.Tx(ctx, func(t *store.Tx) error { return t.CreateDataset(ctx, sets[i]) })
		})
		for _, err := range errs {
			if err != nil && !errors.Is(err, store.ErrQuota) {
				t.Error(err)
			}
		}
		if won(errs) != 5 {
			t.Error(won(errs), "datasets for a quota of 5")
		}
	})
}

func TestOneTokenOneCall(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		var sets [12]store.Dataset
		for i := range sets {
			sets[i] = s.newDataset(fmt.Sprint("d", i))
		}
		var answers [len(sets)]string
		var first atomic.Int32
		errs := race(s, len(sets), store.Quotas{}, func(i int, st *store.Store) error {
			answer, again, err := st.Once(ctx, store.ClientToken{Account: account, Operation: "x", Token: "t"}, s.now, func(t *store.Tx) (string, error) {
				return sets[i].ID, t.CreateDataset(ctx, sets[i])
			})
			if !again {
				first.Add(1)
			}
			answers[i] = answer
			return err
		})
		if won(errs) != len(sets) || first.Load() != 1 {
			t.Error(first.Load(), errs)
		}
		all, _, err := s.Datasets(ctx, account, store.DatasetFilter{}, store.Page{})
		if err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		for _, a := range answers {
			if a != all[0].ID {
				t.Errorf("answered %s, the dataset is %s", a, all[0].ID)
			}
		}
	})
}

// A dataset is deleted and used for the first time at once: never both.
func TestDeletionAndUseExcludeEachOther(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		for range 10 {
			d := s.dataset("d")
			m := s.newModel(d, "m"+store.NewID())
			v := s.newVersion(m)
			errs := race(s, 2, store.Quotas{}, func(i int, s *store.Store) error {
				return s.Tx(ctx, func(t *store.Tx) error {
					if i == 0 {
						return t.DeleteDataset(ctx, d.ID, d.CreatedAt)
					}
					if err := t.CreateModel(ctx, m); err != nil {
						return err
					}
					_, err := t.CreateModelVersion(ctx, v, func(int64) string { return m.ARN + "/1" })
					return err
				})
			})
			if won(errs) != 1 {
				t.Error(errs)
			}
			if errs[0] != nil {
				s.do(func(ctx context.Context, t *store.Tx) error {
					if _, err := t.MoveModelVersion(ctx, m.ID, 1, store.VersionFailed, s.now, nil); err != nil {
						return err
					}
					return t.DeleteDataset(ctx, d.ID, s.now)
				})
			}
		}
	})
}

// Many schedulers' executions end at the same time on two nodes.
func TestExecutionsOfManySchedulersEndTogether(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		const n = 30
		var all [n]store.Scheduler
		for i := range all {
			all[i] = s.scheduler(s.trained(d, fmt.Sprint("m", i)), fmt.Sprint("s", i))
		}
		start := time.Unix(0, 0)
		errs := race(s, n, store.Quotas{}, func(i int, st *store.Store) error {
			if err := st.Tx(ctx, func(t *store.Tx) error { return t.CreateExecution(ctx, s.newExecution(all[i], start)) }); err != nil {
				return err
			}
			return st.Tx(ctx, func(t *store.Tx) error {
				f := store.Fence{Work: all[i].ID, Job: 1, Attempt: 1}
				if _, err := t.Claim(ctx, f, s.now); err != nil {
					return err
				}
				if _, err := t.FixInputs(ctx, f, all[i].ID, start, []byte("{}")); err != nil {
					return err
				}
				if err := t.ReplaceEvents(ctx, all[i].ID, start, start.Add(1), []store.Event{{StartTime: start, EndTime: start}}); err != nil {
					return err
				}
				_, err := t.MoveExecution(ctx, all[i].ID, start, store.ExecutionSuccess, s.now, "ANOMALOUS", nil)
				return err
			})
		})
		if won(errs) != n {
			t.Error(errs)
		}
		for _, w := range all {
			if got, err := s.SchedulerByID(ctx, w.ID); err != nil || got.LatestResult != "ANOMALOUS" {
				t.Error(got, err)
			}
		}
	})
}
