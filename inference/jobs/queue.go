package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"millwright/inference/store"
	"millwright/internal/sqldb"
)

type transaction = *sql.Tx

// Queues. Executions have workers of their own, so that nothing else is ever before
// them.
const (
	queueRuns  = "inference"
	queueData  = "data" // short
	queueLong  = "long" // watchers of long work
	queueTrain = "train"
)

const (
	jobTimeout  = 90 * time.Second
	rescueAfter = 2 * time.Minute
	longWait    = time.Minute // of a watcher
	roomWait    = 10 * time.Second
	keepLost    = 14 * 24 * time.Hour // jobs that were given up, until revive has seen to them
)

// Priorities of executions.
const (
	priorityDue    = 1
	priorityMadeUp = 4
)

func driver(db *sql.DB, postgres bool) riverdriver.Driver[transaction] {
	if postgres {
		return riverdatabasesql.New(db)
	}
	return riversqlite.New(db)
}

// Migrate brings the queue's tables up to date: for store.Options.Also.
func Migrate(ctx context.Context, db *sql.DB, postgres bool) error {
	m, err := rivermigrate.New(driver(db, postgres), nil)
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return nil
}

// worker makes a Worker of a function.
type worker[T river.JobArgs] struct {
	river.WorkerDefaults[T]
	work func(context.Context, *river.Job[T]) error
}

// Work implements river.Worker. That a node stops is no attempt.
func (w *worker[T]) Work(ctx context.Context, job *river.Job[T]) error {
	err := w.work(ctx, job)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return river.JobSnooze(0)
	}
	return err
}

func register[T river.JobArgs](all *river.Workers, work func(context.Context, *river.Job[T]) error) {
	river.AddWorker(all, &worker[T]{work: work})
}

func (j *Jobs) newQueue() (*river.Client[transaction], error) {
	all := river.NewWorkers()
	j.register(all)
	c, err := river.NewClient(driver(j.store.DB()), &river.Config{
		ID: j.o.Node, Workers: all,
		Queues: map[string]river.QueueConfig{
			queueRuns: {MaxWorkers: max(2, j.o.Workers)},
			queueData: {MaxWorkers: max(1, j.o.Workers-1)},
			queueLong: {MaxWorkers: 2 * lightTasks}, queueTrain: {MaxWorkers: 2 * j.trainings()},
		},
		JobTimeout: jobTimeout, RescueStuckJobsAfter: rescueAfter,
		FetchPollInterval: j.o.Poll, FetchCooldown: min(100*time.Millisecond, j.o.Poll),
		CompletedJobRetentionPeriod: time.Hour, DiscardedJobRetentionPeriod: keepLost,
		RetryPolicy: patience{}, Logger: slog.New(&bridge{log: j.log}),
	})
	if err != nil {
		return nil, fmt.Errorf("make the queue: %w", err)
	}
	return c, nil
}

// insert queues jobs together with what else the transaction changes.
func (j *Jobs) insert(ctx context.Context, t *store.Tx, args river.JobArgs, o river.InsertOpts) error {
	o.MaxAttempts = cmp.Or(o.MaxAttempts, 40)
	o.UniqueOpts = alive()
	if _, err := j.queue.InsertTx(ctx, t.SQL(), args, &o); err != nil {
		return fmt.Errorf("queue %s: %w", args.Kind(), err)
	}
	return nil
}

// alive makes jobs unique by their arguments as long as they are not over.
func alive() river.UniqueOpts {
	return river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning, rivertype.JobStateRetryable, rivertype.JobStateScheduled,
	}}
}

// room waits for memory, but for a part of a job's time only: then the job comes back
// later, which is no attempt.
func (j *Jobs) room(ctx context.Context, n int64, urgent bool) (give func(), err error) {
	soon, cancel := context.WithTimeout(ctx, roomWait)
	defer cancel()
	if give, err = j.memory.take(soon, n, urgent); err != nil && ctx.Err() == nil {
		err = river.JobSnooze(lookOften)
	}
	return give, err
}

// revive has jobs tried again that were given up without a word, as those are whose
// last attempt died with its node. One whose work is over finds that out by itself.
func (j *Jobs) revive(ctx context.Context) error {
	var failed []error
	for some := river.NewJobListParams().States(rivertype.JobStateDiscarded).First(tidyBatch); ; {
		lost, err := j.queue.JobList(ctx, some)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, job := range lost.Jobs {
			_, err := j.queue.JobRetry(ctx, job.ID)
			if err != nil && !errors.Is(err, rivertype.ErrNotFound) && !sqldb.Rejected(err) { // another one has its place
				failed = append(failed, err)
			}
		}
		if len(lost.Jobs) < tidyBatch || ctx.Err() != nil {
			return errors.Join(failed...)
		}
		some = some.After(lost.LastCursor) // those that stay are not in the way of others
	}
}

// patience waits longer after each attempt, up to five minutes.
type patience struct{}

// NextRetry implements river.ClientRetryPolicy.
func (patience) NextRetry(job *rivertype.JobRow) time.Time {
	n := min(len(job.Errors), 9)
	return time.Now().Add(min(time.Second<<n, 5*time.Minute))
}

// bridge writes the queue's log lines.
type bridge struct {
	log    *zap.Logger
	fields []zap.Field
}

func (b *bridge) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (b *bridge) Handle(_ context.Context, r slog.Record) error {
	fields := append([]zap.Field(nil), b.fields...)
	r.Attrs(func(a slog.Attr) bool { fields = append(fields, zap.Any(a.Key, a.Value.Any())); return true })
	fields = append(fields, zap.String("queue", r.Message))
	if r.Level >= slog.LevelError {
		b.log.Error("job queue", fields...)
	} else {
		b.log.Warn("job queue", fields...)
	}
	return nil
}

func (b *bridge) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := &bridge{log: b.log, fields: append([]zap.Field(nil), b.fields...)}
	for _, a := range attrs {
		with.fields = append(with.fields, zap.Any(a.Key, a.Value.Any()))
	}
	return with
}

func (b *bridge) WithGroup(string) slog.Handler { return b }
