package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"millwright/inference/schedule"
	"millwright/inference/store"
	"millwright/internal/window"
)

// runArgs are an execution.
type runArgs struct {
	Scheduler string `json:"scheduler" river:"unique"`
	Start     int64  `json:"start" river:"unique"` // of its window, Unix ns
}

func (runArgs) Kind() string { return "inference" }

const (
	runAttempts = 300      // about a day
	runMemory   = 32 << 20 // of an ordinary execution
	giveUpFor   = 10 * time.Second
)

func runOpts(madeUp bool) river.InsertOpts {
	o := river.InsertOpts{Queue: queueRuns, Priority: priorityDue, MaxAttempts: runAttempts}
	if madeUp {
		o.Priority = priorityMadeUp
	}
	return o
}

// run carries an execution out. It is harmless when it is over already.
func (j *Jobs) run(ctx context.Context, job *river.Job[runArgs]) error {
	f := schedule.Fence{Work: fmt.Sprintf("run %s %d", job.Args.Scheduler, job.Args.Start), Job: job.ID, Attempt: int64(job.Attempt)}
	var e store.Execution
	if err := j.store.Tx(ctx, func(t *store.Tx) (err error) {
		if e, err = t.Execution(ctx, job.Args.Scheduler, time.Unix(0, job.Args.Start)); err != nil || e.Status != store.ExecutionRunning {
			return gone(err) // its scheduler was deleted
		}
		_, err = t.Claim(ctx, store.Fence(f), time.Now())
		return err
	}); err != nil || e.Status != store.ExecutionRunning {
		return err
	}
	x, err := executionOf(e)
	if err != nil {
		return j.runner.GiveUp(ctx, x, f, err)
	}
	err = j.runner.Run(ctx, x, f)
	if errors.As(err, new(*river.JobSnoozeError)) {
		return err
	}
	if err != nil && job.Attempt >= job.MaxAttempts && !errors.Is(err, schedule.ErrFenced) {
		late, done := context.WithTimeout(context.WithoutCancel(ctx), giveUpFor)
		defer done()
		return j.runner.GiveUp(late, x, f, err)
	}
	return err
}

// runRoom waits for the memory that an execution's files take, as text and as tables,
// and has long work wait for the execution.
func (j *Jobs) runRoom(ctx context.Context, files int64) (leave func(), err error) {
	give, err := j.room(ctx, max(runMemory, 3*files), true)
	if err != nil {
		return nil, err
	}
	pass := j.gate.enter()
	return func() { pass(); give() }, nil
}

// executionOf is an execution as the runner takes it.
func executionOf(e store.Execution) (schedule.Execution, error) {
	x := schedule.Execution{
		Scheduler: e.SchedulerID, Start: e.DataStart.UnixNano(), Frequency: e.DataEnd.Sub(e.DataStart), Model: e.Config.ModelID, Version: e.ModelVersion, FalseAlarms: e.FalseAlarms,
		Output: schedule.Place(e.Config.Output.S3OutputConfiguration),
	}
	x.Output.Prefix = folder(x.Output.Prefix)
	in := e.Config.Input
	if in.S3InputConfiguration == nil {
		return x, errors.New("its scheduler has no input location")
	}
	offset, err := window.ParseOffset(in.InputTimeZoneOffset)
	if err != nil {
		return x, err
	}
	x.Input = schedule.Input{Bucket: in.S3InputConfiguration.Bucket, Naming: window.Naming{Prefix: folder(in.S3InputConfiguration.Prefix), Delimiter: window.DefaultDelimiter, Offset: offset}}
	if n := in.InferenceInputNameConfiguration; n != nil {
		x.Input.Naming.Format = window.Format(n.TimestampFormat)
		if n.ComponentTimestampDelimiter != nil {
			x.Input.Naming.Delimiter = *n.ComponentTimestampDelimiter
		}
	}
	return x, nil
}

// folder is a prefix that ends in "/", or is empty.
func folder(prefix string) string {
	if prefix == "" || prefix[len(prefix)-1] == '/' {
		return prefix
	}
	return prefix + "/"
}
