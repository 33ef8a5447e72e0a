// Package ingest turns drop folders into sealed windows: it lists, takes, seals
// and closes, in this order; of many drops it takes some while it seals others.
// It sends nothing; uploading has its own loop.
package ingest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"millwright/ingest/seal"
	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/drop"
	"millwright/internal/segment"
)

// Taker finds settled drops and makes their rows durable.
type Taker interface {
	// List looks at every drop folder once.
	List(ctx context.Context) (take.Listing, error)
	// Take reads a batch; when it returns without error its drops are taken,
	// refused or quarantined in the ledger.
	Take(ctx context.Context, batch []take.Candidate) ([]drop.Drop, []segment.Ref, error)
	// Hints delivers when a folder may have changed. Hints may get lost.
	Hints() <-chan struct{}
}

// Sealer turns taken rows into windows.
type Sealer interface {
	Took(refs []segment.Ref, at time.Time)
	Seal(ctx context.Context, now time.Time, w seal.Waiting) (sealed int, err error)
	Close(ctx context.Context, now time.Time) (closed int, err error)
	// Load reads everything from the ledger anew.
	Load(ctx context.Context, now time.Time) error
	// Asked delivers when Seal is worth it although nothing fell due.
	Asked() <-chan struct{}
	// Due is when the next Seal or Close is worth it.
	Due(now time.Time) time.Time
}

// Gate holds drops back, where they are safe, while the disk is full.
type Gate interface {
	// Room tells how many of the drops with these sizes in bytes, from the first
	// one on, may be taken now. It is called before each batch.
	Room(ctx context.Context, sizes []int64) int
}

// Site is what the agent knows and the loop asks.
type Site interface {
	ClockSettled() bool
	Slowest() time.Duration // the slowest recent upload
	// Recover is called after a batch failed: its rows may be durable, and its
	// commit may have happened. Nothing is taken until it has succeeded.
	Recover(ctx context.Context) error
	// Turned is called at the end of every pass, for the watchdog and for
	// putting away drops. It tells whether there is more to put away.
	Turned(ctx context.Context, now time.Time) (more bool)
}

// Ingester is the loop.
type Ingester struct {
	Taker  Taker
	Sealer Sealer
	Gate   Gate
	Site   Site
	Clock  clock.Clock
	Log    *zap.Logger

	held   heldBack
	unsure bool // a batch failed, and what is left of it was not looked after
}

// A batch is taken, sealed and committed together: large enough to share its
// fsyncs, small enough that deadlines are looked at between two of them.
const (
	batchFiles = 512
	batchBytes = 64 << 20
	closeEvery = 10 * time.Second // while there is more to take (real time)
)

// Run turns until ctx ends. It returns only ctx's error: whatever goes wrong in
// a pass is logged and tried again in the next.
func (i *Ingester) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	forwarded := make(chan struct{})
	go func() {
		defer close(forwarded)
		forward(ctx, i.Taker.Hints(), i.Sealer.Asked(), wake)
	}()
	defer func() { <-forwarded }()
	for {
		look, err := i.pass(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			i.Log.Error("ingest pass", zap.Error(err))
		}
		// Folders are looked at in real time, windows fall due in business time.
		timer := time.AfterFunc(time.Until(look), func() { nudge(wake) })
		err = i.Clock.Wait(ctx, i.Sealer.Due(i.Clock.Now()), wake)
		timer.Stop()
		if err != nil {
			return err
		}
	}
}

func forward(ctx context.Context, hints, asked <-chan struct{}, wake chan<- struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hints:
			nudge(wake)
		case <-asked:
			nudge(wake)
		}
	}
}

func nudge(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default:
	}
}

// pass looks at everything once and says when to look again (real time).
func (i *Ingester) pass(ctx context.Context) (look time.Time, err error) {
	look = time.Now().Add(time.Second)
	listing, err := i.Taker.List(ctx)
	if err != nil {
		return look, err
	}
	var errs []error
	left, closed := listing.Candidates, time.Now()
	if i.unsure {
		if err := i.recover(ctx); err != nil {
			errs, left = append(errs, err), nil // they stay where they are, and hold no window back
		}
	}
	oldest := true // no drop was held back
	for taken := false; len(left) > 0 && ctx.Err() == nil; {
		batch := cut(left)
		batch = batch[:i.Gate.Room(ctx, sizes(batch))]
		if len(batch) == 0 { // what is held back stays where it is, and holds no window back
			left, oldest = i.held.pass(left, time.Now(), oldest), false
			continue
		}
		drops, refs, err, sealing := i.take(ctx, batch, left, taken)
		errs = append(errs, sealing)
		if err != nil {
			errs, left = append(errs, err, i.recover(ctx)), nil
			break
		}
		i.took(drops, refs)
		left, taken = left[len(batch):], true
		if time.Since(closed) > closeEvery && len(left) > 0 {
			errs = append(errs, i.seal(ctx, left), i.close(ctx))
			closed = time.Now()
		}
	}
	if oldest && len(left) == 0 && !i.unsure {
		i.held = heldBack{}
	}
	errs = append(errs, i.seal(ctx, left), i.close(ctx))
	if i.Site.Turned(ctx, i.Clock.Now()) {
		return time.Now(), errors.Join(errs...)
	}
	if err := errors.Join(errs...); err != nil {
		return look, err
	}
	return listing.Next, nil
}

// take takes a batch, and meanwhile seals the components of the batch before of
// which nothing is in left: their deadlines do not wait, and while one of the
// two waits for the disk, the other has work for the cores. The sealer learns of
// this batch when both are done.
func (i *Ingester) take(ctx context.Context, batch, left []take.Candidate, before bool) (drops []drop.Drop, refs []segment.Ref, taking, sealing error) {
	sealed := make(chan error, 1)
	if before {
		go func() { sealed <- i.seal(ctx, left) }()
	} else {
		sealed <- nil
	}
	drops, refs, taking = i.Taker.Take(ctx, batch)
	return drops, refs, taking, <-sealed
}

func (i *Ingester) took(drops []drop.Drop, refs []segment.Ref) {
	i.Sealer.Took(refs, i.Clock.Now())
	for _, d := range drops {
		level := zap.DebugLevel
		if d.State == drop.Quarantined || d.State == drop.Refused || d.Counts.Bad+d.Counts.BadCells+d.Counts.Ambiguous+d.Counts.Ahead > 0 {
			level = zap.WarnLevel // some of it could not be used
		}
		i.Log.Log(level, "drop", zap.String("drop", d.Name), zap.String("component", d.Component), zap.String("state", string(d.State)), zap.Int64("rows", d.Counts.Rows),
			zap.Int64("quarantined_rows", d.Counts.Bad+d.Counts.Ambiguous+d.Counts.Ahead), zap.Int64("bad_cells", d.Counts.BadCells), zap.String("reason", d.Reason))
	}
}

// recover looks after a batch that failed: what of it is durable is taken over,
// and the sealer learns of it.
func (i *Ingester) recover(ctx context.Context) error {
	i.unsure = true
	if err := i.Site.Recover(ctx); err != nil {
		return fmt.Errorf("recover what was taken: %w", err)
	}
	if err := i.Sealer.Load(ctx, i.Clock.Now()); err != nil {
		return fmt.Errorf("recover what was taken: %w", err)
	}
	i.unsure = false
	return nil
}

// seal seals what may be. Components with settled drops in left are
// held back: nothing is sealed over an unread drop of an earlier listing (ruling 4).
func (i *Ingester) seal(ctx context.Context, left []take.Candidate) error {
	now := i.Clock.Now()
	w := seal.Waiting{ClockSettled: i.Site.ClockSettled(), Slowest: i.Site.Slowest(), Components: map[string]bool{}}
	for _, c := range left {
		if c.Component == "" {
			w.All = true
		}
		w.Components[c.Component] = true
	}
	_, err := i.Sealer.Seal(ctx, now, w)
	return err
}

// close closes what may be. It follows seal, and drops are not taken meanwhile:
// all rows of a slot that are in the ledger are accounted for at once, and the
// sealer has to know of them.
func (i *Ingester) close(ctx context.Context) error {
	_, err := i.Sealer.Close(ctx, i.Clock.Now())
	return err
}

// cut gives the first batch of what is left.
func cut(left []take.Candidate) []take.Candidate {
	var bytes int64
	for n, c := range left {
		if n == batchFiles || n > 0 && bytes+c.Size > batchBytes {
			return left[:n]
		}
		bytes += c.Size
	}
	return left
}

func sizes(batch []take.Candidate) []int64 {
	all := make([]int64, len(batch))
	for n, c := range batch {
		all[n] = c.Size
	}
	return all
}
