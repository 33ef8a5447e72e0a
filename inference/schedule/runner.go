package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"go.uber.org/zap"

	"millwright/inference/detect"
	"millwright/internal/window"
)

// RunnerOptions of a Runner; zero values mean the defaults.
type RunnerOptions struct {
	Cache        int64 // bytes of rows kept in memory, half of files and half of History; 64 MiB
	RunBytes     int64 // of all files of a window; beside the service's own limit per component; 256 MiB
	ContextFiles int   // how many files make up for rows that History has not; 2000
	ContextBytes int64 // their bytes; 64 MiB
	Readers      int   // requests to the store at a time; 8

	// Room, if there is one, waits until files of so many bytes may be read. What it
	// gives is called when the run has ended.
	Room func(ctx context.Context, files int64) (leave func(), err error)
}

// Runner carries executions out. It is safe for concurrent use, also for several
// executions of one scheduler and beside Runners of other processes.
type Runner struct {
	record Record
	models Models
	store  Store
	tails  *Tails
	tables *tables
	o      RunnerOptions
	log    *zap.Logger
	large  sync.Mutex // held while a large file is read
}

// NewRunner makes a Runner.
func NewRunner(record Record, models Models, history History, store Store, o RunnerOptions, log *zap.Logger) *Runner {
	for _, d := range []struct {
		value *int64
		or    int64
	}{{&o.Cache, 64 << 20}, {&o.RunBytes, 256 << 20}, {&o.ContextBytes, 64 << 20}} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	if o.ContextFiles <= 0 {
		o.ContextFiles = 2000
	}
	if o.Readers <= 0 {
		o.Readers = 8
	}
	return &Runner{record: record, models: models, store: store, tails: NewTails(history, o.Cache/2), tables: newTables(o.Cache / 2), o: o, log: log}
}

// Run carries an execution out up to its record, SUCCESS or FAILED; what it then
// returns is nil. After any other error the same execution may be begun again, by
// this Runner or another one: nothing is recorded yet, but its object may be there.
// ErrFenced says that somebody else has begun it already.
func (r *Runner) Run(ctx context.Context, e Execution, f Fence) error {
	log := r.log.With(zap.String("scheduler", e.Scheduler), zap.String("window", instant(e.Start)), zap.Int64("attempt", f.Attempt))
	w := &work{Runner: r, e: e, f: f}
	defer func() {
		if w.leave != nil {
			w.leave()
		}
	}()
	err := w.safely(func() error { return w.run(ctx) })
	var why *failure
	if errors.As(err, &why) {
		log.Info("execution failed", zap.String("reason", why.reason))
		err = w.fail(ctx, why.reason)
	} else if err == nil {
		log.Debug("execution succeeded")
	}
	if errors.Is(err, ErrOver) {
		return nil
	}
	return err
}

// GiveUp records an execution as FAILED, since no attempt came to an end; cause is
// the last one's error.
func (r *Runner) GiveUp(ctx context.Context, e Execution, f Fence, cause error) error {
	w := &work{Runner: r, e: e, f: f}
	err := w.fail(ctx, fmt.Sprintf("The execution could not be carried out: %v", cause))
	if errors.Is(err, ErrOver) {
		return nil
	}
	return err
}

// work is one attempt at an execution.
type work struct {
	*Runner
	e     Execution
	f     Fence
	m     *detect.Model
	parts []part
	in    *Inputs
	notes []string
	leave func() // gives back what Room gave
}

// room waits, once, until files may be read.
func (w *work) room(ctx context.Context, lists ...[]File) (err error) {
	if w.o.Room == nil || w.leave != nil {
		return nil
	}
	var size int64
	for _, files := range lists {
		for _, f := range files {
			size += f.Size
		}
	}
	w.leave, err = w.o.Room(ctx, size)
	return err
}

func (w *work) run(ctx context.Context) error {
	m, err := w.models.Model(ctx, w.e.Model, w.e.Version)
	switch {
	case errors.Is(err, ErrNoModel), errors.Is(err, detect.ErrDamaged), errors.Is(err, detect.ErrNewer):
		return fail("Could not load version %d of the model: %v.", w.e.Version, err)
	case err != nil:
		return err
	case w.e.Frequency%m.Rate() != 0:
		return fail("The model's target sampling rate %s does not divide the data upload frequency %s.", window.FormatDuration(m.Rate()), window.FormatDuration(w.e.Frequency))
	}
	if w.e.FalseAlarms > 0 {
		if then, err := m.WithFalseAlarms(w.e.FalseAlarms); err == nil { // else it has the one limit
			m = then
		}
	}
	w.m, w.parts = m, partsOf(m.Columns())
	d, err := w.inputs(ctx)
	if err != nil {
		return err
	}
	rows, err := w.rows(d)
	if err != nil {
		return err
	}
	lines, err := w.score(d.context, rows)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		return w.e.empty()
	}
	if err := w.put(ctx, lines); err != nil {
		return err
	}
	return w.succeed(ctx, lines, rows)
}

// inputs gives what the execution reads: what an earlier attempt found, else what
// there is now, which is kept from then on.
func (w *work) inputs(ctx context.Context) (*data, error) {
	fixed, err := w.record.Fix(ctx, w.f, w.e, nil)
	if err != nil {
		return nil, err
	}
	if fixed == nil {
		found, d, err := w.look(ctx)
		if err != nil {
			return nil, err
		}
		if fixed, err = w.record.Fix(ctx, w.f, w.e, found); err != nil {
			return nil, err
		}
		if fixed.equal(found) {
			w.in = found
			return d, nil
		}
		w.notes = nil // another attempt was faster
	}
	w.in = fixed
	return w.again(ctx, fixed)
}

const longestReason = 5000 // of FailedReason

func (w *work) fail(ctx context.Context, reason string) error {
	if len(reason) > longestReason {
		reason = strings.ToValidUTF8(reason[:longestReason], "")
	}
	return w.record.Finish(ctx, w.f, w.e, Outcome{Status: Failed, Reason: reason, Notes: w.notes, Inputs: w.in.brief()})
}

// brief is what is worth keeping after the end.
func (in *Inputs) brief() *Inputs {
	if in == nil {
		return nil
	}
	return &Inputs{Files: in.Files, From: in.From, Past: in.Past}
}

// lookback is where the context of the window begins.
func (w *work) lookback() int64 { return w.e.contextOf(w.m.Lookback()) }

func (w *work) cadence() window.Cadence {
	return window.Cadence{Frequency: w.e.Frequency, Rate: w.m.Rate()}
}
