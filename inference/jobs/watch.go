package jobs

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"
)

// Ended is a job's attempt on this node.
type Ended struct {
	Kind    string
	Outcome string // done, failed (and tried again) or later
	Waited  time.Duration
	Took    time.Duration
}

// Watch has tell called for each attempt that ends, one at a time, until ctx ends. It is
// to be called before Run, and what it returns beside it.
func (j *Jobs) Watch(tell func(Ended)) (run func(ctx context.Context) error) {
	outcomes := map[river.EventKind]string{
		river.EventKindJobCompleted: "done", river.EventKindJobFailed: "failed", river.EventKindJobCancelled: "failed", river.EventKindJobSnoozed: "later",
	}
	events, cancel := j.queue.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled, river.EventKindJobSnoozed)
	return func(ctx context.Context) error {
		defer cancel()
		for {
			select {
			case <-ctx.Done():
				return nil
			case e, more := <-events:
				if !more { // the queue has ended
					return nil
				}
				ended := Ended{Kind: e.Job.Kind, Outcome: outcomes[e.Kind]}
				if e.JobStats != nil {
					ended.Waited, ended.Took = e.JobStats.QueueWaitDuration, e.JobStats.RunDuration
				}
				tell(ended)
			}
		}
	}
}

// Queued is how many jobs of a queue are in a state: those of all nodes.
type Queued struct {
	Queue, State string
	N            int64
}

// Queued tells what is to be done and under way.
func (j *Jobs) Queued(ctx context.Context) ([]Queued, error) {
	rows, err := j.store.ReadDB().QueryContext(ctx, `SELECT queue, state, COUNT(*) FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled') GROUP BY queue, state`)
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	var all []Queued
	for rows.Next() {
		var q Queued
		if err := rows.Scan(&q.Queue, &q.State, &q.N); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		all = append(all, q)
	}
	return all, rows.Err()
}

// Memory is how many bytes are admitted to work, and how many may be.
func (j *Jobs) Memory() (used, limit int64) {
	j.memory.mu.Lock()
	defer j.memory.mu.Unlock()
	return j.memory.used, j.memory.limit
}
