package jobs

import (
	"context"
	"sync"
)

// memory admits work by what it takes. A part of it is kept free for executions.
type memory struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	changed chan struct{} // closed when some is given back
}

func newMemory(limit int64) *memory { return &memory{limit: limit, changed: make(chan struct{})} }

// try takes n bytes if they are free; give gives them back, once.
func (m *memory) try(n int64, urgent bool) (give func(), ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	most := m.limit
	if !urgent {
		most -= m.limit / 8
	}
	n = min(n, most) // what is larger than all has to be alone
	if m.used+n > most {
		return nil, false
	}
	m.used += n
	return sync.OnceFunc(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.used -= n
		close(m.changed)
		m.changed = make(chan struct{})
	}), true
}

// take waits until n bytes are free.
func (m *memory) take(ctx context.Context, n int64, urgent bool) (give func(), err error) {
	for {
		m.mu.Lock()
		changed := m.changed
		m.mu.Unlock()
		if give, ok := m.try(n, urgent); ok {
			return give, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-changed:
		}
	}
}

// gate is closed while executions are under way, so that long work lets them pass.
type gate struct {
	mu   sync.Mutex
	n    int
	free chan struct{} // closed while n is 0
}

func newGate() *gate {
	g := &gate{free: make(chan struct{})}
	close(g.free)
	return g
}

// enter closes the gate until leave is called.
func (g *gate) enter() (leave func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n == 0 {
		g.free = make(chan struct{})
	}
	g.n++
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.n--; g.n == 0 {
			close(g.free)
		}
	})
}

// open is closed while nothing is in the way.
func (g *gate) open() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.free
}
