// Package results brings inference results from the bucket to the site: it
// looks for them, checks them, writes them down, pairs every window with its
// result or with the reason why it has none, and makes events and alarms of
// them. It computes no score, and sends nothing to anyone: that is its sinks'.
//
// What is on site after a crash: a result's file is whole and durable before
// the ledger says that it is delivered, in the same transaction as the events
// and messages that follow from it. A kill between the two leaves a file that
// is fetched again and written over by the same bytes.
package results

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/clock"
	"millwright/internal/event"
	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// Ledger is what is remembered. A step is entered wholly or not at all.
type Ledger interface {
	Runs(ctx context.Context, scheduler string, streams []window.ID, from, to int64) ([]window.Run, error)
	Outcomes(ctx context.Context, f window.OutcomeFilter) ([]window.Outcome, error)
	Followed(ctx context.Context, scheduler string) ([]byte, error)
	CommitStep(ctx context.Context, s outbox.Step) error
	Pruner
	Evictor
}

// Pruner is the part of the ledger that forgets.
type Pruner interface {
	PruneResults(ctx context.Context, scheduler string, before time.Time) error
	PruneMessages(ctx context.Context, before time.Time, sinks []string) error
	EachFollowed(ctx context.Context, fn func(scheduler string, state []byte)) error
}

// Store is the part of objstore.Client that is needed. Errors are told apart
// with objstore.KindOf.
type Store interface {
	Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error)
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
}

// Service says what became of runs. It is asked only for windows without result.
type Service interface {
	List(ctx context.Context, scheduler string, from, to int64) (map[int64]executions.Execution, error)
}

// Board shows conditions to people until they are cleared.
type Board interface {
	Stand(ctx context.Context, scope, code, text, remedy string)
	Clear(ctx context.Context, scope, code string)
}

// Scheduler is an inference scheduler with its settings resolved.
type Scheduler struct {
	Name           string
	Bucket, Prefix string // of its output; without a bucket it is not followed
	Cadence        window.Cadence
	Streams        []window.ID   // one per component; Start is not used. Of a shared object, the stream that writes it
	Timeout        time.Duration // after the later of wake-up and upload a window without result is missing
	Keep           time.Duration // of windows; 0: for ever
	Late           time.Duration // results of windows up to this age are looked for every hour; at most 30 days
	Rule           event.Rule
}

// Settings of Results. All but Dir may be zero.
type Settings struct {
	Dir     string            // state_dir
	Limits  resultline.Limits // of one object
	Sinks   []string          // cursors of those that read messages: what all have passed is forgotten
	Service Service           // nil: nobody is asked
	Version string            // of the program: what an earlier one could not use is looked at again
	// Settled tells whether the clock is trusted; while it is not, no time-out passes.
	Settled func() bool
	// Turned is called often by each scheduler's loop, Sent after new messages, Grew
	// with the bytes that a result takes on site.
	Turned func(scheduler string)
	Sent   func()
	Grew   func(bytes int64)
}

// Results is made by New and runs once.
type Results struct {
	schedulers []Scheduler
	ledger     Ledger
	store      Store
	board      Board
	clock      clock.Clock
	set        Settings
	log        *zap.Logger
	onSite     sync.Mutex // held while a file on site and what the ledger says of it change
}

// New starts nothing.
func New(schedulers []Scheduler, ledger Ledger, store Store, board Board, clk clock.Clock, set Settings, log *zap.Logger) *Results {
	schedulers = slices.Clone(schedulers)
	for i := range schedulers {
		schedulers[i].Late = min(schedulers[i].Late, horizon)
	}
	if set.Limits.Bytes <= 0 {
		set.Limits.Bytes = 64 << 20
	}
	if set.Settled == nil {
		set.Settled = func() bool { return true }
	}
	if set.Turned == nil {
		set.Turned = func(string) {}
	}
	if set.Sent == nil {
		set.Sent = func() {}
	}
	if set.Grew == nil {
		set.Grew = func(int64) {}
	}
	return &Results{schedulers: schedulers, ledger: ledger, store: store, board: board, clock: clk, set: set, log: log}
}

// Run follows every scheduler until ctx ends. It returns only ctx's error.
func (r *Results) Run(ctx context.Context) error {
	r.sweep()
	var wg sync.WaitGroup
	for i := range r.schedulers {
		if r.schedulers[i].Bucket == "" {
			continue
		}
		f := newFollower(r, &r.schedulers[i])
		wg.Go(func() { f.run(ctx) })
	}
	wg.Go(func() { r.keep(ctx) })
	wg.Wait()
	<-ctx.Done()
	return ctx.Err()
}

// over tells whether an error only means that the work has been stopped.
func over(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, context.Canceled)
}
