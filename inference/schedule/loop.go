package schedule

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/clock"
)

// Book is what a Loop needs of the record of schedulers and executions. All of it
// may be called again after an error.
type Book interface {
	// Schedulers gives those that are RUNNING.
	Schedulers(ctx context.Context) ([]Scheduler, error)
	// Windows gives the windows of a scheduler's executions, whatever became of
	// them, that begin from <= start < to, in any order.
	Windows(ctx context.Context, scheduler string, from, to int64) ([]Stretch, error)
	// Insert adds executions that are IN_PROGRESS, each with the settings and the
	// active model version of this moment, and queues their runs: made up ones
	// behind all others. One whose window has an execution, or whose scheduler is
	// not RUNNING any more, is left out without an error.
	Insert(ctx context.Context, wakes []Wake) error
}

// LoopOptions of a Loop; zero values mean the defaults.
type LoopOptions struct {
	CatchUp time.Duration // how far back missed runs are made up for; 24 h; negative: not at all
	Poll    time.Duration // business time after which schedulers are read anew; 30 s
	Batch   int           // missed runs that are inserted before due ones are looked for again; 200
}

// Loop wakes schedulers up. Any number of them may work on one Book.
type Loop struct {
	book  Book
	clock clock.Clock
	o     LoopOptions
	log   *zap.Logger
	hint  chan struct{}
	done  map[string]mark
}

// mark is up to where a scheduler's windows were seen to have executions.
type mark struct {
	frequency time.Duration
	ran       time.Time // the begin of its last Span
	until     int64     // windows that begin before it
}

// NewLoop makes a Loop.
func NewLoop(book Book, c clock.Clock, o LoopOptions, log *zap.Logger) *Loop {
	if o.CatchUp == 0 {
		o.CatchUp = 24 * time.Hour
	}
	if o.Poll <= 0 {
		o.Poll = 30 * time.Second
	}
	if o.Batch <= 0 {
		o.Batch = 200
	}
	o.CatchUp = max(0, o.CatchUp)
	return &Loop{book: book, clock: c, o: o, log: log, hint: make(chan struct{}, 1), done: map[string]mark{}}
}

// Nudge has the schedulers looked at now, for one was started or changed.
func (l *Loop) Nudge() {
	select {
	case l.hint <- struct{}{}:
	default:
	}
}

// Run wakes schedulers up until ctx ends. It returns only ctx's error.
func (l *Loop) Run(ctx context.Context) error {
	for {
		next, err := l.Pass(ctx)
		if err != nil && ctx.Err() == nil {
			l.log.Error("wake schedulers", zap.Error(err))
			next = l.clock.Now().Add(l.o.Poll)
		}
		if err := l.clock.Wait(ctx, next, l.hint); err != nil {
			return err
		}
	}
}

// Pass inserts what is due and some of what was missed, and tells when the next
// Pass is worth it. It is for one goroutine.
func (l *Loop) Pass(ctx context.Context) (next time.Time, err error) {
	schedulers, err := l.book.Schedulers(ctx)
	if err != nil {
		return time.Time{}, err
	}
	now := l.clock.Now()
	next = now.Add(l.o.Poll)
	var due, missed []Wake
	marks := make(map[string]mark, len(schedulers)) // those that are gone are forgotten
	for _, s := range schedulers {
		if at := s.Next(now); at.Before(next) {
			next = at
		}
		m := l.recall(s)
		newest := s.Newest(now)
		if m.until <= newest {
			from := max(m.until, s.Oldest(now, l.o.CatchUp))
			have, err := l.book.Windows(ctx, s.ID, from-int64(time.Hour), newest+int64(s.Frequency)) // an hour is the longest window
			if err != nil {
				return time.Time{}, err
			}
			if w, ok := s.Due(now, have); ok {
				due = append(due, w)
			}
			gone := s.Missed(now, l.o.CatchUp, have)
			missed = append(missed, slices.DeleteFunc(gone, func(w Wake) bool { return w.Start < from })...)
			m.until = newest + int64(s.Frequency)
		}
		marks[s.ID] = m
	}
	return l.insert(ctx, now, next, due, missed, marks)
}

// insert has due runs inserted, then the oldest of the missed ones.
func (l *Loop) insert(ctx context.Context, now, next time.Time, due, missed []Wake, marks map[string]mark) (time.Time, error) {
	slices.SortFunc(due, earlier)
	slices.SortFunc(missed, earlier)
	if len(missed) > l.o.Batch {
		for _, w := range missed[l.o.Batch:] { // not seen to: from here again
			m := marks[w.Scheduler]
			m.until = min(m.until, w.Start)
			marks[w.Scheduler] = m
		}
		missed, next = missed[:l.o.Batch], now
	}
	for _, wakes := range [][]Wake{due, missed} {
		if len(wakes) == 0 {
			continue
		}
		if err := l.book.Insert(ctx, wakes); err != nil {
			return time.Time{}, err
		}
	}
	l.done = marks
	if len(missed) > 0 {
		l.log.Info("missed runs are made up for", zap.Int("runs", len(missed)), zap.Time("from", missed[0].At))
	}
	return next, nil
}

// recall gives what is known of a scheduler, nothing after its settings changed.
func (l *Loop) recall(s Scheduler) mark {
	m := mark{frequency: s.Frequency}
	if len(s.Ran) > 0 {
		m.ran = s.Ran[len(s.Ran)-1].From
	}
	if old, ok := l.done[s.ID]; ok && old.frequency == m.frequency && old.ran.Equal(m.ran) {
		return old
	}
	m.until = -1 << 62
	return m
}

func earlier(a, b Wake) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return strings.Compare(a.Scheduler, b.Scheduler)
}
