package jobs_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"millwright/inference/jobs"
	"millwright/inference/store"
)

// Jobs whose last attempt died without a word are tried again.
func TestJobsThatWereGivenUpAreTriedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.files(plant(), 3)
	lose := func() {
		db, _ := r.store.DB()
		if err := exec1(t.Context(), db, `UPDATE river_job SET state = 'discarded', attempt = max_attempts, finalized_at = `+aSecondAgo+` WHERE state <> 'completed'`); err != nil {
			t.Fatal(err)
		}
	}
	r.ingest("i")
	lose()
	r.start()
	r.until("the files", time.Minute, func() bool {
		n, err := r.store.PendingIngestionFiles(t.Context(), "i")
		return r.ingestion("i").Status == store.IngestionSuccess || err == nil && n > 0
	})
	r.kill()
	r.open()
	lose()
	r.start()
	r.until("the ingestion", 2*time.Minute, func() bool { return r.ingestion("i").Status == store.IngestionSuccess })
}

func TestWhatIsOldIsForgotten(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.options = func(o *jobs.Options) { o.Keep = 24 * time.Hour }
	r.open()
	r.ready()
	now := r.clock.Now()
	c := store.ClientToken{Account: account, Operation: "CreateDataset", Token: "t", Hash: sha256.Sum256(nil)}
	for i, at := range []time.Time{now.Add(-25 * time.Hour), now} {
		if _, again, err := r.store.Once(t.Context(), c, at, func(*store.Tx) (string, error) { return "", nil }); err != nil || again {
			t.Fatal(i, again, err)
		}
		c.Token = "u"
	}
	r.do(func(ctx context.Context, t *store.Tx) error {
		for _, ago := range []time.Duration{30 * time.Hour, 25 * time.Hour, 23 * time.Hour} {
			from := now.Add(-ago)
			if err := t.CreateExecution(ctx, store.Execution{SchedulerID: "s", DataStart: from, DataEnd: from.Add(five), ScheduledAt: from.Add(five), ModelVersion: 1, Status: store.ExecutionRunning, UpdatedAt: from}); err != nil {
				return err
			}
			if _, err := t.MoveExecution(ctx, "s", from, store.ExecutionFailed, now, "", nil); err != nil {
				return err
			}
		}
		return deaf(ctx, t)
	})
	r.do(func(ctx context.Context, t *store.Tx) error {
		for i, ago := range []time.Duration{15 * 24 * time.Hour, 13 * 24 * time.Hour} {
			if _, err := t.Claim(ctx, store.Fence{Work: fmt.Sprint("file x ", i), Job: 1, Attempt: 1}, time.Now().Add(-ago)); err != nil {
				return err
			}
		}
		return nil
	})
	r.start()
	count := func(query string) (n int) {
		db, _ := r.store.DB()
		if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	r.until("the rest", time.Minute, func() bool {
		return count(`SELECT count(*) FROM executions`) == 1 && count(`SELECT count(*) FROM client_tokens`) == 1 && count(`SELECT count(*) FROM fences`) == 1
	})
	if _, err := r.store.Execution(t.Context(), "s", now.Add(-23*time.Hour)); err != nil {
		t.Error(err)
	}
}

func TestWhatADeletedModelHadIsRemoved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.ready()
	r.start()
	start := r.clock.Now()
	r.windows(plant(), start, 2)
	r.clock.set(start.Add(2*five + time.Second))
	r.until("executions", time.Minute, func() bool { return r.succeeded() == 2 })
	if len(r.list("inference/m/")) == 0 || len(r.list("models/m/")) == 0 {
		t.Fatal("it has nothing")
	}
	r.do(func(ctx context.Context, t *store.Tx) error {
		for _, to := range []store.SchedulerStatus{store.SchedulerStopping, store.SchedulerStopped} {
			if _, err := t.MoveScheduler(ctx, "s", to, r.clock.Now()); err != nil {
				return err
			}
		}
		if err := t.DeleteScheduler(ctx, "s", r.clock.Now()); err != nil {
			return err
		}
		return t.DeleteModel(ctx, "m", r.clock.Now())
	})
	r.again()
	r.until("the removal", time.Minute, func() bool {
		left, err := r.store.Leftovers(t.Context(), 10)
		return err == nil && len(left) == 0
	})
	if left := append(r.list("inference/"), r.list("models/")...); len(left) > 0 {
		t.Error("still there:", left)
	}
	if span, err := r.store.ObjectSpan(t.Context(), store.ObjectInference, "m"); err != nil || span.Objects > 0 {
		t.Error(span, err)
	}
	if got := r.list("out/"); len(got) != 2 {
		t.Error("results are the user's:", got)
	}
}

// What was missed while no node worked is made up for and marked, what passed while
// the scheduler was STOPPED is not.
func TestMissedRunsAreMadeUpForAndMarked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.open()
	r.ready()
	start := r.clock.Now()
	r.windows(plant(), start, 10)
	window := func(n int) time.Time { return start.Add(time.Duration(n) * five) }
	r.clock.set(window(4).Add(time.Second))
	r.start()
	r.until("four", time.Minute, func() bool { return r.succeeded() == 4 })
	for n := range 4 {
		if e, err := r.store.Execution(t.Context(), "s", window(n)); err != nil || e.MadeUp != (n < 3) {
			t.Errorf("window %d: %+v %v", n, e, err)
		}
	}
	db, _ := r.store.DB()
	var due, madeUp int
	if err := db.QueryRowContext(t.Context(), `SELECT min(priority), max(priority) FROM river_job WHERE kind = 'inference'`).Scan(&due, &madeUp); err != nil || due >= madeUp {
		t.Errorf("priorities %d and %d, %v", due, madeUp, err)
	}
	move := func(all ...store.SchedulerStatus) {
		r.do(func(ctx context.Context, t *store.Tx) error {
			for _, to := range all {
				if _, err := t.MoveScheduler(ctx, "s", to, r.clock.Now()); err != nil {
					return err
				}
			}
			return r.jobs.Schedule(ctx, t, "s")
		})
	}
	move(store.SchedulerStopping, store.SchedulerStopped)
	r.clock.set(window(8).Add(time.Minute))
	move(store.SchedulerPending, store.SchedulerRunning)
	r.clock.set(window(9).Add(time.Second))
	r.until("five", time.Minute, func() bool { return r.succeeded() >= 5 })
	r.again() // which would make up for the rest
	r.clock.set(window(10).Add(time.Second))
	r.until("six", time.Minute, func() bool { return r.succeeded() == 6 })
	for n, want := range []bool{true, true, true, true, false, false, false, false, true, true} {
		_, err := r.store.Execution(t.Context(), "s", window(n))
		if (err == nil) != want {
			t.Errorf("window %d: %v", n, err)
		}
	}
}
