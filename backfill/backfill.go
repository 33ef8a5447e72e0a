// Package backfill turns history into window objects or training data, once:
// it reads files that somebody names, keeps its state apart from the daemon's,
// goes on where it was killed, and replaces nothing in a bucket without being
// told to. It changes no file that it reads.
package backfill

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/ingest/seal"
	"millwright/internal/objstore"
)

// As is what history becomes.
type As string

const (
	Inference As = "inference" // window objects below the input prefix
	Training  As = "training"  // one object per component and month
)

// Options are one command. Paths is required.
type Options struct {
	Paths     []string      // files and folders
	As        As            // default Inference
	Scheduler string        // "": all
	Component string        // of every file; "": as the drop folder's rule says
	From, To  time.Time     // only windows, or rows of training data, that lie between them; zero: no bound
	Dest      *Place        // instead of the configured bucket and prefix
	RateLimit int64         // bytes per second to the store; 0: none
	Replace   bool          // inference objects of other content are replaced
	DryRun    bool          // nothing is sent, and nothing written but scratch files that are gone at the end
	Patience  time.Duration // how long the store is tried again without success; default 10 minutes
	Jobs      int           // goroutines that read a file; default: number of cores
}

// Place is where objects go.
type Place struct{ Bucket, Prefix string }

// Store is the part of objstore.Client that is used.
type Store interface {
	Put(ctx context.Context, o objstore.Object) (objstore.Info, error)
	PutFile(ctx context.Context, o objstore.Object) (objstore.Info, error)
	Head(ctx context.Context, bucket, key string) (objstore.Info, error)
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
}

var _ Store = (*objstore.Client)(nil)

// Backfill is made by New and may run several commands, one after the other.
type Backfill struct {
	Progress Progress         // default: none
	Now      func() time.Time // wall time; default time.Now

	cfg     *config.Config
	streams []seal.Stream
	store   Store
	log     *zap.Logger
}

// New touches nothing. streams are those of the daemon; the configuration has
// been loaded, and so checked.
func New(cfg *config.Config, streams []seal.Stream, store Store, log *zap.Logger) *Backfill {
	return &Backfill{Progress: silent{}, Now: time.Now, cfg: cfg, streams: streams, store: store, log: log}
}

// Run does the command. The summary is good, as far as the work went, with an
// error too. Errors that are no failure are of the kinds below.
func (b *Backfill) Run(ctx context.Context, o Options) (*Summary, error) {
	if o.As == "" {
		o.As = Inference
	}
	if o.Patience <= 0 {
		o.Patience = 10 * time.Minute
	}
	if o.Jobs <= 0 {
		o.Jobs = runtime.NumCPU()
	}
	sum := &Summary{As: o.As, DryRun: o.DryRun}
	if err := b.check(o); err != nil {
		return sum, err
	}
	begun := time.Now()
	run := b.inference
	if o.As == Training {
		run = b.training
	}
	err := run(ctx, o, sum)
	sum.Seconds = time.Since(begun).Seconds()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: it was interrupted", ErrPartly)
	}
	return sum, err
}

// Kinds of errors, for errors.Is.
var (
	// ErrUsage: the command contradicts itself or names what is not there.
	ErrUsage = errors.New("wrong usage")
	// ErrConfig: the configuration lacks what the command needs.
	ErrConfig = errors.New("bad configuration")
	// ErrPartly: the same command again goes on.
	ErrPartly = errors.New("only a part is done, the same command again goes on")
)

func usage(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUsage, fmt.Sprintf(format, args...))
}

// check finds what is wrong with a command before anything is read.
func (b *Backfill) check(o Options) error {
	switch {
	case len(o.Paths) == 0:
		return usage("name at least one file or folder")
	case o.As != Inference && o.As != Training:
		return usage("--as %q: use inference or training", o.As)
	case !o.From.IsZero() && !o.To.IsZero() && !o.From.Before(o.To):
		return usage("--from must be before --to")
	case o.As == Training && o.Replace:
		return usage("--replace is for inference: training objects of other content get one beside them")
	case len(b.cfg.Drops) == 0:
		return fmt.Errorf("%w: it has no drops, whose settings say how files are read", ErrConfig)
	}
	if o.Scheduler == "" {
		return nil
	}
	var names []string
	for i := range b.cfg.Schedulers {
		if b.cfg.Schedulers[i].Name == o.Scheduler {
			return nil
		}
		names = append(names, b.cfg.Schedulers[i].Name)
	}
	return usage("--scheduler %q: there is none of that name (there are %s)", o.Scheduler, few(names))
}

// chosen are the schedulers that the command is for.
func (b *Backfill) chosen(o Options) []*config.Scheduler {
	var out []*config.Scheduler
	for i := range b.cfg.Schedulers {
		if s := &b.cfg.Schedulers[i]; o.Scheduler == "" || s.Name == o.Scheduler {
			out = append(out, s)
		}
	}
	return out
}
