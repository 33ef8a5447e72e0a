package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"millwright/internal/drop"
	"millwright/internal/sqldb"
)

// head is the ledger's one row that changes with every commit.
type head struct {
	commits             int64
	lastDrop, lastPath  int64 // highest ID given
	firstStart          int64
	lastWall, lastTaken int64
	sum                 drop.Counts // over all drops ever taken
}

const countColumns = `n_rows, n_windowed, n_late, n_older, n_ahead, n_ambiguous, n_bad, n_open, n_values, n_bad_cells, n_repeated, n_same`

// countArgs are the values of countColumns.
func countArgs(c drop.Counts) []any {
	return []any{c.Rows, c.Windowed, c.Late, c.Older, c.Ahead, c.Ambiguous, c.Bad, c.Open, c.Values, c.BadCells, c.Repeated, c.Same}
}

// countDest is where countColumns are scanned to.
func countDest(c *drop.Counts) []any {
	return []any{&c.Rows, &c.Windowed, &c.Late, &c.Older, &c.Ahead, &c.Ambiguous, &c.Bad, &c.Open, &c.Values, &c.BadCells, &c.Repeated, &c.Same}
}

func plus(a, b drop.Counts) drop.Counts {
	return drop.Counts{
		Rows: a.Rows + b.Rows, Windowed: a.Windowed + b.Windowed, Late: a.Late + b.Late, Older: a.Older + b.Older,
		Ahead: a.Ahead + b.Ahead, Ambiguous: a.Ambiguous + b.Ambiguous, Bad: a.Bad + b.Bad, Open: a.Open + b.Open,
		Values: a.Values + b.Values, BadCells: a.BadCells + b.BadCells, Repeated: a.Repeated + b.Repeated, Same: a.Same + b.Same,
	}
}

const (
	selectHead = `SELECT commits, last_drop, last_path, first_start, last_wall, last_taken, ` + countColumns + ` FROM head WHERE id = 1`
	updateHead = `UPDATE head SET commits = $1, last_drop = $2, last_path = $3, first_start = $4, last_wall = $5, last_taken = $6,
		n_rows = $7, n_windowed = $8, n_late = $9, n_older = $10, n_ahead = $11, n_ambiguous = $12, n_bad = $13, n_open = $14,
		n_values = $15, n_bad_cells = $16, n_repeated = $17, n_same = $18 WHERE id = 1`
)

// rower is a connection or a pool.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func readHead(ctx context.Context, db rower) (head, error) {
	var h head
	dest := append([]any{&h.commits, &h.lastDrop, &h.lastPath, &h.firstStart, &h.lastWall, &h.lastTaken}, countDest(&h.sum)...)
	err := db.QueryRowContext(ctx, selectHead).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("read head: %w: its row is missing", sqldb.ErrDamaged)
	}
	if err != nil {
		return h, fmt.Errorf("read head: %w", err)
	}
	return h, nil
}

func (t *tx) writeHead() error {
	h := t.head
	_, err := t.exec(updateHead, append([]any{h.commits, h.lastDrop, h.lastPath, h.firstStart, h.lastWall, h.lastTaken}, countArgs(h.sum)...)...)
	return err
}

// tally moves n drops into a state, or out of it when n is negative.
func (t *tx) tally(st drop.State, n int64) error {
	if n == 0 {
		return nil
	}
	_, err := t.exec(`INSERT INTO tallies (state, drops) VALUES ($1, $2) ON CONFLICT (state) DO UPDATE SET drops = tallies.drops + excluded.drops`, string(st), n)
	return err
}
