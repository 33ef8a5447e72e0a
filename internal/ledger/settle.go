package ledger

import (
	"context"
	"fmt"

	"millwright/internal/drop"
)

// A path's file goes with its newest version, so nothing of it is settled while
// another version has blocks that are not released.
const selectSettled = selectDrop + `WHERE d.live = 0 AND d.n_older = 0 AND d.state IN ('taken', 'repeat', 'quarantined')
	AND NOT EXISTS (SELECT 1 FROM drops o WHERE o.path = d.path AND o.live > 0) AND d.id > $1 ORDER BY d.id LIMIT $2`

// Settled gives up to limit drops with IDs above after all of whose rows are
// accounted for and none of which had to stay in the drop, oldest first. Versions of a path settle
// together; of these only the newest is what the file holds.
func (l *Ledger) Settled(ctx context.Context, after int64, limit int) ([]drop.Drop, error) {
	out, err := all(ctx, l.db.Read, scanDrop, selectSettled, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list settled drops: %w", err)
	}
	return out, nil
}

// SetState notes what became of a drop's file.
func (l *Ledger) SetState(ctx context.Context, id int64, st drop.State, reason string) error {
	return l.write(ctx, fmt.Sprintf("set state of drop %d", id), func(t *tx) error {
		return t.setState(id, st, reason)
	})
}

// SetStates notes what became of the files of several drops, all or none.
func (l *Ledger) SetStates(ctx context.Context, fates []drop.Fate) error {
	if len(fates) == 0 {
		return nil
	}
	return l.write(ctx, "set states of drops", func(t *tx) error {
		for _, f := range fates {
			if err := t.setState(f.ID, f.State, f.Reason); err != nil {
				return fmt.Errorf("drop %d: %w", f.ID, err)
			}
		}
		return nil
	})
}

func (t *tx) setState(id int64, st drop.State, reason string) error {
	var old string
	found, err := t.get(`SELECT state FROM drops WHERE id = $1`, []any{id}, &old)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("it is not in the ledger")
	}
	if _, err := t.exec(`UPDATE drops SET state = $2, reason = $3 WHERE id = $1 AND (state <> $2 OR reason <> $3)`, id, string(st), reason); err != nil {
		return err
	}
	if old == string(st) {
		return nil
	}
	if err := t.tally(drop.State(old), -1); err != nil {
		return err
	}
	return t.tally(st, 1)
}

// Forsake notes that rows of a drop cannot be read any more: its path's content
// is new when it is listed again, whatever was taken of it. The drop and its
// path's newest version get the state Damaged.
func (l *Ledger) Forsake(ctx context.Context, id int64, reason string) error {
	return l.write(ctx, fmt.Sprintf("forsake drop %d", id), func(t *tx) error {
		var path, newest int64
		found, err := t.get(`SELECT p.id, p.newest FROM paths p JOIN drops d ON d.path = p.id WHERE d.id = $1`, []any{id}, &path, &newest)
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("it is not in the ledger")
		}
		if _, err := t.exec(`UPDATE drops SET origin = FALSE WHERE path = $1`, path); err != nil {
			return err
		}
		if err := t.setState(id, drop.Damaged, reason); err != nil || id == newest {
			return err
		}
		return t.setState(newest, drop.Damaged, reason)
	})
}
