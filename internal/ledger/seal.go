package ledger

import (
	"context"
	"fmt"

	"millwright/internal/window"
)

// The upload's columns keep what they have, except that another generation is
// tried at once.
const upsertSealed = `INSERT INTO windows (stream, start, finish, closed, generation, done, uploaded, verified, attempts, next_try, sealed_seq, sealed_at,
		first_sealed_at, last_row_at, real_rows, held_only, silent, overdue, unverified, verified_at, wake, late, repeated, took, error_at, error, remedy,
		size, sha256, md5, etag, bucket, key, path)
	VALUES ($1, $2, $3, FALSE, $4, 0, 0, 0, 0, 0, $5, $6, $7, $8, $9, $10, $11, $12, FALSE, 0, $13, 0, 0, 0, 0, '', '', $14, $15, $16, '', $17, $18, $19)
	ON CONFLICT (stream, start) DO UPDATE SET finish = excluded.finish, generation = excluded.generation, sealed_seq = excluded.sealed_seq,
		sealed_at = excluded.sealed_at, last_row_at = excluded.last_row_at, real_rows = excluded.real_rows, held_only = excluded.held_only,
		silent = excluded.silent, overdue = excluded.overdue, wake = excluded.wake, size = excluded.size, sha256 = excluded.sha256, md5 = excluded.md5,
		bucket = excluded.bucket, key = excluded.key, path = excluded.path,
		first_sealed_at = CASE WHEN windows.first_sealed_at = 0 THEN excluded.first_sealed_at ELSE windows.first_sealed_at END,
		attempts = CASE WHEN excluded.generation <> windows.generation THEN 0 ELSE windows.attempts END,
		next_try = CASE WHEN excluded.generation <> windows.generation THEN 0 ELSE windows.next_try END
	WHERE excluded.generation >= windows.generation AND NOT windows.kept`

// CommitSealed enters windows as they were sealed, all or none. A generation of
// 0 only makes a window known, with the time of its newest row. What the upload
// tells of a window stays, but a new generation is due at once. A generation
// older than the one known changes nothing, and neither does one of a window
// whose object is left alone.
func (l *Ledger) CommitSealed(ctx context.Context, records []window.Record) error {
	if len(records) == 0 {
		return nil
	}
	return l.write(ctx, "commit sealed windows", func(t *tx) error {
		for i := range records {
			if err := t.sealed(&records[i]); err != nil {
				return fmt.Errorf("%s of %s: %w", records[i].Component, records[i].Scheduler, err)
			}
		}
		return nil
	})
}

func (t *tx) sealed(r *window.Record) error {
	stream, err := t.stream(r.Scheduler, r.Component)
	if err != nil {
		return err
	}
	first := r.FirstSealedAt
	if first.IsZero() {
		first = r.SealedAt
	}
	_, err = t.exec(upsertSealed, stream, r.Start, r.End, r.Generation, r.SealedSeq, ns(r.SealedAt), ns(first), ns(r.LastRowAt), r.RealRows,
		r.HeldOnly, r.Silent, r.Overdue, ns(r.Wake), r.Size, r.SHA256[:], r.MD5[:], r.Bucket, r.Key, r.Path)
	return err
}
