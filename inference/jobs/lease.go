package jobs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/zap"

	"millwright/inference/store"
)

const (
	leaseFor   = time.Minute
	leaseBeat  = 15 * time.Second
	lookAgain  = 15 * time.Second // for a lease
	lookOften  = time.Second      // for a slot or memory
	lightTasks = 4                // at a time, beside trainings
	lastWords  = 20 * time.Second // to record a failure, or to give a lease back
	longTrials = 40               // attempts at long work
)

// task is long work. Everything in it is called without a transaction.
type task struct {
	name   string // the same on all nodes
	memory int64  // bytes
	heavy  bool   // takes a core for long: a training
	// over tells whether there is nothing to do any more.
	over func(context.Context) (bool, error)
	// do does it, and records all of it in one transaction in which the lease is held
	// and released.
	do func(ctx context.Context, lease store.Fence) error
	// fail records that it cannot be done.
	fail func(ctx context.Context, lease store.Fence, reason string) error
}

// hopeless is an error that another attempt would come to again.
type hopeless struct{ reason string }

func (h *hopeless) Error() string { return h.reason }

func never(format string, args ...any) error { return &hopeless{fmt.Sprintf(format, args...)} }

// working is long work that this node has begun.
type working struct {
	heavy bool
	done  chan struct{}
	err   error // when done
}

func (w *working) over() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// watch sees to it that a task is worked on, here or elsewhere.
func (j *Jobs) watch(ctx context.Context, job *rivertype.JobRow, k task) error {
	if over, err := k.over(ctx); err != nil || over {
		return err
	}
	timer := time.NewTimer(longWait)
	defer timer.Stop()
	w, err := j.admit(ctx, timer.C, k, job.Attempt >= job.MaxAttempts)
	switch {
	case errors.Is(err, errElsewhere):
		return river.JobSnooze(lookAgain)
	case err != nil:
		return err
	case w == nil:
		return river.JobSnooze(lookOften)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return river.JobSnooze(lookOften)
	case <-w.done:
	}
	j.mu.Lock()
	if j.long[k.name] == w {
		delete(j.long, k.name)
	}
	j.mu.Unlock()
	switch {
	case errors.Is(w.err, store.ErrFenced):
		return river.JobSnooze(lookAgain)
	case errors.Is(w.err, context.Canceled): // the node stops
		return river.JobSnooze(0)
	}
	return w.err
}

var errElsewhere = errors.New("another node holds the lease")

// admit begins a task as soon as there is room for it; nil when time is over.
func (j *Jobs) admit(ctx context.Context, over <-chan time.Time, k task, last bool) (*working, error) {
	tick := time.NewTicker(lookOften)
	defer tick.Stop()
	for {
		if w, err := j.begin(ctx, k, last); w != nil || err != nil {
			return w, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-over:
			return nil, nil
		case <-tick.C:
		}
	}
}

// begin starts a task, or gives the one that goes on; nil where there is no room.
func (j *Jobs) begin(ctx context.Context, k task, last bool) (*working, error) {
	w, base, fresh := j.enlist(k)
	if !fresh {
		return w, nil
	}
	forget := func() {
		j.mu.Lock()
		defer j.mu.Unlock()
		delete(j.long, k.name)
	}
	give, ok := j.memory.try(k.memory, false)
	if !ok {
		forget()
		return nil, nil
	}
	lease, err := j.lease(ctx, k.name)
	if err != nil {
		give()
		forget()
		return nil, err
	}
	j.all.Go(func() {
		defer close(w.done)
		defer give()
		w.err = j.hold(base, k, lease, last)
	})
	return w, nil
}

// enlist makes a place for a task if there is none and not too many of its kind.
func (j *Jobs) enlist(k task) (w *working, base context.Context, fresh bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	maps.DeleteFunc(j.long, func(_ string, w *working) bool { return w.over() && w.err == nil }) // nobody was watching as it ended
	if w := j.long[k.name]; w != nil {
		return w, nil, false
	}
	most := lightTasks
	if k.heavy {
		most = j.trainings()
	}
	for _, w := range j.long {
		if w.heavy == k.heavy && !w.over() {
			most--
		}
	}
	if j.base == nil || j.base.Err() != nil || most <= 0 {
		return nil, nil, false
	}
	w = &working{heavy: k.heavy, done: make(chan struct{})}
	j.long[k.name] = w
	return w, j.base, true
}

// trainings is how many there may be at a time. They share the cores but one, which is
// left to everything else: more of them would each be slower.
func (j *Jobs) trainings() int { return min(max(1, j.o.Workers-1), 2) }

// lease makes the work this node's, unless another one was heard of lately:
// errElsewhere.
func (j *Jobs) lease(ctx context.Context, name string) (f store.Fence, err error) {
	err = j.store.Tx(ctx, func(t *store.Tx) error {
		now := time.Now()
		have, heard, err := t.Held(ctx, name)
		switch {
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		case err == nil && now.Sub(heard) < leaseFor:
			return errElsewhere
		}
		f = store.Fence{Work: name, Job: max(have.Job+1, now.UnixMicro()), Attempt: 1}
		_, err = t.Claim(ctx, f, now)
		return err
	})
	return f, err
}

// hold does a task while its lease is renewed.
func (j *Jobs) hold(base context.Context, k task, lease store.Fence, last bool) error {
	ctx, cancel := context.WithCancel(base)
	defer cancel()
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		j.beat(ctx, cancel, lease)
	}()
	err := j.safely(k.name, func() error { return k.do(ctx, lease) })
	cancel()
	<-beating
	if err == nil {
		return nil
	}
	late, done := context.WithTimeout(context.WithoutCancel(base), lastWords)
	defer done()
	var h *hopeless
	if errors.As(err, &h) {
		return k.fail(late, lease, h.reason)
	}
	if last && base.Err() == nil && !errors.Is(err, store.ErrFenced) {
		return k.fail(late, lease, fmt.Sprintf("It could not be carried out: %v", err))
	}
	if freed := j.store.Tx(late, func(t *store.Tx) error { return t.Release(late, lease) }); freed != nil && !errors.Is(freed, store.ErrFenced) {
		j.log.Warn("give a lease back", zap.String("work", k.name), zap.Error(freed))
	}
	return err
}

// safely makes an error of a panic, as the queue does for what its workers run: one
// piece of work is not to end the node, and the next one that takes it up.
func (j *Jobs) safely(work string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			j.log.Error("work panicked", zap.String("work", work), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("the service met a mistake of its own: %v", p)
		}
	}()
	return do()
}

// beat renews a lease until ctx ends, and ends it by stop when it is lost.
func (j *Jobs) beat(ctx context.Context, stop func(), lease store.Fence) {
	tick := time.NewTicker(leaseBeat)
	defer tick.Stop()
	heard := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		err := j.store.Tx(ctx, func(t *store.Tx) error { return t.Checkpoint(ctx, lease, nil, now) })
		switch {
		case err == nil:
			heard = now
		case errors.Is(err, store.ErrFenced) || time.Since(heard) > leaseFor-leaseBeat:
			j.log.Warn("a lease was lost", zap.String("work", lease.Work), zap.Error(err))
			stop()
			return
		}
	}
}
