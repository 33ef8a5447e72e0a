package upload

import (
	"sync"
	"time"
)

const (
	paceKeep = 64
	paceAge  = 15 * time.Minute
)

// pace remembers how long uploads took.
type pace struct {
	mu   sync.Mutex
	ring [paceKeep]struct {
		at   time.Time
		took time.Duration
	}
	n int
}

func (p *pace) add(at time.Time, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := &p.ring[p.n%paceKeep]
	r.at, r.took = at, took
	p.n++
}

func (p *pace) slowest(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var most time.Duration
	for i := range min(p.n, paceKeep) {
		if r := &p.ring[i]; now.Sub(r.at) <= paceAge {
			most = max(most, r.took)
		}
	}
	return most
}
