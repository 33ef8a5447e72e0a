package sink

import (
	"context"
	"sync"

	"go.uber.org/zap"
)

// Fleet runs the sinks of one configuration after the other. The zero value is
// ready. It outlives configurations because a Send may: a sink that hangs is left
// behind, and no other one of its name starts before it has come back.
type Fleet struct {
	mu      sync.Mutex
	runners []*Runner
	left    map[string]<-chan struct{} // by name; closed when the Send that was left behind ends
}

// Run runs all of them until ctx ends, waits for them, and gives ctx's error. A
// sink that fails stops no other.
func (f *Fleet) Run(ctx context.Context, runners []*Runner) error {
	f.mu.Lock()
	f.runners = runners
	f.mu.Unlock()
	var wg sync.WaitGroup
	for _, r := range runners {
		wg.Go(func() { f.one(ctx, r) })
	}
	wg.Wait()
	f.mu.Lock()
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
		f.mu.Unlock()
		return
	}
	if err := r.sink.Close(); err != nil {
		r.log.Debug("take leave", zap.Error(err))
	}
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
