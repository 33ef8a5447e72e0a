package ledger

import (
	"context"
	"fmt"

	"millwright/internal/window"
)

const (
	selectPending = `SELECT ` + sealedColumns + ` FROM windows w INDEXED BY windows_pending JOIN streams t ON t.id = w.stream
		WHERE w.closed = 0 AND w.generation > w.done`
	// $3 generation, $4 verified, $5 unverified, $6 at, $7 etag, $8 took, $9 attempts, $10 next try
	uploadDone = `UPDATE windows SET
		uploaded = max(uploaded, $3),
		etag = CASE WHEN $3 >= uploaded AND $7 <> '' THEN $7 ELSE etag END,
		unverified = CASE WHEN $3 >= uploaded THEN $5 ELSE unverified END,
		verified_at = CASE WHEN $4 AND $3 >= verified THEN $6 ELSE verified_at END,
		verified = CASE WHEN $4 THEN max(verified, $3) ELSE verified END,
		done = CASE WHEN $4 OR $5 THEN max(done, $3) ELSE done END,
		took = CASE WHEN $8 > 0 THEN $8 ELSE took END,
		attempts = CASE WHEN $3 = generation THEN $9 ELSE attempts END,
		next_try = CASE WHEN $3 = generation THEN $10 ELSE next_try END,
		error = '', remedy = '', error_at = 0
		WHERE stream = $1 AND start = $2 AND generation >= $3`
	uploadKept = `UPDATE windows SET kept = TRUE, done = max(done, $3), error = $4, remedy = $5, error_at = $6, attempts = 0, next_try = 0
		WHERE stream = $1 AND start = $2 AND generation >= $3`
	uploadFailed = `UPDATE windows SET error = $4, remedy = $5, error_at = $6, attempts = $7, next_try = $8
		WHERE stream = $1 AND start = $2 AND generation = $3`
)

// Pending gives the windows whose newest generation is not yet known to be in
// the bucket, in no order, at most limit of them if it is above 0.
func (l *Ledger) Pending(ctx context.Context, limit int) ([]window.Sealed, error) {
	if limit <= 0 {
		limit = -1
	}
	out, err := all(ctx, l.db.Read, scanSealed, selectPending+" LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("list pending windows: %w", err)
	}
	return out, nil
}

// Uploaded enters how uploads went, all or none. Of a generation that was
// sealed anew in the meantime, a success says what the bucket holds and a
// failure says nothing.
func (l *Ledger) Uploaded(ctx context.Context, results []window.Result) error {
	if len(results) == 0 {
		return nil
	}
	return l.write(ctx, "commit uploads", func(t *tx) error {
		for i := range results {
			if err := t.uploaded(&results[i]); err != nil {
				return fmt.Errorf("%s of %s: %w", results[i].Component, results[i].Scheduler, err)
			}
		}
		return nil
	})
}

func (t *tx) uploaded(r *window.Result) error {
	stream, err := t.stream(r.Scheduler, r.Component)
	if err != nil {
		return err
	}
	if r.Kept {
		_, err = t.exec(uploadKept, stream, r.Start, r.Generation, r.Err, r.Remedy, ns(r.At))
		return err
	}
	if r.Err != "" {
		_, err = t.exec(uploadFailed, stream, r.Start, r.Generation, r.Err, r.Remedy, ns(r.At), r.Attempts, ns(r.NextTry))
		return err
	}
	_, err = t.exec(uploadDone, stream, r.Start, r.Generation, r.Verified, r.Unverified && !r.Verified, ns(r.At), r.ETag, int64(r.Took), r.Attempts, ns(r.NextTry))
	return err
}
