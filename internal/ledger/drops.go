package ledger

import (
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"millwright/internal/drop"
)

// DropFilter chooses drops; zero fields choose all.
type DropFilter struct {
	Path   string // absolute: the folder and the name below it
	Folder string
	State  drop.State
	Since  time.Time // taken or refused then or later, business time
	Limit  int
}

// Drops gives the chosen drops, every version, the newest first. Refused ones
// are among them, with ID 0 and the time of the refusal as TakenAt.
func (l *Ledger) Drops(ctx context.Context, f DropFilter) ([]drop.Drop, error) {
	var out []drop.Drop
	if f.State == "" || f.State == drop.Refused {
		q := f.where("r.folder", "r.name", "r.at")
		query := selectRefusal + q.String() + " ORDER BY r.at DESC, r.name" + q.limit(f.Limit)
		refused, err := all(ctx, l.db.Read, scanRefusal, query, q.args...)
		if err != nil {
			return nil, fmt.Errorf("list refused drops: %w", err)
		}
		out = refused
	}
	if f.State != drop.Refused {
		q := f.where("p.folder", "p.name", "d.taken_at")
		q.add(f.State != "", "d.state = ", string(f.State))
		query := selectDrop + q.String() + " ORDER BY d.id DESC" + q.limit(f.Limit)
		taken, err := all(ctx, l.db.Read, scanDrop, query, q.args...)
		if err != nil {
			return nil, fmt.Errorf("list drops: %w", err)
		}
		out = append(out, taken...)
		slices.SortStableFunc(out, func(a, b drop.Drop) int { return b.TakenAt.Compare(a.TakenAt) })
	}
	if f.Limit > 0 && len(out) > f.Limit {
		out = out[:f.Limit]
	}
	return out, nil
}

// Drop gives a drop by its ID.
func (l *Ledger) Drop(ctx context.Context, id int64) (drop.Drop, bool, error) {
	d, ok, err := one(ctx, l.reads, scanDrop, selectByID, id)
	if err != nil {
		return d, false, fmt.Errorf("look up drop %d: %w", id, err)
	}
	return d, ok, nil
}

func (f DropFilter) where(folder, name, at string) where {
	var q where
	if f.Path != "" {
		// Where the folder ends is not told: every way to part the path is asked
		// for, by the index on folder and name.
		p := path.Clean(f.Path)
		var parts where
		for i := 1; i < len(p); i++ {
			if p[i] == '/' {
				q.args = append(q.args, p[:i], p[i+1:])
				n := len(q.args)
				parts.terms = append(parts.terms, fmt.Sprintf("(%s = (SELECT id FROM folders WHERE path = $%d) AND %s = $%d)", folder, n-1, name, n))
			}
		}
		q.terms = append(q.terms, parts.either())
	}
	q.add(f.Folder != "", "f.path = ", f.Folder)
	q.add(!f.Since.IsZero(), at+" >= ", ns(f.Since))
	return q
}
