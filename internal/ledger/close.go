package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"millwright/internal/segment"
	"millwright/internal/window"
)

const (
	// A window that was never recorded, since nothing came for it, is closed too.
	closeWindow = `INSERT INTO windows (stream, start, finish, closed, generation, done, uploaded, verified, attempts, next_try, sealed_seq, sealed_at,
			first_sealed_at, last_row_at, real_rows, held_only, silent, overdue, unverified, verified_at, wake, late, repeated, took, error_at, error, remedy,
			size, sha256, md5, etag, bucket, key, path)
		VALUES ($1, $2, $3, TRUE, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, FALSE, TRUE, FALSE, FALSE, 0, 0, $4, $5, 0, 0, '', '', 0, x'', x'', '', '', '', '')
		ON CONFLICT (stream, start) DO UPDATE SET closed = TRUE, late = windows.late + excluded.late, repeated = windows.repeated + excluded.repeated`
	updateStream = `UPDATE streams SET late = late + $2, repeated = repeated + $3 WHERE id = $1`
	releaseBlock = `UPDATE blocks SET released = TRUE WHERE component = $1 AND slot = $2 AND "drop" = $3 AND released = 0 RETURNING segment, n_rows`
	settleDrop   = `UPDATE drops SET n_windowed = n_windowed + $2, n_late = n_late + $3, n_open = n_open - $2 - $3 - $7, live = live - $4,
		n_repeated = n_repeated + $5, n_same = n_same + $6, n_bad = n_bad + $7 WHERE id = $1`
	settleSegment = `UPDATE segments SET live = live - $2 WHERE id = $1`
	upsertAppend  = `INSERT INTO appends (path, length) VALUES ($1, $2) ON CONFLICT (path) DO UPDATE SET length = excluded.length`
)

// CommitClosed commits steps of closing windows, all or none: windows are
// closed, counts are added to windows and drops, lengths of append-only files
// are committed, blocks are released. A block that was released before is
// passed over with its counts.
func (l *Ledger) CommitClosed(ctx context.Context, steps []window.Closing) error {
	if len(steps) == 0 {
		return nil
	}
	return l.write(ctx, "commit closed windows", func(t *tx) error {
		c := closing{tx: t, drops: make(map[int64]settled), segments: make(map[int64]int64)}
		for i := range steps {
			if err := c.step(&steps[i]); err != nil {
				return fmt.Errorf("%s of %s: %w", steps[i].ID.Component, steps[i].ID.Scheduler, err)
			}
		}
		return c.finish()
	})
}

// settled is what a change adds to a drop.
type settled struct {
	windowed, late, bad int64 // rows
	blocks              int64
	lost                window.Lost
}

// closing is the work of one CommitClosed. Drops and segments are written once
// at its end, however many blocks they have.
type closing struct {
	*tx
	drops    map[int64]settled
	segments map[int64]int64 // blocks released
}

func (c *closing) step(s *window.Closing) error {
	if s.ID.Scheduler != "" {
		if err := c.window(s); err != nil {
			return err
		}
	}
	for id, lost := range s.Lost {
		d := c.drops[id]
		d.lost.Repeated += lost.Repeated
		d.lost.Same += lost.Same
		c.drops[id] = d
	}
	for _, a := range s.Appends {
		if _, err := c.exec(upsertAppend, a.Path, a.Length); err != nil {
			return fmt.Errorf("length of %s: %w", a.Path, err)
		}
	}
	for i := range s.Release {
		if err := c.release(&s.Release[i]); err != nil {
			return fmt.Errorf("release block of drop %d: %w", s.Release[i].Drop, err)
		}
	}
	return nil
}

func (c *closing) window(s *window.Closing) error {
	stream, err := c.stream(s.ID.Scheduler, s.ID.Component)
	if err != nil {
		return err
	}
	if _, err := c.exec(closeWindow, stream, s.ID.Start, s.ID.Start+int64(segment.Slot), s.Late, s.Repeated); err != nil {
		return err
	}
	if s.Late != 0 || s.Repeated != 0 {
		_, err = c.exec(updateStream, stream, s.Late, s.Repeated)
	}
	return err
}

func (c *closing) release(r *window.Release) error {
	component, err := c.component(r.Component)
	if err != nil {
		return err
	}
	var segmentID, rows int64
	found, err := c.get(releaseBlock, []any{component, r.Slot, r.Drop}, &segmentID, &rows)
	if err != nil || !found {
		return err
	}
	if r.Windowed < 0 || r.Late < 0 || r.Bad < 0 || r.Windowed+r.Late+r.Bad != rows {
		return fmt.Errorf("it has %d rows, but %d in windows, %d late and %d bad are accounted for", rows, r.Windowed, r.Late, r.Bad)
	}
	c.changed = true
	c.segments[segmentID]++
	d := c.drops[r.Drop]
	d.windowed += r.Windowed
	d.late += r.Late
	d.bad += r.Bad
	d.blocks++
	c.drops[r.Drop] = d
	return nil
}

func (c *closing) finish() error {
	sum := &c.head.sum
	for _, id := range slices.Sorted(maps.Keys(c.drops)) {
		d := c.drops[id]
		n, err := c.exec(settleDrop, id, d.windowed, d.late, d.blocks, d.lost.Repeated, d.lost.Same, d.bad)
		if err != nil {
			return fmt.Errorf("settle drop %d: %w", id, err)
		}
		if n == 0 {
			continue // pruned
		}
		sum.Windowed += d.windowed
		sum.Late += d.late
		sum.Bad += d.bad
		sum.Open -= d.windowed + d.late + d.bad
		sum.Repeated += d.lost.Repeated
		sum.Same += d.lost.Same
	}
	for _, id := range slices.Sorted(maps.Keys(c.segments)) {
		if _, err := c.exec(settleSegment, id, c.segments[id]); err != nil {
			return err
		}
	}
	return nil
}

// Appended gives the committed length (bytes) of every append-only file, by
// path relative to state_dir. What follows in the file was never committed.
func (l *Ledger) Appended(ctx context.Context) (map[string]int64, error) {
	list, err := all(ctx, l.db.Read, func(scan func(...any) error) (window.Append, error) {
		var a window.Append
		err := scan(&a.Path, &a.Length)
		return a, err
	}, `SELECT path, length FROM appends`)
	if err != nil {
		return nil, fmt.Errorf("list append-only files: %w", err)
	}
	out := make(map[string]int64, len(list))
	for _, a := range list {
		out[a.Path] = a.Length
	}
	return out, nil
}

// ForgetAppended forgets an append-only file that was pruned.
func (l *Ledger) ForgetAppended(ctx context.Context, path string) error {
	return l.write(ctx, "forget "+path, func(t *tx) error {
		_, err := t.exec(`DELETE FROM appends WHERE path = $1`, path)
		return err
	})
}
