package seal

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// closingBatch collects steps for one transaction.
type closingBatch struct {
	sealer *Sealer
	worker *worker
	names  map[int64]string // of drops
	order  []window.ID
	steps  map[window.ID]*window.Closing
	shared window.Closing // what belongs to no single window
	ends   []end
	gone   []gone
	closed int
}

// all closes the windows, each with the slots that it was the last to need, and
// then accounts for rows that came for windows closed before.
func (b *closingBatch) all(ctx context.Context, ended []end, now time.Time) error {
	for _, e := range ended {
		if e.live.closed {
			continue // by the attempt before
		}
		b.end(e)
		if err := b.slots(ctx, e.lane.of, e.live.start, e.lane.Cadence.End(e.live.start), now); err != nil {
			return err
		}
		if err := b.flushIf(ctx, b.full()); err != nil {
			return err
		}
	}
	for _, c := range b.sealer.components {
		if err := b.rest(ctx, c, now); err != nil {
			return err
		}
	}
	return b.flushIf(ctx, true)
}

// gone is a slot whose blocks up to a drop are accounted for.
type gone struct {
	component *component
	slot, seq int64
}

func (b *closingBatch) full() bool {
	return len(b.ends)+len(b.gone) >= steps || b.sealer.appends.full()
}

func (b *closingBatch) step(id window.ID) *window.Closing {
	c, ok := b.steps[id]
	if !ok {
		if b.steps == nil {
			b.steps = make(map[window.ID]*window.Closing)
		}
		c = &window.Closing{ID: id}
		b.steps[id], b.order = c, append(b.order, id)
	}
	return c
}

func (b *closingBatch) end(e end) {
	b.step(e.lane.id(e.live.start))
	b.ends = append(b.ends, e)
}

// rest does what is left of a component's slots.
func (b *closingBatch) rest(ctx context.Context, c *component, now time.Time) error {
	for _, slot := range slices.Sorted(maps.Keys(c.slots)) {
		if err := b.slots(ctx, c, slot, slot+1, now); err != nil {
			return err
		}
		if err := b.flushIf(ctx, b.full()); err != nil {
			return err
		}
	}
	return nil
}

// slots accounts for the slots from <= slot < to that have blocks and are needed
// by no stream, once.
func (b *closingBatch) slots(ctx context.Context, c *component, from, to int64, now time.Time) error {
	for slot := from; slot < to; slot += slotLength {
		if _, ok := c.slots[slot]; !ok || !c.idle(slot, now) {
			continue
		}
		if slices.ContainsFunc(b.gone, func(g gone) bool { return g.component == c && g.slot == slot }) {
			continue
		}
		if err := b.account(ctx, c, slot); err != nil {
			return fmt.Errorf("account for the rows of %s after %s: %w", c.name, time.Unix(0, slot).UTC().Format(time.RFC3339), err)
		}
	}
	return nil
}

// idle tells whether no stream needs the slot any more.
func (c *component) idle(slot int64, now time.Time) bool {
	for _, l := range c.lanes {
		first, last := l.covering(slot)
		if !l.finished(first, now) || !l.finished(last, now) {
			return false
		}
	}
	return true
}

// flushIf commits the batch: append, sync, then the ledger. A crash before the
// transaction leaves lines behind the committed lengths, which are cut off; one
// after it has lost nothing.
func (b *closingBatch) flushIf(ctx context.Context, wanted bool) error {
	if !wanted || len(b.ends)+len(b.gone) == 0 {
		return nil
	}
	s := b.sealer
	if err := b.write(ctx); err != nil {
		return err
	}
	appends, err := s.appends.sync()
	if err != nil {
		return err
	}
	b.shared.Appends = appends
	list := make([]window.Closing, 0, len(b.order)+1)
	for _, id := range b.order {
		list = append(list, *b.steps[id])
	}
	if err := s.ledger.CommitClosed(ctx, append(list, b.shared)); err != nil {
		s.lost = true
		return err
	}
	s.appends.committed(appends)
	b.apply()
	return nil
}

// relieve writes what is buffered once it is a lot, so that a huge late drop
// does not fill the memory.
func (b *closingBatch) relieve(ctx context.Context) error {
	if !b.sealer.appends.full() {
		return nil
	}
	return b.write(ctx)
}

// write appends what is buffered to the files.
func (b *closingBatch) write(ctx context.Context) error {
	return b.sealer.appends.flush(func(fresh []window.Append) error {
		err := b.sealer.ledger.CommitClosed(ctx, []window.Closing{{Appends: fresh}})
		if err != nil {
			b.sealer.lost = true
		}
		return err
	})
}

// apply takes the committed batch over into memory.
func (b *closingBatch) apply() {
	s := b.sealer
	for _, e := range b.ends {
		e.live.closed = true
		s.log.Debug("window closed", zap.String("scheduler", e.lane.Scheduler), zap.String("component", e.lane.Component),
			zap.Time("window", time.Unix(0, e.live.start).UTC()))
		s.discard(e.lane.id(e.live.start), e.live.generation, e.live.filed)
	}
	for _, g := range b.gone {
		if g.component.slots[g.slot] <= g.seq {
			delete(g.component.slots, g.slot)
			delete(g.component.damaged, g.slot)
		}
	}
	for _, e := range b.ends {
		e.lane.forgetClosed(e.live)
	}
	for _, g := range b.gone {
		for _, l := range g.component.lanes {
			first, last := l.covering(g.slot)
			l.forgetClosed(l.windows[first])
			l.forgetClosed(l.windows[last])
		}
	}
	b.closed += len(b.ends)
	b.order, b.ends, b.gone, b.steps, b.shared = nil, nil, nil, nil, window.Closing{}
}

// forgetClosed forgets a closed window none of whose slots has blocks.
func (l *lane) forgetClosed(w *live) {
	if w == nil || !w.closed {
		return
	}
	from, to := l.Cadence.Slots(w.start)
	for slot := from; slot < to; slot += slotLength {
		if _, ok := l.of.slots[slot]; ok {
			return
		}
	}
	l.forget(w)
}
