package seal

import (
	"context"
	"slices"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/series"
)

// held are the last values before a window: what its gaps begin with. The
// sealing of a window leaves those of the next one behind, so that windows
// sealed in order need not look back.
type held struct {
	start   int64 // of the window that begins with them
	seq     int64 // highest drop that had a part in them
	exact   bool  // drops after seq were left out
	columns *columns
	last    []series.Last // by column
}

// keptHeld is how many are kept per stream: the newest window's, and those of
// the few before it that are sealed anew.
const keptHeld = 4

// keep remembers what a window begins with.
func (l *lane) keep(h held) {
	l.held = slices.DeleteFunc(l.held, func(x held) bool { return x.start == h.start || x.columns != h.columns })
	if len(l.held) == keptHeld {
		oldest := 0
		for i := range l.held {
			if l.held[i].start < l.held[oldest].start {
				oldest = i
			}
		}
		l.held = slices.Delete(l.held, oldest, oldest+1)
	}
	l.held = append(l.held, h)
}

// unhold forgets what a new block in slot may change.
func (l *lane) unhold(slot int64) {
	l.held = slices.DeleteFunc(l.held, func(h held) bool { return h.start > slot })
}

// beginWith fills last, by column, with what the job's window begins with, as
// far as the blocks up to its drop tell. It returns the highest drop that had a
// part in it, which after a restart can be above that, unless the job is exact:
// blocks that are released are not listed then, but what they had counts.
func (l *lane) beginWith(ctx context.Context, past Past, last []series.Last, j job) (int64, error) {
	start := j.live.start
	for _, h := range l.held {
		// What is kept is what all drops so far tell: that of an earlier one only
		// if none that came since had a part in it.
		if h.start == start && h.columns == l.columns && (!j.exact || h.seq <= j.seq) {
			copy(last, h.last)
			return h.seq, nil
		}
	}
	clear(last)
	look := lookBack{lane: l, last: last, start: start, slot: start, seq: j.seq, exact: j.exact}
	for _, g := range l.columns.gaps {
		if g >= 0 {
			look.missing++
		}
	}
	if look.missing == 0 {
		return 0, nil
	}
	look.best = make([]priority, len(last))
	since := segment.SlotOf(l.columns.horizon(start + int64(l.Cadence.Rate)))
	err := past.Tails(ctx, l.Component, since, start, func(b drop.Block) (bool, error) {
		return look.block(b), nil
	})
	if err != nil || look.missing <= 0 {
		return look.highest, err
	}
	carry, err := past.Carry(ctx, l.Component)
	if err != nil {
		return 0, err
	}
	look.carry(carry)
	return look.highest, nil
}

// lookBack collects the latest value of each column, newest slot first.
type lookBack struct {
	lane    *lane
	last    []series.Last
	best    []priority // of the blocks that last is from
	slot    int64      // being looked at
	found   int        // columns first found in that slot
	missing int        // columns that hold, and were not found before that slot
	start   int64
	seq     int64 // blocks of later drops came too late, unless they are released
	exact   bool  // ... and also if they are
	highest int64 // drop seen
}

func (b *lookBack) block(x drop.Block) (more bool) {
	if x.Drop > b.seq && (b.exact || !x.Released) {
		return true
	}
	if x.Slot != b.slot {
		b.missing -= b.found
		b.slot, b.found = x.Slot, 0
		if b.missing <= 0 {
			return false
		}
	}
	b.highest = max(b.highest, x.Drop)
	p := priorityOf(x)
	for _, t := range x.Tails {
		i, ok := b.lane.columns.index[t.Sensor]
		if !ok || b.lane.columns.gaps[i] < 0 || b.later(t.Time) {
			continue
		}
		l := &b.last[i]
		switch {
		case !l.OK:
			b.found++
		case segment.SlotOf(l.Time) > x.Slot, l.Time > t.Time:
			continue
		case l.Time == t.Time && !p.beats(b.best[i], b.lane.OnConflict == conflictLast):
			continue
		}
		*l, b.best[i] = series.Last{Time: t.Time, Value: t.Value, OK: true}, p
	}
	return true
}

// carry fills in what no block has any more.
func (b *lookBack) carry(tails []segment.Tail) {
	for _, t := range tails {
		if i, ok := b.lane.columns.index[t.Sensor]; ok && !b.last[i].OK && !b.later(t.Time) {
			b.last[i] = series.Last{Time: t.Time, Value: t.Value, OK: true}
		}
	}
}

// later tells of a row in the slot before the window that belongs to the
// window: the one on the border, under a label that names the start.
func (b *lookBack) later(t int64) bool { return b.lane.Cadence.Start(t) >= b.start }

const conflictLast = "last"

// priority decides between values of the same timestamp and sensor (ruling 6).
type priority struct {
	path, version int64
}

func priorityOf(b drop.Block) priority { return priority{b.PathID, b.Version} }

// beats tells whether p's value is the one to keep. Within one drop the first
// line wins, which is for the caller to see.
func (p priority) beats(q priority, last bool) bool {
	if p.path != q.path {
		return (p.path < q.path) != last
	}
	return p.version > q.version
}
