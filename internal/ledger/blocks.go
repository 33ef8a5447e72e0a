package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
)

const (
	componentID = `(SELECT id FROM components WHERE name = $1)`
	blockFields = `b."drop", b.slot, b.pos, b.length, b.n_rows, b.n_values, b.first, b.last, b.released, coalesce(s.name, ''), d.path, d.version, d.taken_at`
	blockTables = ` FROM blocks b JOIN drops d ON d.id = b."drop" LEFT JOIN segments s ON s.id = b.segment `

	selectLiveBlocks = `SELECT c.name, b.slot, b."drop", d.taken_at, b.last
		FROM blocks b INDEXED BY blocks_live JOIN components c ON c.id = b.component JOIN drops d ON d.id = b."drop" WHERE b.released = 0 ORDER BY b.id`
	selectBlocks = `SELECT ` + blockFields + blockTables + `WHERE b.component = ` + componentID + ` AND b.slot >= $2 AND b.slot < $3 AND b.released = 0`
	selectTails  = `SELECT ` + blockFields + `, b.tails` + blockTables + `WHERE b.component = ` + componentID + ` AND b.slot >= $2 AND b.slot < $3
		ORDER BY b.slot DESC, b."drop" DESC`
)

// LiveBlocks calls fn for every block that is not released, in the order in
// which they were taken, with the newest row in it (Unix ns). It ends at fn's
// first error.
func (l *Ledger) LiveBlocks(ctx context.Context, fn func(component string, slot int64, dropID int64, takenAt time.Time, last int64) error) error {
	rows, err := l.db.Read.QueryContext(ctx, selectLiveBlocks)
	if err != nil {
		return fmt.Errorf("list live blocks: %w", err)
	}
	return each(rows, func(r *sql.Rows) error {
		var component sql.RawBytes // the same few names, many times
		var slot, id, taken, last int64
		if err := r.Scan(&component, &slot, &id, &taken, &last); err != nil {
			return fmt.Errorf("list live blocks: %w", err)
		}
		return fn(string(component), slot, id, at(taken), last)
	})
}

// Blocks gives the blocks of a component that are not released, with slots from
// <= slot < to (Unix ns), without tails, by drop ID.
func (l *Ledger) Blocks(ctx context.Context, component string, from, to int64) ([]drop.Block, error) {
	rows, err := l.reads.QueryContext(ctx, selectBlocks, component, from, to)
	if err != nil {
		return nil, fmt.Errorf("list blocks of %s: %w", component, err)
	}
	var out []drop.Block
	err = each(rows, func(r *sql.Rows) error {
		b, err := scanBlock(r, component)
		out = append(out, b)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list blocks of %s: %w", component, err)
	}
	slices.SortFunc(out, func(a, b drop.Block) int {
		return cmp.Or(cmp.Compare(a.Drop, b.Drop), cmp.Compare(a.Slot, b.Slot))
	})
	return out, nil
}

// Tails calls fn for the blocks of a component, released ones too, with slots
// since <= slot < before (Unix ns) and with their tails in no order of meaning:
// the newest slot first and in it the newest drop. It ends when fn says false.
func (l *Ledger) Tails(ctx context.Context, component string, since, before int64, fn func(drop.Block) (bool, error)) error {
	rows, err := l.reads.QueryContext(ctx, selectTails, component, since, before)
	if err != nil {
		return fmt.Errorf("list tails of %s: %w", component, err)
	}
	defer rows.Close()
	var scratch []tail
	for rows.Next() {
		var packed sql.RawBytes
		b, err := scanBlock(rows, component, &packed)
		if err != nil {
			return fmt.Errorf("list tails of %s: %w", component, err)
		}
		if scratch, err = unpackTails(scratch[:0], packed, b.Last); err != nil {
			return fmt.Errorf("list tails of %s: drop %d: %w", component, b.Drop, err)
		}
		b.Tails = make([]segment.Tail, len(scratch))
		for i, v := range scratch {
			name, err := l.sensorName(ctx, v.sensor)
			if err != nil {
				return fmt.Errorf("list tails of %s: drop %d: %w", component, b.Drop, err)
			}
			b.Tails[i] = segment.Tail{Sensor: name, Time: v.time, Value: v.value}
		}
		if more, err := fn(b); err != nil || !more {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("list tails of %s: %w", component, err)
	}
	return nil
}

// sensorName gives the name behind a number. A reader can see a change before
// its names are known here; then it waits for the writer to be done with it.
func (l *Ledger) sensorName(ctx context.Context, id int64) (string, error) {
	name, ok := l.sensors.get(id)
	if ok {
		return name, nil
	}
	if l.mark != nil {
		l.mu.Lock()
		name, ok = l.sensors.get(id)
		l.mu.Unlock()
	} else {
		err := l.db.Read.QueryRowContext(ctx, `SELECT name FROM sensors WHERE id = $1`, id).Scan(&name)
		if err != nil {
			return "", fmt.Errorf("look up sensor %d: %w", id, err)
		}
		l.sensors.add(map[int64]string{id: name})
		ok = true
	}
	if !ok {
		return "", fmt.Errorf("sensor %d is not known", id)
	}
	return name, nil
}

func scanBlock(r *sql.Rows, component string, more ...any) (drop.Block, error) {
	b := drop.Block{Ref: segment.Ref{Component: component}}
	var taken int64
	dest := []any{&b.Drop, &b.Slot, &b.Offset, &b.Length, &b.Rows, &b.Values, &b.First, &b.Last, &b.Released, &b.File, &b.PathID, &b.Version, &taken}
	err := r.Scan(append(dest, more...)...)
	b.TakenAt = at(taken)
	return b, err
}
