package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/outbox"
)

// Outbox is the part of the ledger that a Runner needs.
type Outbox interface {
	// Messages gives up to limit messages of the given kinds with a Seq above after,
	// in their order.
	Messages(ctx context.Context, after int64, kinds []outbox.Kind, limit int) ([]outbox.Message, error)
	// LastSeq is the highest Seq of all messages of any kind, 0 for none.
	LastSeq(ctx context.Context) (int64, error)
	// Cursor is the Seq of the last message a sink is done with; 0: none.
	Cursor(ctx context.Context, sink string) (int64, error)
	// SetCursor is durable when it returns.
	SetCursor(ctx context.Context, sink string, seq int64) error
}

// Notices tells people of conditions until they end. Both methods may be called
// again and again.
type Notices interface {
	Stand(ctx context.Context, scope, code, text, remedy string)
	Clear(ctx context.Context, scope, code string)
}

// The codes of a sink's notices; the scope is Scope.
const (
	CodeFailing  = "sink-failing"
	CodeSetAside = "sink-set-aside"
)

const (
	batch      = 32               // messages that are sent before the cursor moves
	poll       = 30 * time.Second // hints come at once; this is for those that are missed
	failsShown = 3                // a hiccup is nothing that people must know of
	hangs      = 2 * time.Minute  // a Send that lasts longer
	grace      = 5 * time.Second  // for a Send to notice that all is to end
)

// Runner drives one sink: messages after its cursor, in their order, again and
// again until they are taken.
type Runner struct {
	// Turned is called at each turn and while a Send or a pause lasts, every few
	// minutes at the latest, for a watchdog; nil: nobody asks.
	Turned func()

	sink    Sink
	kinds   []outbox.Kind
	outbox  Outbox
	notices Notices
	state   string // state_dir
	log     *zap.Logger
	hint    chan struct{}

	cursor  int64
	loaded  bool
	fails   int           // in a row
	waited  time.Duration // before this attempt
	strikes strikes
	left    <-chan struct{} // a Send that was left behind; closed when it ends

	mu     sync.Mutex
	status Status
}

// Status is how a sink does.
type Status struct {
	Name     string
	Target   string
	Cursor   int64     // Seq of the last message it is done with
	Sent     int64     // messages since the start
	SetAside int64     // messages that lie in quarantine for good
	Error    string    // why nothing goes out at present; empty when all is well
	Since    time.Time // of Error, real time
}

// NewRunner starts nothing. kinds are the messages that the sink gets.
func NewRunner(s Sink, kinds []outbox.Kind, box Outbox, notices Notices, state string, log *zap.Logger) *Runner {
	r := &Runner{sink: s, kinds: kinds, outbox: box, notices: notices, state: state, log: log.With(zap.String("sink", s.Name())), hint: make(chan struct{}, 1)}
	r.strikes.file = (&base{state: state, name: s.Name()}).own(".json")
	r.status = Status{Name: s.Name(), Target: s.Target()}
	return r
}

// Wake says that there are new messages. It never blocks.
func (r *Runner) Wake() {
	select {
	case r.hint <- struct{}{}:
	default:
	}
}

// Status gives a copy.
func (r *Runner) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Scope is what notices of a sink are about. Of several at one host each has its
// own: one that is well would take away what stands of another.
func Scope(s Sink) string { return "sink " + s.Target() + " (" + s.Name() + ")" }

func (r *Runner) scope() string { return Scope(r.sink) }

// run works until ctx ends and gives its error.
func (r *Runner) run(ctx context.Context) error {
	r.strikes.load()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		err := r.turn(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait, hint := poll, (<-chan struct{})(r.hint)
		if err != nil {
			wait, hint = r.failed(ctx, err), nil // new messages are no reason to hurry
		}
		begun := time.Now()
		if err := r.pause(ctx, timer, wait, hint); err != nil {
			return err
		}
		r.waited = time.Since(begun)
	}
}

// pause waits, and goes on turning meanwhile: another side may ask to be left
// alone for an hour.
func (r *Runner) pause(ctx context.Context, timer *time.Timer, wait time.Duration, hint <-chan struct{}) error {
	for ; wait > 0; wait -= poll {
		timer.Reset(min(wait, poll))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			r.turned()
		case <-hint:
			return nil
		}
	}
	return nil
}

// turn sends everything there is.
func (r *Runner) turn(ctx context.Context) error {
	if !r.loaded {
		cursor, err := r.outbox.Cursor(ctx, r.sink.Name())
		if err != nil {
			return err
		}
		r.cursor, r.loaded = cursor, true
		r.note(func(s *Status) { s.Cursor = cursor })
	}
	for {
		r.turned()
		last, err := r.outbox.LastSeq(ctx) // asked first: what comes meanwhile is not passed over
		if err != nil {
			return err
		}
		ms, err := r.outbox.Messages(ctx, r.cursor, r.kinds, batch)
		if err != nil {
			return err
		}
		if len(ms) == 0 {
			if err := r.pass(ctx, last); err != nil {
				return err
			}
			if err := r.sink.Keep(ctx); err != nil {
				return err
			}
			r.well(ctx)
			return nil
		}
		done, err := r.send(ctx, ms)
		if done > 0 {
			if err := r.passed(ctx, ms[:done]); err != nil {
				return err
			}
		}
		if err == nil && done == 0 {
			err = fmt.Errorf("send message %s: nothing was sent", ms[0].ID)
		}
		if err == nil {
			r.well(ctx)
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if done < len(ms) {
			err = r.judge(ctx, ms[done], err, done > 0)
		}
		if err != nil {
			return err
		}
	}
}

func (r *Runner) turned() {
	if r.Turned != nil {
		r.Turned()
	}
}

// send is the sink's Send. One that does not come back, as on a network folder
// whose server is gone, is told of; at the end it is left behind.
func (r *Runner) send(ctx context.Context, ms []outbox.Message) (int, error) {
	type answer struct {
		done int
		err  error
	}
	answered, ended := make(chan answer, 1), make(chan struct{})
	go func() {
		defer close(ended)
		done, err := r.sink.Send(ctx, ms)
		answered <- answer{done, err}
	}()
	slow := time.NewTicker(hangs)
	defer slow.Stop()
	stopping := ctx.Done()
	var late <-chan time.Time
	for {
		select {
		case a := <-answered:
			return a.done, a.err
		case <-slow.C:
			r.turned() // this loop is well; a new start would not help the other side
			r.notices.Stand(ctx, r.scope(), CodeFailing, "sending has not come back for "+hangs.String(),
				"check whether the other side answers; a network folder whose server is gone holds up whoever writes there")
		case <-stopping:
			stopping, late = nil, time.After(grace)
		case <-late:
			r.left = ended
			return 0, ctx.Err()
		}
	}
}

// pass moves the cursor over messages of kinds that are not sent here: what no
// sink has passed is kept.
func (r *Runner) pass(ctx context.Context, last int64) error {
	if last <= r.cursor {
		return nil
	}
	return r.move(ctx, last)
}

// move is done with all messages up to seq.
func (r *Runner) move(ctx context.Context, seq int64) error {
	if err := r.outbox.SetCursor(ctx, r.sink.Name(), seq); err != nil {
		return err
	}
	r.cursor = seq
	r.note(func(s *Status) { s.Cursor = seq })
	return nil
}

// passed moves the cursor over messages that the other side has.
func (r *Runner) passed(ctx context.Context, ms []outbox.Message) error {
	if err := r.move(ctx, ms[len(ms)-1].Seq); err != nil {
		return err
	}
	if r.strikes.taken() {
		if err := r.strikes.save(); err != nil {
			return fmt.Errorf("save the state of a sink: %w", err)
		}
	}
	r.note(func(s *Status) { s.Sent += int64(len(ms)) })
	return nil
}

// judge decides about the message at which sending stopped. Without an error it
// is set aside, and the next one's turn has come.
func (r *Runner) judge(ctx context.Context, m outbox.Message, err error, progress bool) error {
	if progress {
		r.fails, r.waited = 0, 0
	}
	var f *Fault
	if !errors.As(err, &f) || f.Verdict == Again {
		return err
	}
	if f.Verdict == Refuse {
		over := r.strikes.refused(m.ID, r.waited)
		r.waited = 0
		if err := r.strikes.save(); err != nil {
			return fmt.Errorf("save the state of a sink: %w", err)
		}
		if !over {
			return err
		}
	}
	path, err := setAside(r.state, r.sink, m, f)
	if err != nil {
		return err
	}
	r.log.Error("message set aside", zap.String("id", m.ID), zap.String("file", path), zap.String("why", f.What))
	if err := r.move(ctx, m.Seq); err != nil {
		return err
	}
	aside := countAside(r.state, r.sink.Name())
	r.note(func(s *Status) { s.SetAside = aside })
	r.notices.Stand(ctx, r.scope(), CodeSetAside, fmt.Sprintf("%d messages were not sent and are set aside; the last: %s: %s", aside, m.ID, f.What),
		"they are in "+quarantine(r.state, r.sink.Name())+" with their reasons; send them by hand if they matter, then delete them there")
	return nil
}

// failed counts a failure and gives how long to wait.
func (r *Runner) failed(ctx context.Context, err error) time.Duration {
	f := &Fault{What: plain(err.Error()), Remedy: "it is tried again; see the log if it lasts"}
	errors.As(err, &f)
	r.fails++
	wait := backoff(r.fails, f.After)
	r.note(func(s *Status) {
		if s.Error == "" {
			s.Since = time.Now()
		}
		s.Error = f.What
	})
	if r.fails >= failsShown || f.Verdict == Refuse {
		r.notices.Stand(ctx, r.scope(), CodeFailing, f.What, f.Remedy)
	}
	r.log.Debug("not sent", zap.Int("attempt", r.fails), zap.Duration("wait", wait), zap.String("why", f.What))
	return wait
}

// well says that the other side takes what it is sent.
func (r *Runner) well(ctx context.Context) {
	r.fails, r.waited = 0, 0
	aside := countAside(r.state, r.sink.Name())
	if aside == 0 {
		r.notices.Clear(ctx, r.scope(), CodeSetAside)
	}
	r.note(func(s *Status) { s.Error, s.Since, s.SetAside = "", time.Time{}, aside })
	r.notices.Clear(ctx, r.scope(), CodeFailing)
}

func (r *Runner) note(change func(*Status)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.status)
}
