package ledger

import (
	"context"
	"fmt"
	"time"
)

// Standing is a path that stays in the ledger for as long as its file may be in
// its folder: that was kept there, or has rows that were not taken.
type Standing struct {
	PathID int64
	Folder string
	Name   string
	Missed time.Time // business time at which its file was first missed; zero for not missed
}

const (
	selectStanding = `SELECT p.id, f.path, p.name, CASE WHEN p.missed > d.taken_at THEN p.missed ELSE 0 END,
			d.taken_at < $3 AND d.live = 0 AND (d.state IN ('kept', 'gone', 'damaged') OR d.n_older > 0)
				AND NOT EXISTS (SELECT 1 FROM blocks b JOIN drops o ON o.id = b."drop" WHERE o.path = p.id)
		FROM (SELECT * FROM paths WHERE id > $1 ORDER BY id LIMIT $2) p
		JOIN drops d ON d.id = p.newest JOIN folders f ON f.id = p.folder ORDER BY p.id`
	updateMissed = `UPDATE paths SET missed = $2 WHERE id = $1 AND missed <> $2`
	forgetDrops  = `DELETE FROM drops WHERE path = $1 AND live = 0 AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b."drop" = drops.id)`
	forgetPath   = `DELETE FROM paths WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM drops d WHERE d.path = $1)`
)

// Standing looks at up to limit paths with IDs above after and gives those among
// them that stand, were last taken before the given time and have no rows in the
// ledger any more. It goes on behind next, which is 0 after the last path.
func (l *Ledger) Standing(ctx context.Context, before time.Time, after int64, limit int) (out []Standing, next int64, err error) {
	type looked struct {
		Standing
		stands bool
	}
	paths, err := all(ctx, l.db.Read, func(scan func(...any) error) (p looked, err error) {
		var missed int64
		err = scan(&p.PathID, &p.Folder, &p.Name, &missed, &p.stands)
		p.Missed = at(missed)
		return p, err
	}, selectStanding, after, limit, ns(before))
	if err != nil {
		return nil, 0, fmt.Errorf("list standing paths: %w", err)
	}
	for _, p := range paths {
		if p.stands {
			out = append(out, p.Standing)
		}
	}
	if len(paths) == limit {
		next = paths[limit-1].PathID
	}
	return out, next, nil
}

// Inspected is what a look into the folders told of standing paths.
type Inspected struct {
	At     time.Time // business time
	Found  []int64   // path IDs, missed before
	Missed []int64   // for the first time
	Gone   []int64   // for good: the ledger forgets them
}

// Inspect notes what was found, in one transaction.
func (l *Ledger) Inspect(ctx context.Context, in Inspected) error {
	if len(in.Found)+len(in.Missed)+len(in.Gone) == 0 {
		return nil
	}
	return l.write(ctx, "note which files are in their folders", func(t *tx) error {
		for _, id := range in.Found {
			if _, err := t.exec(updateMissed, id, 0); err != nil {
				return err
			}
		}
		for _, id := range in.Missed {
			if _, err := t.exec(updateMissed, id, ns(in.At)); err != nil {
				return err
			}
		}
		for _, id := range in.Gone {
			if _, err := t.exec(forgetDrops, id); err != nil {
				return err
			}
			if _, err := t.exec(forgetPath, id); err != nil {
				return err
			}
		}
		return nil
	})
}
