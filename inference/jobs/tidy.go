package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"
	"go.uber.org/zap"

	"millwright/inference/lake"
	"millwright/inference/store"
)

const (
	tidyEvery   = time.Minute
	tidyBatch   = 500              // rows in a transaction
	lostAfter   = 5 * time.Minute  // after its wake-up an execution without a job gets one again
	removeAfter = 24 * time.Hour   // readers of replaced objects are done by then
	removeFor   = 20 * time.Second // in one pass
	compactDays = 10               // that are looked back on
)

// tidyUp does, again and again, what no request asks for.
func (j *Jobs) tidyUp(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		for name, pass := range map[string]func(context.Context) error{
			"mend executions": j.mend, "revive jobs": j.revive, "begin retrainings": j.retrainings, "clear leftovers": j.leftovers, "prune": j.prune, "compact": j.compactions,
		} {
			if err := pass(ctx); err != nil && ctx.Err() == nil {
				j.log.Error("tidy up", zap.String("pass", name), zap.Error(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// mend queues executions again whose jobs are gone for whatever reason.
func (j *Jobs) mend(ctx context.Context) error {
	open, err := j.store.OpenExecutions(ctx, 200)
	if err != nil || len(open) == 0 {
		return err
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		for _, e := range open {
			if j.now().Sub(e.UpdatedAt) < lostAfter {
				continue
			}
			if err := j.insert(ctx, t, runArgs{e.SchedulerID, e.DataStart.UnixNano()}, runOpts(true)); err != nil {
				return err
			}
		}
		return nil
	})
}

// leftovers removes what deleted resources had.
func (j *Jobs) leftovers(ctx context.Context) error {
	all, err := j.store.Leftovers(ctx, 20)
	if err != nil {
		return err
	}
	began := time.Now()
	var failed []error
	for _, l := range all {
		failed = append(failed, j.leftover(ctx, l, began))
	}
	return errors.Join(failed...)
}

// leftover removes what one had, as long as there is time in the pass that began.
func (j *Jobs) leftover(ctx context.Context, l store.Leftover, began time.Time) error {
	var prefixes []string
	switch l.Kind {
	case store.ObjectDataset:
		prefixes = []string{lake.DatasetPrefix(l.Owner)}
	case store.ObjectInference:
		prefixes = []string{lake.InferencePrefix(l.Owner), modelPrefix(l.Owner)}
	}
	for _, p := range prefixes {
		for left := true; left; {
			if time.Since(began) >= removeFor {
				return nil // another pass goes on
			}
			var err error
			if left, err = j.lake.RemoveUnder(ctx, p, 1000); err != nil {
				return err
			}
		}
	}
	return j.store.Tx(ctx, func(t *store.Tx) error {
		_, err := t.ClearLeftover(ctx, l, tidyBatch)
		return err
	})
}

// prune forgets answers to tokens that have expired, fences that nobody needs,
// executions that ended long ago, and states of events that no window follows from
// any more.
func (j *Jobs) prune(ctx context.Context) error {
	failed := []error{j.store.Tx(ctx, func(t *store.Tx) error {
		if _, err := t.PruneClientTokens(ctx, j.now(), tidyBatch); err != nil {
			return err
		}
		_, err := t.PruneFences(ctx, time.Now().Add(-keepLost), tidyBatch)
		return err
	})}
	active, err := j.store.ActiveSchedulers(ctx)
	if err != nil {
		return errors.Join(append(failed, err)...)
	}
	before := j.now().Add(-max(0, j.o.CatchUp) - j.o.KeepState)
	for _, s := range active {
		failed = append(failed, j.store.Tx(ctx, func(t *store.Tx) error {
			if _, err := t.PruneEventStates(ctx, s.ID, before, tidyBatch); err != nil {
				return err
			}
			_, err := t.PruneExecutions(ctx, s.ID, j.now().Add(-j.o.Keep), tidyBatch)
			return err
		}))
	}
	return errors.Join(failed...)
}

// compactions begins those of days whose windows are past.
func (j *Jobs) compactions(ctx context.Context) error {
	active, err := j.store.ActiveSchedulers(ctx)
	if err != nil {
		return err
	}
	to := lake.DayOf(j.now().Add(-max(0, j.o.CatchUp) - j.o.KeepState).UnixNano())
	var failed []error
	for _, s := range active {
		objects, err := j.store.Objects(ctx, store.ObjectInference, s.ModelID, "", to-compactDays, to)
		failed = append(failed, err)
		for day, n := range scattered(objects) {
			if n == 0 {
				continue
			}
			failed = append(failed, j.store.Tx(ctx, func(t *store.Tx) error {
				return j.insertLong(ctx, t, longArgs{What: compact, ID: s.ModelID, Number: day})
			}))
		}
	}
	return errors.Join(failed...)
}

// scattered counts, by day, the objects beyond one for each component.
func scattered(objects []store.Object) map[int64]int {
	type part struct {
		day       int64
		component string
	}
	seen, days := map[part]bool{}, map[int64]int{}
	for _, o := range objects {
		p := part{o.Day, o.Component}
		if seen[p] {
			days[o.Day]++
		}
		seen[p] = true
	}
	return days
}

const compactMemory = 64 << 20

// ofCompaction joins what a day's executions took into an object for each component.
func (j *Jobs) ofCompaction(k *task, a longArgs) {
	k.memory = compactMemory
	day := func(ctx context.Context, r store.Reader) ([]store.Object, error) {
		return r.Objects(ctx, store.ObjectInference, a.ID, "", a.Number, a.Number+1)
	}
	k.over = func(ctx context.Context) (bool, error) {
		objects, err := day(ctx, j.store.Reader)
		return err == nil && scattered(objects)[a.Number] == 0, err
	}
	k.do = func(ctx context.Context, lease store.Fence) error {
		objects, err := day(ctx, j.store.Reader)
		if err != nil {
			return err
		}
		m, err := j.store.ModelByID(ctx, a.ID)
		if err != nil {
			return err
		}
		active, err := j.models.Model(ctx, a.ID, m.ActiveVersion)
		if err != nil {
			return err
		}
		c, err := j.lake.Compact(ctx, a.ID, a.Number, inLake(objects), active.Columns())
		if err != nil {
			return err
		}
		return j.store.Tx(ctx, func(t *store.Tx) error {
			if err := t.Release(ctx, lease); err != nil {
				return err
			}
			if err := t.SwapObjects(ctx, stored(store.ObjectInference, a.ID, c.Objects, j.now()), objects); err != nil {
				return err
			}
			return j.removeLater(ctx, t, removeArgs{Keys: c.Inputs}, removeAfter)
		})
	}
	k.fail = func(ctx context.Context, lease store.Fence, reason string) error {
		j.log.Warn("compact", zap.String("model", a.ID), zap.Int64("day", a.Number), zap.String("reason", reason))
		return j.store.Tx(ctx, func(t *store.Tx) error { return t.Release(ctx, lease) })
	}
}

// removeArgs are objects of the work bucket that nothing names any more.
type removeArgs struct {
	Dataset   string   `json:"dataset,omitempty" river:"unique"`
	Ingestion string   `json:"ingestion,omitempty" river:"unique"` // all of it
	Keys      []string `json:"keys,omitempty" river:"unique"`
}

func (removeArgs) Kind() string { return "remove" }

func (j *Jobs) removeLater(ctx context.Context, t *store.Tx, a removeArgs, after time.Duration) error {
	return j.insert(ctx, t, a, river.InsertOpts{Queue: queueData, Priority: priorityMadeUp, ScheduledAt: time.Now().Add(after)})
}

// remove deletes objects, unless they are of what a dataset has.
func (j *Jobs) remove(ctx context.Context, job *river.Job[removeArgs]) error {
	a := job.Args
	if a.Ingestion == "" {
		return j.lake.Remove(ctx, a.Keys...)
	}
	d, err := j.store.DatasetByID(ctx, a.Dataset)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	in, err := j.store.Ingestion(ctx, a.Ingestion)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if d.IngestionID == a.Ingestion && in.Status == store.IngestionSuccess {
		return nil
	}
	more, err := j.lake.RemoveUnder(ctx, lake.DatasetPrefix(a.Dataset)+a.Ingestion+"/", 1000)
	if err == nil && more {
		return river.JobSnooze(time.Second)
	}
	return err
}
