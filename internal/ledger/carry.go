package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"millwright/internal/segment"
)

// foldBatch is how many blocks are folded in one transaction, so that taking
// and sealing never wait long for it.
const foldBatch = 500

const (
	selectCarry    = `SELECT s.name, c.time, c.bits FROM sensors s JOIN carries c ON c.sensor = s.id WHERE s.component = ` + componentID + ` ORDER BY s.name`
	selectFoldable = `SELECT b.id, b.last, d.path, d.version, b.tails FROM blocks b JOIN drops d ON d.id = b."drop"
		WHERE b.component = $1 AND b.slot < $2 AND b.released = 1 ORDER BY b.slot LIMIT $3`
	// The newest value wins; of equally new ones that of the path taken first,
	// and of its versions the newest.
	upsertCarry = `INSERT INTO carries (sensor, time, bits, path, version) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (sensor) DO UPDATE SET time = excluded.time, bits = excluded.bits, path = excluded.path, version = excluded.version
		WHERE excluded.time > carries.time OR (excluded.time = carries.time AND
			(excluded.path < carries.path OR (excluded.path = carries.path AND excluded.version > carries.version)))`
	deleteBlock = `DELETE FROM blocks WHERE id = $1`
)

// Carry gives the latest value of every sensor of a component in the blocks
// that were folded, by sensor name.
func (l *Ledger) Carry(ctx context.Context, component string) ([]segment.Tail, error) {
	out, err := all(ctx, l.reads, func(scan func(...any) error) (segment.Tail, error) {
		var v segment.Tail
		var bits int64
		err := scan(&v.Sensor, &v.Time, &bits)
		v.Value = math.Float64frombits(uint64(bits))
		return v, err
	}, selectCarry, component)
	if err != nil {
		return nil, fmt.Errorf("read carry of %s: %w", component, err)
	}
	return out, nil
}

// Fold replaces the released blocks of slots before the given one (Unix ns) by
// the latest values they had. Afterwards a window before it cannot be derived
// again with the same held values, so no open window may be there.
func (l *Ledger) Fold(ctx context.Context, before int64) error {
	components, err := all(ctx, l.db.Read, scanID, `SELECT id FROM components`)
	if err != nil {
		return fmt.Errorf("fold blocks: %w", err)
	}
	for _, id := range components {
		for more := true; more; {
			err := l.write(ctx, "fold blocks", func(t *tx) (err error) {
				more, err = t.fold(id, before)
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

type carried struct {
	tail
	path, version int64
}

func (c carried) beats(o carried) bool {
	switch {
	case c.time != o.time:
		return c.time > o.time
	case c.path != o.path:
		return c.path < o.path
	}
	return c.version > o.version
}

// fold does one batch and tells whether there may be more.
func (t *tx) fold(component, before int64) (bool, error) {
	rows, err := t.query(selectFoldable, component, before, foldBatch)
	if err != nil {
		return false, err
	}
	var ids []int64
	best := make(map[int64]carried)
	var scratch []tail
	err = each(rows, func(r *sql.Rows) error {
		var id, last int64
		var c carried
		var packed sql.RawBytes
		if err := r.Scan(&id, &last, &c.path, &c.version, &packed); err != nil {
			return err
		}
		var err error
		if scratch, err = unpackTails(scratch[:0], packed, last); err != nil {
			return err
		}
		for _, c.tail = range scratch {
			if old, ok := best[c.sensor]; !ok || c.beats(old) {
				best[c.sensor] = c
			}
		}
		ids = append(ids, id)
		return nil
	})
	if err != nil {
		return false, err
	}
	for _, c := range best {
		if _, err := t.exec(upsertCarry, c.sensor, c.time, int64(math.Float64bits(c.value)), c.path, c.version); err != nil {
			return false, err
		}
	}
	for _, id := range ids {
		if _, err := t.exec(deleteBlock, id); err != nil {
			return false, err
		}
	}
	return len(ids) == foldBatch, nil
}
