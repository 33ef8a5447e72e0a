package store_test

import (
	"context"
	"slices"
	"testing"

	"millwright/inference/store"
)

func TestCountsAndLatestResults(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, s *suite) {
		ctx := t.Context()
		d := s.dataset("d")
		m := s.trained(d, "m")
		running, stopped := s.scheduler(m, "s"), s.scheduler(s.trained(s.dataset("e"), "n"), "t")
		s.moveScheduler(running.ID, store.SchedulerRunning)
		s.moveScheduler(stopped.ID, store.SchedulerRunning, store.SchedulerStopping, store.SchedulerStopped)
		counts, err := s.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []store.Count{
			{Resource: "scheduler", Status: "RUNNING", N: 1},
			{Resource: "scheduler", Status: "STOPPED", N: 1},
			{Resource: "model", Status: string(m.Status), N: 2},
			{Resource: "dataset", Status: string(d.Status), N: 2},
		} {
			if !slices.Contains(counts, want) {
				t.Errorf("no %+v in %+v", want, counts)
			}
		}
		if all, err := s.Latest(ctx); err != nil || len(all) != 1 || all[0].Scheduler != "s" || all[0].Result != "" || !all[0].DataEnd.IsZero() {
			t.Errorf("before the first: %+v %v", all, err)
		}
		e := s.newExecution(running, s.now)
		s.do(func(ctx context.Context, t *store.Tx) error { return t.CreateExecution(ctx, e) })
		s.do(func(ctx context.Context, t *store.Tx) error {
			_, err := t.MoveExecution(ctx, running.ID, e.DataStart, store.ExecutionSuccess, s.tick(), "ANOMALOUS", nil)
			return err
		})
		if all, err := s.Latest(ctx); err != nil || len(all) != 1 || all[0].Result != "ANOMALOUS" || !all[0].DataEnd.Equal(e.DataEnd) {
			t.Errorf("%+v %v", all, err)
		}
	})
}
