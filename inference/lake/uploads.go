package lake

import (
	"context"
	"sync"
)

const uploadsAtOnce = 4

// uploads sends objects beside other work, a few at a time.
type uploads struct {
	send   func(key string, s *staged) error
	done   <-chan struct{}
	cancel context.CancelFunc
	sem    chan struct{}
	wait   sync.WaitGroup
	mu     sync.Mutex
	failed error
}

func (l *Lake) newUploads(ctx context.Context) *uploads {
	ctx, cancel := context.WithCancel(ctx)
	return &uploads{
		send:   func(key string, s *staged) error { return l.put(ctx, key, s) },
		done:   ctx.Done(),
		cancel: cancel,
		sem:    make(chan struct{}, uploadsAtOnce),
	}
}

// add sends an object when there is room for it, and gives its scratch file back.
// After an error nothing more is sent.
func (u *uploads) add(key string, s *staged) {
	select {
	case u.sem <- struct{}{}:
	case <-u.done:
		s.close()
		u.fail(context.Canceled)
		return
	}
	u.wait.Go(func() {
		defer func() { <-u.sem }()
		defer s.close()
		if err := u.send(key, s); err != nil {
			u.fail(err)
		}
	})
}

func (u *uploads) fail(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failed == nil {
		u.failed = err
		u.cancel()
	}
}

// end waits for all that were added and gives the first error.
func (u *uploads) end() error {
	u.wait.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.failed
}

// close stops what is on its way. It may be called twice.
func (u *uploads) close() {
	u.cancel()
	u.wait.Wait()
}
