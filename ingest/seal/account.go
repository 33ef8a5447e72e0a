package seal

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

const slotLength = int64(segment.Slot)

// view is how one stream saw the rows of a slot: two windows may share it.
type view struct {
	lane  *lane
	split int64 // rows from here on are of the second window
	seq   [2]int64
	start [2]int64
	clean bool
}

func (v *view) at(t int64) int {
	if t >= v.split {
		return 1
	}
	return 0
}

// views tells what each stream has considered of a slot.
func (c *component) views(slot int64) []view {
	out := make([]view, 0, len(c.lanes))
	for _, l := range c.lanes {
		first, last := l.covering(slot)
		v := view{lane: l, split: math.MaxInt64, start: [2]int64{first, last}, clean: true}
		if last != first {
			v.split = slot + slotLength
		}
		for i, start := range v.start {
			v.seq[i] = math.MaxInt64 // no such window: no row is of it
			switch w := l.windows[start]; {
			case w == nil:
				v.clean = false
			case w.kept:
				v.seq[i], v.clean = 0, false
			default:
				v.seq[i], v.clean = w.seq, v.clean && w.clean
			}
		}
		out = append(out, v)
	}
	return out
}

// account finds out what became of every row of a slot that no stream needs any
// more, and adds it to the batch. Blocks that cannot be read count as bad once
// Settings.Damaged has seen to them. What was already added for the slot goes
// with the batch, hence errStartOver.
func (b *closingBatch) account(ctx context.Context, c *component, slot int64) error {
	blocks, err := b.sealer.ledger.Blocks(ctx, c.name, slot, slot+1)
	if err != nil {
		return err
	}
	blocks = slices.DeleteFunc(blocks, func(x drop.Block) bool {
		if x.Drop <= c.seq && c.damaged[slot][x.Drop] {
			b.shared.Release = append(b.shared.Release, window.Release{Drop: x.Drop, Component: c.name, Slot: slot, Bad: x.Rows})
			return true
		}
		return x.Drop > c.seq
	})
	a := accounting{batch: b, component: c, views: c.views(slot), late: make(map[int64]int64), lost: make(map[int64]window.Lost)}
	if err := a.look(ctx, blocks); err != nil {
		var bad *readError
		if !errors.As(err, &bad) || !damage(err) {
			return err
		}
		if err := b.sealer.settings.damaged(ctx, bad.block, bad.err); err != nil {
			return err
		}
		if c.damaged[slot] == nil {
			c.damaged[slot] = make(map[int64]bool)
		}
		c.damaged[slot][bad.block.Drop] = true
		b.sealer.log.Error("rows cannot be read from the spool: they are in no window and count as bad",
			zap.Int64("drop", bad.block.Drop), zap.String("component", c.name), zap.String("segment", bad.block.File), zap.Int64("rows", bad.block.Rows), zap.Error(bad.err))
		return errStartOver
	}
	for _, x := range blocks {
		late := a.late[x.Drop] // the others are in the object of at least one stream
		b.shared.Release = append(b.shared.Release, window.Release{Drop: x.Drop, Component: c.name, Slot: slot, Windowed: x.Rows - late, Late: late})
	}
	a.finish()
	b.gone = append(b.gone, gone{c, slot, c.seq})
	return nil
}

// errStartOver says that the batch must be given up and made again.
var errStartOver = errors.New("a slot was set aside")

// accounting is the work on one slot.
type accounting struct {
	batch     *closingBatch
	component *component
	views     []view
	parts     []part
	late      map[int64]int64 // rows, by drop
	lost      map[int64]window.Lost
	missed    map[window.ID]int64 // late rows, by window
	repeated  map[window.ID]int64
}

// look does as little as possible: most slots have neither late rows nor two
// values for one timestamp, and the last sealing has seen that.
func (a *accounting) look(ctx context.Context, blocks []drop.Block) error {
	late, clean := len(a.views) == 0, false
	for i := range a.views {
		v := &a.views[i]
		clean = clean || v.clean
		for _, x := range blocks {
			late = late || x.Drop > min(v.seq[0], v.seq[1])
		}
	}
	if !late && clean {
		return nil
	}
	w := a.batch.worker
	var err error
	if a.parts, err = w.source.parts(blocks); err != nil {
		return err
	}
	if late {
		if err := a.lateRows(ctx); err != nil {
			return err
		}
	}
	return a.conflicts(ctx, &w.merged)
}

// fate tells whether a row was missed by a stream, then it is written to late/:
// what one model did not get is kept, whatever the others got; and whether all
// missed it, then it counts as late. Without streams there is nobody to have it.
func (a *accounting) fate(dropID, t int64) (missed, late bool) {
	missed, late = len(a.views) == 0, true
	for i := range a.views {
		if v := &a.views[i]; dropID > v.seq[v.at(t)] {
			missed = true
		} else {
			late = false
		}
	}
	return missed, late
}

func (a *accounting) lateRows(ctx context.Context) error {
	a.missed = make(map[window.ID]int64)
	for i := range a.parts {
		p := &a.parts[i]
		if len(a.views) > 0 && !slices.ContainsFunc(a.views, func(v view) bool { return p.Drop > min(v.seq[0], v.seq[1]) }) {
			continue
		}
		for _, s := range p.sections {
			if err := a.lateSection(ctx, p, s); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *accounting) lateSection(ctx context.Context, p *part, s segment.Section) error {
	times, err := s.Times(nil)
	if err != nil {
		return &readError{p.Block, err}
	}
	lines, err := s.Lines(nil)
	if err != nil {
		return &readError{p.Block, err}
	}
	missed := make([]bool, len(times))
	for i, t := range times {
		for k := range a.views {
			if v := &a.views[k]; p.Drop > v.seq[v.at(t)] {
				a.missed[v.lane.id(v.start[v.at(t)])]++
			}
		}
		var late bool
		if missed[i], late = a.fate(p.Drop, t); late {
			a.late[p.Drop]++
		}
	}
	name, err := a.batch.dropName(ctx, p.Drop)
	if err != nil {
		return err
	}
	var values []float64
	for i, sensor := range s.Sensors {
		if values, err = s.Column(i, values[:0]); err != nil {
			return &readError{p.Block, err}
		}
		for k, v := range values {
			if missed[k] && v == v {
				l := line{kind: kindLate, time: times[k], sensor: sensor, value: v, drop: name, line: lines[k]}
				l.append(a.batch.sealer.appends, a.component.name)
			}
		}
		if err := a.batch.relieve(ctx); err != nil {
			return err
		}
	}
	return nil
}

// finish hands over to the batch.
func (a *accounting) finish() {
	b := a.batch
	for id, n := range a.missed {
		b.step(id).Late += n
	}
	for id, n := range a.repeated {
		b.step(id).Repeated += n
	}
	if len(a.lost) > 0 && b.shared.Lost == nil {
		b.shared.Lost = make(map[int64]window.Lost)
	}
	for id, n := range a.lost {
		l := b.shared.Lost[id]
		b.shared.Lost[id] = window.Lost{Repeated: l.Repeated + n.Repeated, Same: l.Same + n.Same}
	}
}

// dropName is how late and repeated rows name their drop: its path below the
// drop folder.
func (b *closingBatch) dropName(ctx context.Context, id int64) (string, error) {
	if name, ok := b.names[id]; ok {
		return name, nil
	}
	d, ok, err := b.sealer.ledger.Drop(ctx, id)
	if err != nil {
		return "", err
	}
	if !ok { // cannot be while it has blocks; lines must not wait for it
		d.Name = "drop " + strconv.FormatInt(id, 10)
	}
	b.names[id] = d.Name
	return d.Name, nil
}

// sensorsOf lists the sensors of all parts in byte order.
func sensorsOf(parts []part) []string {
	names := make(map[string]bool)
	for i := range parts {
		for _, s := range parts[i].sections {
			for _, name := range s.Sensors {
				names[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}
