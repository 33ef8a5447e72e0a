// Package shelf keeps the bytes of sealed windows in memory until they are in
// the bucket, within a bound. It is no place to keep anything for good: what is
// not there any more is made again by whoever sealed it.
package shelf

import (
	"context"
	"slices"
	"sync"
	"time"

	"millwright/internal/window"
)

// Shelf is safe for concurrent use. On a nil Shelf there is never room.
type Shelf struct {
	limit   int64
	removed chan struct{} // something was removed since Room looked last

	mu    sync.Mutex
	used  int64
	items map[key][]byte
	spare [][]byte // of what was removed, to be used again
	kept  int64    // bytes of it
}

type key struct {
	window.ID
	generation int64
}

const (
	// share is which part of the bound a window may have at most: a large one
	// would push out many small ones, and gains little.
	share = 32
	// stall is how long Room waits although nothing is removed.
	stall = 500 * time.Millisecond
)

// New makes a shelf for limit bytes.
func New(limit int64) *Shelf {
	return &Shelf{limit: limit, removed: make(chan struct{}, 1), items: make(map[key][]byte)}
}

// Limit is how many bytes fit at most.
func (s *Shelf) Limit() int64 {
	if s == nil {
		return 0
	}
	return s.limit
}

// Takes tells whether a window of n bytes is not too large.
func (s *Shelf) Takes(n int64) bool { return s != nil && n <= s.limit/share }

// Put keeps a window's bytes, unless it is too large or there is no room. It may
// keep the slice itself, which is its own then: the caller goes on with Spare.
func (s *Shelf) Put(id window.ID, generation int64, body []byte) bool {
	if !s.Takes(int64(len(body))) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used+int64(len(body)) > s.limit {
		return false
	}
	if cap(body) > 2*len(body) {
		body = append(s.spareFor(len(body)), body...)
	}
	k := key{id, generation}
	s.used += int64(cap(body) - cap(s.items[k]))
	s.items[k] = body
	s.shed()
	return true
}

// Spare gives empty memory for about n bytes.
func (s *Shelf) Spare(n int) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.spareFor(n + n/8) // sizes vary, and growing copies
}

func (s *Shelf) spareFor(n int) []byte {
	for i := len(s.spare) - 1; i >= 0; i-- {
		if b := s.spare[i]; n <= cap(b) && cap(b) <= 2*n {
			s.spare = slices.Delete(s.spare, i, i+1)
			s.kept -= int64(cap(b))
			return b[:0]
		}
	}
	return make([]byte, 0, n)
}

// Trim lets go of memory that is kept for windows to come.
func (s *Shelf) Trim() {
	if s == nil {
		return
	}
	s.mu.Lock()
	s.spare, s.kept = nil, 0
	s.mu.Unlock()
}

// shed lets go of as much of it as goes beyond the bound.
func (s *Shelf) shed() {
	for s.used+s.kept > s.limit && len(s.spare) > 0 {
		s.kept -= int64(cap(s.spare[0]))
		s.spare = slices.Delete(s.spare, 0, 1)
	}
}

// Get gives a window's bytes, nil when they are not there. They are not to be
// changed, and stay what they are for as long as anybody holds them.
func (s *Shelf) Get(id window.ID, generation int64) []byte {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items[key{id, generation}]
}

// Remove frees a window's room. done says that nobody holds its bytes any more,
// so that their memory may be used again.
func (s *Shelf) Remove(id window.ID, generation int64, done bool) {
	if s == nil {
		return
	}
	s.mu.Lock()
	k := key{id, generation}
	b, ok := s.items[k]
	if ok {
		delete(s.items, k)
		s.used -= int64(cap(b))
		if done {
			s.spare = append(s.spare, b)
			s.kept += int64(cap(b))
		}
		s.shed()
	}
	s.mu.Unlock()
	if ok {
		select {
		case s.removed <- struct{}{}:
		default:
		}
	}
}

// Room waits until n bytes fit, but no longer than patience and only as long as
// something is removed now and then: the bucket may be out of reach. One
// goroutine may call it at a time. It tells how many bytes are free.
func (s *Shelf) Room(ctx context.Context, n int64, patience time.Duration) int64 {
	if s == nil {
		return 0
	}
	n = min(n, s.limit)
	free := s.free()
	if free >= n || patience <= 0 {
		return free
	}
	end := time.NewTimer(patience)
	defer end.Stop()
	idle := time.NewTimer(min(stall, patience))
	defer idle.Stop()
	for free < n {
		select {
		case <-s.removed:
			idle.Reset(stall)
		case <-idle.C:
			return s.free()
		case <-end.C:
			return s.free()
		case <-ctx.Done():
			return s.free()
		}
		free = s.free()
	}
	return free
}

func (s *Shelf) free() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit - s.used
}

// Item is a window that is on the shelf.
type Item struct {
	ID         window.ID
	Generation int64
}

// Items lists what is there, in no order.
func (s *Shelf) Items() []Item {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Item, 0, len(s.items))
	for k := range s.items {
		all = append(all, Item{k.ID, k.generation})
	}
	return all
}
