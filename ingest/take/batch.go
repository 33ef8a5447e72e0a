package take

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
	"millwright/internal/drop"
	"millwright/internal/segment"
)

// lane names drops that are read one after the other, because the pass of a
// repeated hour is told by the last stamp of the same source.
type lane struct {
	folder    int
	component string
}

// Take reads a batch of candidates, at most 512 or so at a time. When it returns
// without error, every one of them is taken, a repeat, quarantined or refused in
// the ledger, or was not whole after all and will be listed again. It gives the
// drops, refused ones with ID 0, and the blocks that are new. After an error
// none is taken and all may be tried again.
func (t *Taker) Take(ctx context.Context, batch []Candidate) ([]drop.Drop, []segment.Ref, error) {
	outcomes := make([]outcome, len(batch))
	if err := t.read(ctx, batch, outcomes); err != nil {
		return nil, nil, fmt.Errorf("take drops: %w", err)
	}
	// A crash up to here leaves segments that the ledger does not know; their
	// drops are still in their folders and are taken again.
	takings := make([]drop.Taking, 0, len(outcomes))
	var refused []drop.Drop
	for i := range outcomes {
		o := &outcomes[i]
		switch {
		case o.refused:
			if err := t.ledger.Refuse(ctx, o.taking.Drop); err != nil {
				return nil, nil, fmt.Errorf("take drops: %w", err)
			}
			refused = append(refused, o.taking.Drop)
		case o.later == nil:
			takings = append(takings, o.taking)
		}
	}
	taken, err := t.ledger.CommitTaken(ctx, takings)
	if err != nil {
		return nil, nil, fmt.Errorf("take drops: %w", err)
	}
	// From here on nothing needs the drops again.
	refs := t.remember(batch, outcomes, taken)
	return append(taken, refused...), refs, nil
}

// read lets the workers read the batch; everything is durable when it returns
// without error, and gone otherwise.
func (t *Taker) read(ctx context.Context, batch []Candidate, outcomes []outcome) error {
	lanes := t.lanes(batch)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	seen := &claims{first: map[[32]byte]int{}}
	next := make(chan []int, len(lanes))
	for _, l := range lanes {
		next <- l
	}
	close(next)
	var wg sync.WaitGroup
	for _, w := range t.workers[:min(workers, len(lanes))] {
		w.begin()
		wg.Go(func() {
			for l := range next {
				if err := t.lane(ctx, w, batch, outcomes, l, seen); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if err := t.close(context.Cause(ctx)); err != nil {
		return err
	}
	twins(outcomes)
	return nil
}

// lane reads candidates one after the other.
func (t *Taker) lane(ctx context.Context, w *worker, batch []Candidate, outcomes []outcome, l []int, seen *claims) error {
	last, err := t.lastStamp(ctx, &batch[l[0]])
	if err != nil {
		return err
	}
	for _, i := range l {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if outcomes[i], err = w.take(ctx, &batch[i], last, claim{seen, i}); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(batch[i].Folder, batch[i].Name), err)
		}
		if d := outcomes[i].taking.Drop; d.Last != 0 {
			last = d.Last
		}
	}
	return nil
}

// close makes the segments of the batch durable, together, unless err says that
// there is nothing to keep. Of a batch that fails some may be durable.
func (t *Taker) close(err error) error {
	aside, keep := false, err == nil
	var errs [workers]error
	var wg sync.WaitGroup
	for i, w := range t.workers {
		aside = aside || w.aside
		wg.Go(func() { errs[i] = w.end(keep) })
	}
	wg.Wait()
	if err = errors.Join(err, errors.Join(errs[:]...)); err == nil && aside {
		err = atomicfile.SyncDir(t.dirs.Quarantine)
	}
	return err
}

// lanes splits the batch into runs that may be read at the same time, in order.
func (t *Taker) lanes(batch []Candidate) [][]int {
	lanes := make([][]int, 0, len(batch))
	at := map[lane]int{}
	for i, c := range batch {
		if !c.folder.localTime {
			lanes = append(lanes, []int{i})
			continue
		}
		key := lane{c.folder.index, c.Component}
		if k, ok := at[key]; ok {
			lanes[k] = append(lanes[k], i)
			continue
		}
		at[key] = len(lanes)
		lanes = append(lanes, []int{i})
	}
	return lanes
}

// lastStamp gives the newest stamp taken from the candidate's source, 0 for none
// or where nobody needs it.
func (t *Taker) lastStamp(ctx context.Context, c *Candidate) (int64, error) {
	if !c.folder.localTime {
		return 0, nil
	}
	t.lastMu.Lock()
	defer t.lastMu.Unlock()
	key := lane{c.folder.index, c.Component}
	if last, ok := t.last[key]; ok || c.Component == "" {
		return last, nil
	}
	sensors, err := t.ledger.Sensors(ctx, c.Component)
	if err != nil {
		return 0, err
	}
	last := int64(0)
	for _, at := range sensors {
		last = max(last, at)
	}
	t.last[key] = last
	return last, nil
}

// remember notes what became of the batch, in memory, and gives the new blocks.
func (t *Taker) remember(batch []Candidate, outcomes []outcome, taken []drop.Drop) []segment.Ref {
	refs := make([]segment.Ref, 0, len(taken))
	n := 0
	for i := range outcomes {
		o, c := &outcomes[i], &batch[i]
		path, now := t.files.path(c.folder.index, c.Name), t.files.stat(c.Size, c.ModTime)
		switch {
		case o.later != nil:
			t.files.postpone(path, now, o.later.hold, t.wall(), o.later.why)
		case o.refused:
			t.files.done(path, now)
			if t.Refusals.news(c, &o.taking.Drop) {
				t.log.Warn("drop refused", zap.String("drop", filepath.Join(c.Folder, c.Name)), zap.String("reason", o.taking.Drop.Reason))
			}
		case taken[n].ID == 0:
			t.files.done(path, now)
			if t.Refusals.news(c, &taken[n]) {
				t.log.Error("drop refused", zap.String("drop", filepath.Join(c.Folder, c.Name)), zap.String("reason", taken[n].Reason))
			}
			n++
		default:
			t.files.done(path, t.files.stat(o.taking.Drop.Size, c.ModTime))
			if o.rest {
				t.files.postpone(path, now, holdStill, t.wall(), nil)
			}
			for _, ref := range o.taking.Blocks {
				ref.Drop = taken[n].ID
				refs = append(refs, ref)
			}
			if c.folder.localTime && taken[n].Last != 0 {
				t.last[lane{c.folder.index, c.Component}] = taken[n].Last
			}
			n++
		}
	}
	return refs
}
