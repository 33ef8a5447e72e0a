package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/sqldb"
)

const (
	insertPath = `INSERT INTO paths (id, folder, name, newest) VALUES ($1, $2, $3, $4) ON CONFLICT (folder, name) DO NOTHING`
	selectPath = `SELECT p.id, d.version FROM paths p JOIN drops d ON d.id = p.newest WHERE p.folder = $1 AND p.name = $2`
	updatePath = `UPDATE paths SET newest = $2 WHERE id = $1`
	insertDrop = `INSERT INTO drops (id, path, version, component, size, mod_sec, mod_nano, identity, state, origin, reason, taken_at, segment,
		part_from, part_to, part_line, prefix, dialect, first, last, live, ` + countColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
		$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33)`
	insertBlock = `INSERT INTO blocks (component, slot, "drop", released, segment, pos, length, n_rows, n_values, first, last, tails)
		VALUES ($1, $2, $3, FALSE, $4, $5, $6, $7, $8, $9, $10, $11)`
	upsertSegment = `INSERT INTO segments (name, live) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET live = segments.live + excluded.live RETURNING id`
	updateLatest  = `UPDATE sensors SET latest = $2 WHERE id = $1`
	deleteRefusal = `DELETE FROM refusals WHERE folder = $1 AND name = $2`
)

// CommitTaken makes the drops of a batch taken, all or none, and returns them
// with their IDs, which ascend in the order of the batch. Their segments must be
// durable. A drop that is committed again becomes a new version of its path. One
// that the ledger can never take does not keep the others back: it comes back
// refused, with ID 0 and the reason.
func (l *Ledger) CommitTaken(ctx context.Context, batch []drop.Taking) ([]drop.Drop, error) {
	if len(batch) == 0 {
		return []drop.Drop{}, nil
	}
	refused := make(map[int]string)
	for {
		out, err := l.commitTaken(ctx, batch, refused)
		var bad *rejection
		if errors.As(err, &bad) && refused[bad.index] == "" {
			refuse(batch, bad, refused)
			continue
		}
		if err != nil {
			return nil, err
		}
		l.remember(ctx, out)
		return out, nil
	}
}

func (l *Ledger) commitTaken(ctx context.Context, batch []drop.Taking, refused map[int]string) ([]drop.Drop, error) {
	out := make([]drop.Drop, len(batch))
	err := l.write(ctx, "commit drops", func(t *tx) error {
		c := taking{tx: t, segments: make(map[string]int64), dialects: make(map[string]int64), states: make(map[drop.State]int64)}
		good := batch
		if len(refused) > 0 {
			good = nil
			for i := range batch {
				if refused[i] == "" {
					good = append(good, batch[i])
				}
			}
		}
		if err := c.prepare(good); err != nil {
			return err
		}
		for i := range batch {
			var err error
			if out[i] = batch[i].Drop; refused[i] != "" {
				out[i].State, out[i].Reason, out[i].Counts, out[i].Part, out[i].Segment = drop.Refused, refused[i], drop.Counts{}, drop.Part{}, ""
				err = c.refuse(out[i])
			} else if out[i], err = c.commit(&batch[i]); sqldb.Rejected(err) {
				err = &rejection{i, err}
			} else if bad := (*rejection)(nil); errors.As(err, &bad) {
				bad.index = i
			}
			if err != nil {
				return fmt.Errorf("%s: %w", batch[i].Drop.Name, err)
			}
		}
		return c.finish(good)
	})
	return out, err
}

// remember has ByIdentity find what was committed.
func (l *Ledger) remember(ctx context.Context, drops []drop.Drop) {
	if !l.origins.add(drops) {
		return
	}
	if err := l.origins.load(context.WithoutCancel(ctx), l.db.Read); err != nil {
		l.log.Warn("ledger's identities cannot be read: each drop's is looked up", zap.Error(err))
	}
}

// taking is the work of one CommitTaken.
type taking struct {
	*tx
	segments map[string]int64 // name to number
	dialects map[string]int64
	states   map[drop.State]int64
	refused  bool // some path is refused
}

// prepare enters the segments with the number of blocks they will have.
func (c *taking) prepare(batch []drop.Taking) error {
	for _, b := range batch {
		for _, ref := range b.Blocks {
			c.segments[ref.File]++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.segments)) {
		var id int64
		if _, err := c.get(upsertSegment, []any{name, c.segments[name]}, &id); err != nil {
			return err
		}
		c.segments[name] = id
		c.changed = true
	}
	_, err := c.get(`SELECT EXISTS (SELECT 1 FROM refusals)`, nil, &c.refused)
	return err
}

func (c *taking) commit(b *drop.Taking) (drop.Drop, error) {
	d := b.Drop
	folder, err := c.folder(d.Folder)
	if err != nil {
		return d, err
	}
	c.head.lastDrop++
	d.ID = c.head.lastDrop
	if err := c.place(folder, &d); err != nil {
		return d, err
	}
	if d.State == "" {
		d.State = drop.Taken
	}
	describe(&d, b.Blocks)
	n := d.Counts
	if sum := n.Windowed + n.Late + n.Older + n.Ahead + n.Ambiguous + n.Bad + n.Open; sum != n.Rows {
		return d, &rejection{err: fmt.Errorf("%d rows were read, but %d are accounted for", n.Rows, sum)}
	}
	dialect, err := c.dialect(d.Part.Dialect)
	if err != nil {
		return d, err
	}
	args := []any{
		d.ID, d.PathID, d.Version, d.Component, d.Size, d.ModTime.Unix(), int64(d.ModTime.Nanosecond()), d.Identity[:], string(d.State), d.State == drop.Taken,
		d.Reason, ns(d.TakenAt), c.segments[d.Segment], d.Part.From, d.Part.To, d.Part.Line, d.Part.Prefix[:], dialect, d.First, d.Last, int64(len(b.Blocks)),
	}
	if _, err := c.exec(insertDrop, append(args, countArgs(n)...)...); err != nil {
		return d, err
	}
	for _, ref := range b.Blocks {
		if err := c.block(d.ID, ref); err != nil {
			return d, err
		}
	}
	c.states[d.State]++
	c.head.sum = plus(c.head.sum, n)
	c.head.lastTaken = max(c.head.lastTaken, ns(d.TakenAt))
	return d, nil
}

// describe fills what the blocks tell of their drop.
func describe(d *drop.Drop, blocks []segment.Ref) {
	d.Counts.Open = 0
	for _, ref := range blocks {
		d.Counts.Open += ref.Rows
	}
	if len(blocks) == 0 {
		return
	}
	if d.Segment == "" {
		d.Segment = blocks[0].File
	}
	if d.First == 0 && d.Last == 0 {
		d.First, d.Last = blocks[0].First, blocks[0].Last
		for _, ref := range blocks[1:] {
			d.First, d.Last = min(d.First, ref.First), max(d.Last, ref.Last)
		}
	}
}

// place finds the drop's path and version.
func (c *taking) place(folder int64, d *drop.Drop) error {
	n, err := c.exec(insertPath, c.head.lastPath+1, folder, d.Name, d.ID)
	if err != nil {
		return err
	}
	if n == 1 {
		c.head.lastPath++
		d.PathID, d.Version = c.head.lastPath, 1
	} else {
		if _, err := c.get(selectPath, []any{folder, d.Name}, &d.PathID, &d.Version); err != nil {
			return err
		}
		if d.Part.From == 0 { // what a growing file gained is of the same version: its first line for a value counts
			d.Version++
		}
		if _, err := c.exec(updatePath, d.PathID, d.ID); err != nil {
			return err
		}
	}
	if !c.refused {
		return nil
	}
	gone, err := c.exec(deleteRefusal, folder, d.Name)
	c.states[drop.Refused] -= gone
	return err
}

func (c *taking) block(id int64, ref segment.Ref) error {
	component, err := c.component(ref.Component)
	if err != nil {
		return err
	}
	tails := make([]tail, len(ref.Tails))
	for i, v := range ref.Tails {
		if v.Time > ref.Last {
			return &rejection{err: fmt.Errorf("the tail of sensor %s is newer than its block", v.Sensor)}
		}
		s, err := c.sensor(component, v.Sensor)
		if err != nil {
			return err
		}
		tails[i] = tail{sensor: s.id, time: v.Time, value: v.Value}
	}
	_, err = c.exec(insertBlock, component, ref.Slot, id, c.segments[ref.File], ref.Offset, ref.Length, ref.Rows, ref.Values, ref.First, ref.Last, packTails(tails, ref.Last))
	return err
}

// dialect keeps the description of a file's form once for all files that share it.
func (c *taking) dialect(body []byte) (int64, error) {
	if len(body) == 0 {
		return 0, nil
	}
	if id, ok := c.dialects[string(body)]; ok {
		return id, nil
	}
	var id int64
	found, err := c.get(`SELECT id FROM dialects WHERE body = $1`, []any{body}, &id)
	if err == nil && !found {
		id, err = c.insert(`INSERT INTO dialects (body) VALUES ($1)`, body)
	}
	if err == nil {
		c.dialects[string(body)] = id
	}
	return id, err
}

// finish moves the watermarks and the tallies, once per batch.
func (c *taking) finish(batch []drop.Taking) error {
	latest := make(map[string]map[string]int64)
	for _, b := range batch {
		for component, sensors := range b.Latest {
			into := latest[component]
			if into == nil {
				into = make(map[string]int64, len(sensors))
				latest[component] = into
			}
			for name, v := range sensors {
				if old, ok := into[name]; !ok || v > old {
					into[name] = v
				}
			}
		}
	}
	for _, component := range slices.Sorted(maps.Keys(latest)) {
		if err := c.watermarks(component, latest[component]); err != nil {
			return err
		}
	}
	for _, n := range newest(batch) {
		if err := c.watermark(n.Component, n.Sensors, func(string) int64 { return n.Time }); err != nil {
			return err
		}
	}
	for _, st := range slices.Sorted(maps.Keys(c.states)) {
		if err := c.tally(st, c.states[st]); err != nil {
			return err
		}
	}
	return nil
}

// newest is what the drops of a batch say of the same sensors, once.
func newest(batch []drop.Taking) []drop.Newest {
	var all []drop.Newest
	last := make(map[string]int) // of each component, in all
	for _, b := range batch {
		for _, n := range b.Newest {
			if i, ok := last[n.Component]; ok && slices.Equal(all[i].Sensors, n.Sensors) {
				all[i].Time = max(all[i].Time, n.Time)
				continue
			}
			last[n.Component] = len(all)
			all = append(all, n)
		}
	}
	return all
}

func (c *taking) watermarks(component string, latest map[string]int64) error {
	return c.watermark(component, slices.Sorted(maps.Keys(latest)), func(name string) int64 { return latest[name] })
}

func (c *taking) watermark(component string, sensors []string, newest func(name string) int64) error {
	id, err := c.tx.component(component)
	if err != nil {
		return err
	}
	for _, name := range sensors {
		s, err := c.sensor(id, name)
		if err != nil {
			return err
		}
		if newest(name) <= s.latest {
			continue
		}
		s.latest = newest(name)
		if _, err := c.exec(updateLatest, s.id, s.latest); err != nil {
			return err
		}
		c.sensors.put(sensorName{id, name}, s)
	}
	return nil
}
