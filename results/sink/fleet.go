package sink

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.uber.org/zap"
)

// Fleet runs the sinks of one configuration after the other. The zero value is
// ready. It outlives configurations because a Send may: a sink that hangs is left
// behind, and no other one of its name starts before it has come back. A sink
// whose settings stay keeps its connection, and all keep their counts.
type Fleet struct {
	mu      sync.Mutex
	runners []*Runner
	left    map[string]<-chan struct{} // by name; closed when the Send that was left behind ends
	kept    map[Settings]Sink          // those that Sink gave, which stay open between configurations
	told    map[string]Status          // by name; of runners that have ended
}

// Sink gives the sink with these settings: the one of the configuration before if
// it had it, else a new one. It is open until a Run does without it, or Close.
func (f *Fleet) Sink(s Settings) (Sink, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if k := f.kept[s]; k != nil {
		return k, nil
	}
	k, err := New(s)
	if err != nil {
		return nil, err
	}
	if f.kept == nil {
		f.kept = map[Settings]Sink{}
	}
	f.kept[s] = k
	return k, nil
}

// Close takes leave of all sinks that Sink gave. Nothing runs any more.
func (f *Fleet) Close() error { return f.keep(nil) }

// keep closes the sinks that no runner has.
func (f *Fleet) keep(runners []*Runner) error {
	f.mu.Lock()
	var gone []Sink
	for s, k := range f.kept {
		if !slices.ContainsFunc(runners, func(r *Runner) bool { return r.sink == k }) {
			delete(f.kept, s)
			gone = append(gone, k)
		}
	}
	f.mu.Unlock()
	var err error
	for _, k := range gone {
		err = errors.Join(err, k.Close())
	}
	return err
}

// Run runs all of them until ctx ends, waits for them, and gives ctx's error. A
// sink that fails stops no other.
func (f *Fleet) Run(ctx context.Context, runners []*Runner) error {
	if err := f.keep(runners); err != nil && len(runners) > 0 {
		runners[0].log.Debug("take leave of a sink that is not configured any more", zap.Error(err))
	}
	f.mu.Lock()
	for _, r := range runners {
		was := f.told[r.sink.Name()]
		r.note(func(s *Status) { s.Sent = was.Sent })
	}
	f.runners = runners
	f.mu.Unlock()
	var wg sync.WaitGroup
	for _, r := range runners {
		wg.Go(func() { f.one(ctx, r) })
	}
	wg.Wait()
	f.mu.Lock()
	if f.told == nil {
		f.told = map[string]Status{}
	}
	for _, r := range runners {
		f.told[r.sink.Name()] = r.Status()
	}
	f.runners = nil
	f.mu.Unlock()
	<-ctx.Done() // also with no sinks at all
	return ctx.Err()
}

func (f *Fleet) one(ctx context.Context, r *Runner) {
	name := r.sink.Name()
	f.mu.Lock()
	before := f.left[name]
	f.mu.Unlock()
	if before != nil {
		select {
		case <-ctx.Done():
			return
		case <-before:
		}
	}
	_ = r.run(ctx) // it ends with ctx only
	if r.left != nil {
		f.mu.Lock()
		if f.left == nil {
			f.left = map[string]<-chan struct{}{}
		}
		f.left[name] = r.left
		for s, k := range f.kept {
			if k == r.sink {
				delete(f.kept, s) // it is nobody's to use or to close any more
			}
		}
		f.mu.Unlock()
		return
	}
	if f.keeps(r.sink) {
		return
	}
	if err := r.sink.Close(); err != nil {
		r.log.Debug("take leave", zap.Error(err))
	}
}

func (f *Fleet) keeps(k Sink) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, kept := range f.kept {
		if kept == k {
			return true
		}
	}
	return false
}

// Wake says that there are new messages. It never blocks.
func (f *Fleet) Wake() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runners {
		r.Wake()
	}
}

// Status tells how each sink does, in the configuration's order.
func (f *Fleet) Status() []Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]Status, len(f.runners))
	for i, r := range f.runners {
		all[i] = r.Status()
	}
	return all
}
