package ledger

import (
	"context"
	"time"
)

const (
	pruneBatch = 1000 // rows per transaction

	pruneWindows = `DELETE FROM windows WHERE (stream, start) IN (SELECT stream, start FROM windows WHERE closed AND finish < $1 LIMIT $2)`
	// The newest version of a path stays as long as its file may: what is in a
	// drop folder must not be taken for new.
	pruneDrops = `DELETE FROM drops WHERE id IN (SELECT d.id FROM drops d JOIN paths p ON p.id = d.path
		WHERE d.taken_at < $1 AND d.live = 0 AND d.n_older = 0 AND d.state IN ('archived', 'deleted', 'gone', 'kept', 'damaged')
			AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b."drop" = d.id)
			AND (p.newest <> d.id OR (d.state IN ('archived', 'deleted') AND NOT EXISTS (SELECT 1 FROM drops o WHERE o.path = d.path AND o.id <> d.id)))
		LIMIT $2)`
	prunePaths    = `DELETE FROM paths WHERE NOT EXISTS (SELECT 1 FROM drops d WHERE d.path = paths.id)`
	pruneDialects = `DELETE FROM dialects WHERE NOT EXISTS (SELECT 1 FROM drops d WHERE d.dialect = dialects.id)`
)

// Prune forgets closed windows that ended before the given time, and drops
// taken before it whose file is out of its folder or was followed by a newer
// one. It must be longer ago than the largest overdue_max: a row for a window
// that was forgotten would open it anew. It returns how many it forgot.
func (l *Ledger) Prune(ctx context.Context, before time.Time) (windows, drops int64, err error) {
	if windows, err = l.pruneAll(ctx, "prune windows", pruneWindows, before); err != nil {
		return windows, 0, err
	}
	if drops, err = l.pruneAll(ctx, "prune drops", pruneDrops, before); err != nil || drops == 0 {
		return windows, drops, err
	}
	err = l.write(ctx, "prune paths", func(t *tx) error {
		if _, err := t.exec(prunePaths); err != nil {
			return err
		}
		_, err := t.exec(pruneDialects)
		return err
	})
	return windows, drops, err
}

// pruneAll deletes in batches, so that nobody waits long for it.
func (l *Ledger) pruneAll(ctx context.Context, what, query string, before time.Time) (total int64, err error) {
	for n := int64(pruneBatch); n == pruneBatch; total += n {
		err = l.write(ctx, what, func(t *tx) (err error) {
			n, err = t.exec(query, ns(before), pruneBatch)
			return err
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
