package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"path"
	"time"

	"millwright/internal/drop"
)

const (
	selectDrop = `SELECT d.id, d.path, d.version, f.path, p.name, d.component, d.size, d.mod_sec, d.mod_nano, d.identity, d.state, d.reason,
		d.taken_at, coalesce(s.name, ''), d.part_from, d.part_to, d.part_line, d.prefix, x.body, d.first, d.last, ` + countColumns + `
		FROM drops d JOIN paths p ON p.id = d.path JOIN folders f ON f.id = p.folder
		LEFT JOIN segments s ON s.id = d.segment LEFT JOIN dialects x ON x.id = d.dialect `
	selectRefusal = `SELECT f.path, r.name, r.component, r.size, r.mod_sec, r.mod_nano, r.identity, r.reason, r.at
		FROM refusals r JOIN folders f ON f.id = r.folder `
	selectSeen = `SELECT p.name, d.size, d.mod_sec, d.mod_nano, d.state, r.size, r.mod_sec, r.mod_nano
		FROM paths p JOIN drops d ON d.id = p.newest LEFT JOIN refusals r ON r.folder = p.folder AND r.name = p.name
		WHERE p.folder = (SELECT id FROM folders WHERE path = $1)
		UNION ALL
		SELECT r.name, r.size, r.mod_sec, r.mod_nano, 'refused', NULL, NULL, NULL FROM refusals r
		WHERE r.folder = (SELECT id FROM folders WHERE path = $1) AND NOT EXISTS (SELECT 1 FROM paths p WHERE p.folder = r.folder AND p.name = r.name)`
	selectNewest       = selectDrop + `WHERE d.id = (SELECT newest FROM paths WHERE folder = (SELECT id FROM folders WHERE path = $1) AND name = $2)`
	selectRefused      = selectRefusal + `WHERE f.path = $1 AND r.name = $2`
	selectByID         = selectDrop + `WHERE d.id = $1`
	selectIDByIdentity = `SELECT id FROM drops WHERE origin AND identity = $1 ORDER BY id LIMIT 1`
	upsertRefusal      = `INSERT INTO refusals (folder, name, component, size, mod_sec, mod_nano, identity, reason, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (folder, name) DO UPDATE SET component = excluded.component, size = excluded.size, mod_sec = excluded.mod_sec,
			mod_nano = excluded.mod_nano, identity = excluded.identity, reason = excluded.reason, at = excluded.at
		WHERE refusals.size <> excluded.size OR refusals.mod_sec <> excluded.mod_sec OR refusals.mod_nano <> excluded.mod_nano
			OR refusals.identity <> excluded.identity OR refusals.reason <> excluded.reason`
)

// EachSeen calls fn for every path of a folder with the newest content that was
// taken from it, or refused since. mod is exact. It ends at fn's first error.
func (l *Ledger) EachSeen(ctx context.Context, folder string, fn func(name string, size int64, mod time.Time, st drop.State) error) error {
	rows, err := l.db.Read.QueryContext(ctx, selectSeen, folder)
	if err != nil {
		return fmt.Errorf("list seen drops: %w", err)
	}
	return each(rows, func(r *sql.Rows) error {
		var name, st string
		var size, sec, nano int64
		var refused, refusedSec, refusedNano sql.NullInt64
		if err := r.Scan(&name, &size, &sec, &nano, &st, &refused, &refusedSec, &refusedNano); err != nil {
			return fmt.Errorf("list seen drops: %w", err)
		}
		if refused.Valid {
			size, sec, nano, st = refused.Int64, refusedSec.Int64, refusedNano.Int64, string(drop.Refused)
		}
		return fn(name, size, time.Unix(sec, nano).UTC(), drop.State(st))
	})
}

// Path gives the newest version of a path that was taken; where none was, its
// refusal, with ID, PathID and Version 0.
func (l *Ledger) Path(ctx context.Context, folder, name string) (drop.Drop, bool, error) {
	d, ok, err := one(ctx, l.reads, scanDrop, selectNewest, folder, name)
	if err == nil && !ok {
		d, ok, err = one(ctx, l.reads, scanRefusal, selectRefused, folder, name)
	}
	if err != nil {
		return d, false, fmt.Errorf("look up %s: %w", path.Join(folder, name), err)
	}
	return d, ok, nil
}

// ByIdentity gives the first drop with this identity whose rows were taken.
func (l *Ledger) ByIdentity(ctx context.Context, identity [32]byte) (drop.Drop, bool, error) {
	if !l.origins.has(identity) {
		return drop.Drop{}, false, nil
	}
	id, ok, err := one(ctx, l.reads, scanID, selectIDByIdentity, identity[:])
	var d drop.Drop
	if err == nil && ok {
		d, ok, err = one(ctx, l.reads, scanDrop, selectByID, id)
	}
	if err != nil {
		return d, false, fmt.Errorf("look up identity: %w", err)
	}
	return d, ok, nil
}

// Refuse notes that a path's content is not taken, and why, in place of an
// earlier refusal. It gets no ID: IDs are of drops that were taken. The same
// refusal again writes nothing.
func (l *Ledger) Refuse(ctx context.Context, d drop.Drop) error {
	return l.write(ctx, "refuse "+d.Name, func(t *tx) error { return t.refuse(d) })
}

func (t *tx) refuse(d drop.Drop) error {
	folder, err := t.folder(d.Folder)
	if err != nil {
		return err
	}
	var known bool
	if _, err := t.get(`SELECT EXISTS (SELECT 1 FROM refusals WHERE folder = $1 AND name = $2)`, []any{folder, d.Name}, &known); err != nil {
		return err
	}
	_, err = t.exec(upsertRefusal, folder, d.Name, d.Component, d.Size, d.ModTime.Unix(), int64(d.ModTime.Nanosecond()), d.Identity[:], d.Reason, ns(d.TakenAt))
	if err != nil || known {
		return err
	}
	return t.tally(drop.Refused, 1)
}

// ClearRefused forgets all refusals: the configuration may have changed, so
// those files deserve another look.
func (l *Ledger) ClearRefused(ctx context.Context) error {
	return l.write(ctx, "clear refusals", func(t *tx) error {
		n, err := t.exec(`DELETE FROM refusals`)
		if err != nil {
			return err
		}
		return t.tally(drop.Refused, -n)
	})
}

func scanDrop(scan func(...any) error) (drop.Drop, error) {
	var d drop.Drop
	var sec, nano, taken int64
	var identity, prefix []byte
	dest := []any{
		&d.ID, &d.PathID, &d.Version, &d.Folder, &d.Name, &d.Component, &d.Size, &sec, &nano, &identity, &d.State, &d.Reason,
		&taken, &d.Segment, &d.Part.From, &d.Part.To, &d.Part.Line, &prefix, &d.Part.Dialect, &d.First, &d.Last,
	}
	err := scan(append(dest, countDest(&d.Counts)...)...)
	d.ModTime = time.Unix(sec, nano).UTC()
	d.TakenAt = at(taken)
	copy(d.Identity[:], identity)
	copy(d.Part.Prefix[:], prefix)
	return d, err
}

func scanRefusal(scan func(...any) error) (drop.Drop, error) {
	d := drop.Drop{State: drop.Refused}
	var sec, nano, refused int64
	var identity []byte
	err := scan(&d.Folder, &d.Name, &d.Component, &d.Size, &sec, &nano, &identity, &d.Reason, &refused)
	d.ModTime = time.Unix(sec, nano).UTC()
	d.TakenAt = at(refused)
	copy(d.Identity[:], identity)
	return d, err
}

// one reads the first row of a query; false if there is none.
func one[T any](ctx context.Context, db querier, scan func(func(...any) error) (T, error), query string, args ...any) (v T, ok bool, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return v, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return v, false, rows.Err()
	}
	v, err = scan(rows.Scan)
	return v, err == nil, err
}

func scanID(scan func(...any) error) (id int64, err error) {
	err = scan(&id)
	return id, err
}

// querier is a pool, a transaction or reads.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// all reads every row of a query.
func all[T any](ctx context.Context, db querier, scan func(func(...any) error) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var out []T
	err = each(rows, func(r *sql.Rows) error {
		v, err := scan(r.Scan)
		out = append(out, v)
		return err
	})
	return out, err
}
