package seal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// book is what the tests need of a ledger beside what a Sealer does.
type book interface {
	Ledger
	CommitTaken(ctx context.Context, batch []drop.Taking) ([]drop.Drop, error)
	Pending(ctx context.Context, after int) ([]window.Sealed, error)
	Uploaded(ctx context.Context, results []window.Result) error
}

// memory is a ledger of maps, as simple as can be.
type memory struct {
	mu      sync.Mutex
	drops   []drop.Drop
	blocks  []drop.Block
	sensors map[string]map[string]int64
	windows map[window.ID]window.Record
	lengths map[string]int64
	carry   map[string]map[string]segment.Tail
}

func newMemory() *memory {
	return &memory{
		sensors: map[string]map[string]int64{}, windows: map[window.ID]window.Record{},
		lengths: map[string]int64{}, carry: map[string]map[string]segment.Tail{},
	}
}

func (m *memory) CommitTaken(_ context.Context, batch []drop.Taking) ([]drop.Drop, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []drop.Drop
	for _, b := range batch {
		d := b.Drop
		d.ID = int64(len(m.drops)) + 1
		d.PathID, d.Version = d.ID, 1
		for _, old := range m.drops {
			if old.Folder == d.Folder && old.Name == d.Name {
				d.PathID, d.Version = old.PathID, old.Version+1
			}
		}
		for _, ref := range b.Blocks {
			ref.Drop = d.ID
			d.Counts.Open += ref.Rows
			m.blocks = append(m.blocks, drop.Block{Ref: ref, PathID: d.PathID, Version: d.Version, TakenAt: d.TakenAt})
		}
		for component, latest := range b.Latest {
			if m.sensors[component] == nil {
				m.sensors[component] = map[string]int64{}
			}
			for name, t := range latest {
				m.sensors[component][name] = max(m.sensors[component][name], t)
			}
		}
		m.drops = append(m.drops, d)
		out = append(out, d)
	}
	return out, nil
}

func (m *memory) LiveBlocks(_ context.Context, fn func(string, int64, int64, time.Time, int64) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.blocks {
		if !b.Released {
			if err := fn(b.Component, b.Slot, b.Drop, b.TakenAt, b.Last); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) Blocks(_ context.Context, component string, from, to int64) ([]drop.Block, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []drop.Block
	for _, b := range m.blocks {
		if b.Component == component && b.Slot >= from && b.Slot < to && !b.Released {
			b.Tails = nil
			out = append(out, b)
		}
	}
	return out, nil
}

func (m *memory) Sensors(_ context.Context, component string) (map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.sensors[component]), nil
}

func (m *memory) Tails(_ context.Context, component string, since, before int64, fn func(drop.Block) (bool, error)) error {
	m.mu.Lock()
	list := slices.Clone(m.blocks)
	m.mu.Unlock()
	slices.SortStableFunc(list, func(a, b drop.Block) int {
		return cmp.Or(-cmp.Compare(a.Slot, b.Slot), -cmp.Compare(a.Drop, b.Drop))
	})
	for _, b := range list {
		if b.Component != component || b.Slot < since || b.Slot >= before {
			continue
		}
		if more, err := fn(b); err != nil || !more {
			return err
		}
	}
	return nil
}

func (m *memory) Carry(_ context.Context, component string) ([]segment.Tail, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.carry[component])), nil
}

// Fold folds paths taken first before others, which is right as long as a
// test's slots are folded together.
func (m *memory) Fold(_ context.Context, before int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	best := map[[2]string]drop.Block{}
	m.blocks = slices.DeleteFunc(m.blocks, func(b drop.Block) bool {
		if b.Slot >= before || !b.Released {
			return false
		}
		if m.carry[b.Component] == nil {
			m.carry[b.Component] = map[string]segment.Tail{}
		}
		for _, t := range b.Tails {
			k := [2]string{b.Component, t.Sensor}
			old, ok := m.carry[b.Component][t.Sensor]
			if !ok || t.Time > old.Time || t.Time == old.Time && priorityOf(b).beats(priorityOf(best[k]), false) {
				m.carry[b.Component][t.Sensor], best[k] = t, b
			}
		}
		return true
	})
	return nil
}

func (m *memory) LiveWindows(context.Context) ([]window.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []window.Record
	for _, r := range m.windows {
		if !r.Closed {
			out = append(out, r)
		}
	}
	return out, nil
}

func (m *memory) Window(_ context.Context, id window.ID) (window.Record, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.windows[id]
	return r, ok, nil
}

func (m *memory) CommitSealed(_ context.Context, records []window.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		old := m.windows[r.ID]
		r.Uploaded, r.Verified, r.Unverified, r.Closed = old.Uploaded, old.Verified, old.Unverified, old.Closed
		m.windows[r.ID] = r
	}
	return nil
}

func (m *memory) CommitClosed(_ context.Context, list []window.Closing) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range list {
		if s.ID.Scheduler != "" {
			r := m.windows[s.ID]
			r.ID, r.Closed = s.ID, true
			r.Late += s.Late
			r.Repeated += s.Repeated
			m.windows[s.ID] = r
		}
		for id, lost := range s.Lost {
			m.drops[id-1].Counts.Repeated += lost.Repeated
			m.drops[id-1].Counts.Same += lost.Same
		}
		for _, a := range s.Appends {
			m.lengths[a.Path] = a.Length
		}
		for _, r := range s.Release {
			if err := m.release(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *memory) release(r window.Release) error {
	for i := range m.blocks {
		b := &m.blocks[i]
		if b.Component != r.Component || b.Slot != r.Slot || b.Drop != r.Drop {
			continue
		}
		if b.Released {
			return errors.New("block is released twice")
		}
		if r.Windowed+r.Late+r.Bad != b.Rows {
			return fmt.Errorf("%d of %d rows are accounted for", r.Windowed+r.Late+r.Bad, b.Rows)
		}
		b.Released = true
		c := &m.drops[r.Drop-1].Counts
		c.Windowed += r.Windowed
		c.Late += r.Late
		c.Bad += r.Bad
		c.Open -= b.Rows
		return nil
	}
	return errors.New("no such block")
}

func (m *memory) Appended(context.Context) (map[string]int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.lengths), nil
}

func (m *memory) Drop(_ context.Context, id int64) (drop.Drop, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if id < 1 || id > int64(len(m.drops)) {
		return drop.Drop{}, false, nil
	}
	return m.drops[id-1], true, nil
}

func (m *memory) Pending(context.Context, int) ([]window.Sealed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []window.Sealed
	for _, r := range m.windows {
		if !r.Closed && r.Generation > r.Verified {
			out = append(out, r.Sealed)
		}
	}
	return out, nil
}

func (m *memory) Uploaded(_ context.Context, results []window.Result) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, x := range results {
		r := m.windows[x.ID]
		r.Uploaded = max(r.Uploaded, x.Generation)
		if x.Verified {
			r.Verified = max(r.Verified, x.Generation)
		}
		r.Unverified = x.Unverified
		m.windows[x.ID] = r
	}
	return nil
}

// errCrash is what a crashing ledger returns: the process is to start again.
var errCrash = errors.New("power cut")

// crashing fails at one commit, before or after it took effect.
type crashing struct {
	book
	at    int // commits until the crash; below 0: never
	after bool
}

func (c *crashing) commit(do func() error) error {
	if c.at == 0 && !c.after {
		c.at--
		return errCrash
	}
	err := do()
	if c.at == 0 {
		err = errCrash
	}
	c.at--
	return err
}

func (c *crashing) CommitSealed(ctx context.Context, r []window.Record) error {
	return c.commit(func() error { return c.book.CommitSealed(ctx, r) })
}

func (c *crashing) CommitClosed(ctx context.Context, s []window.Closing) error {
	return c.commit(func() error { return c.book.CommitClosed(ctx, s) })
}

func (c *crashing) Fold(ctx context.Context, before int64) error {
	return c.commit(func() error { return c.book.Fold(ctx, before) })
}
