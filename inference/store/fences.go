package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Fence is one attempt of a job at a piece of work. A later attempt of the job,
// or a later job, shuts out the earlier ones: they get ErrFenced.
type Fence struct {
	Work    string // what is worked on, the same for every job and attempt
	Job     int64  // the queue's number, which grows
	Attempt int64
}

// Claim makes the work this attempt's, and gives the checkpoint that an earlier
// one left, nil for none. To claim again is harmless.
func (t *Tx) Claim(ctx context.Context, f Fence, at time.Time) (checkpoint []byte, err error) {
	have, checkpoint, err := t.fence(ctx, f.Work)
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, t.create(ctx, "fences", "work, job, attempt, updated_at, checkpoint", []any{f.Work, f.Job, f.Attempt, micros(at), []byte{}}, "work", f.Work)
	case err != nil:
		return nil, err
	case have.Job > f.Job || have.Job == f.Job && have.Attempt > f.Attempt:
		return nil, fenced(f)
	}
	if _, err := t.exec(ctx, `UPDATE fences SET job = $1, attempt = $2, updated_at = $3 WHERE work = $4`, f.Job, f.Attempt, micros(at), f.Work); err != nil {
		return nil, fmt.Errorf("claim %s: %w", f.Work, err)
	}
	if len(checkpoint) == 0 {
		return nil, nil
	}
	return checkpoint, nil
}

// Holds returns ErrFenced when the work is no longer this attempt's. Call it in
// the Tx that writes the work's result.
func (t *Tx) Holds(ctx context.Context, f Fence) error {
	have, _, err := t.fence(ctx, f.Work)
	if errors.Is(err, ErrNotFound) || err == nil && have != f {
		return fenced(f)
	}
	return err
}

// Checkpoint keeps how far this attempt has come.
func (t *Tx) Checkpoint(ctx context.Context, f Fence, checkpoint []byte, at time.Time) error {
	if checkpoint == nil {
		checkpoint = []byte{}
	}
	n, err := t.exec(ctx, `UPDATE fences SET checkpoint = $1, updated_at = $2 WHERE work = $3 AND job = $4 AND attempt = $5`,
		checkpoint, micros(at), f.Work, f.Job, f.Attempt)
	if err != nil {
		return fmt.Errorf("keep checkpoint of %s: %w", f.Work, err)
	}
	if n == 0 {
		return fenced(f)
	}
	return nil
}

// Expire makes all work look as if nobody had been heard of for long. Fences hold.
func (t *Tx) Expire(ctx context.Context) error {
	if _, err := t.exec(ctx, `UPDATE fences SET updated_at = 0`); err != nil {
		return fmt.Errorf("expire fences: %w", err)
	}
	return nil
}

// Release forgets the work, which is done.
func (t *Tx) Release(ctx context.Context, f Fence) error {
	n, err := t.exec(ctx, `DELETE FROM fences WHERE work = $1 AND job = $2 AND attempt = $3`, f.Work, f.Job, f.Attempt)
	if err != nil {
		return fmt.Errorf("release %s: %w", f.Work, err)
	}
	if n == 0 {
		return fenced(f)
	}
	return nil
}

// PruneFences forgets at most limit pieces of work of which nothing was heard since
// before, and tells how many: what they were for ended without them.
func (t *Tx) PruneFences(ctx context.Context, before time.Time, limit int) (int64, error) {
	n, err := t.exec(ctx, `DELETE FROM fences WHERE work IN (SELECT work FROM fences WHERE updated_at < $1 LIMIT $2)`, before.UnixMicro(), limit)
	if err != nil {
		return 0, fmt.Errorf("prune fences: %w", err)
	}
	return n, nil
}

// Held tells whose a piece of work is, and when it was claimed or its checkpoint
// kept last. Without anybody the error is ErrNotFound.
func (r Reader) Held(ctx context.Context, work string) (f Fence, heard time.Time, err error) {
	f, err = one(ctx, r, func(s scanner) (f Fence, err error) {
		return f, s.Scan(&f.Work, &f.Job, &f.Attempt, instant{&heard})
	}, "work", work, `SELECT work, job, attempt, updated_at FROM fences WHERE work = $1`, work)
	return f, heard, err
}

func (r Reader) fence(ctx context.Context, work string) (f Fence, checkpoint []byte, err error) {
	f.Work = work
	err = r.q.QueryRowContext(ctx, `SELECT job, attempt, checkpoint FROM fences WHERE work = $1`, work).Scan(&f.Job, &f.Attempt, &checkpoint)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil, notFound("work", work)
	}
	return f, checkpoint, err
}

func fenced(f Fence) error {
	return &Error{Kind: ErrFenced, Resource: "work", Name: f.Work, Reason: fmt.Sprintf("attempt %d of job %d is over", f.Attempt, f.Job)}
}
