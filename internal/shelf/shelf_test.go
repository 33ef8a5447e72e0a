package shelf

import (
	"bytes"
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/window"
)

func id(n int) window.ID { return window.ID{Scheduler: "s", Component: "pump", Start: int64(n)} }

func TestGenerationsAreKeptApart(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	if !s.Put(id(1), 1, []byte("one")) || !s.Put(id(1), 2, []byte("two")) {
		t.Fatal("there is no room")
	}
	if got := string(s.Get(id(1), 1)) + string(s.Get(id(1), 2)); got != "onetwo" {
		t.Errorf("%q", got)
	}
	s.Remove(id(1), 1, false)
	s.Remove(id(1), 1, false)
	if s.Get(id(1), 1) != nil || s.Get(id(2), 1) != nil || string(s.Get(id(1), 2)) != "two" || len(s.Items()) != 1 {
		t.Errorf("after the removal: %v", s.Items())
	}
	var none *Shelf
	none.Remove(id(1), 1, true)
	none.Trim()
	if none.Put(id(1), 1, nil) || none.Get(id(1), 1) != nil || none.Items() != nil || none.Takes(0) || none.Room(t.Context(), 1, time.Second) != 0 {
		t.Error("there is room on no shelf")
	}
}

// What is on the shelf and what it keeps for later stays within its bound.
func TestTheBoundHolds(t *testing.T) {
	t.Parallel()
	const limit = 64 << 10
	s := New(limit)
	bytesOf := func() (n int) {
		for _, b := range s.items {
			n += cap(b)
		}
		for _, b := range s.spare {
			n += cap(b)
		}
		return n
	}
	if s.Put(id(0), 1, make([]byte, limit/share+1)) {
		t.Error("took a window that is too large")
	}
	next := 0
	for round := range 20 {
		put := 0
		for s.Put(id(next), 1, append(s.Spare(1000+50*round), make([]byte, 1000+50*round)...)) {
			next, put = next+1, put+1
		}
		if n := bytesOf(); n > limit+limit/share || put < limit/4096 || int64(n) != s.used+s.kept {
			t.Fatalf("round %d: %d windows, %d bytes of %d, counted %d", round, put, n, limit, s.used+s.kept)
		}
		for i := range put {
			s.Remove(id(next-1-i), 1, i%3 > 0)
		}
	}
	if s.used != 0 || s.kept == 0 {
		t.Errorf("%d bytes used, %d kept", s.used, s.kept)
	}
	if s.Trim(); bytesOf() != 0 {
		t.Errorf("%d bytes after Trim", bytesOf())
	}
}

// A large buffer with a small window in it would count as what it is.
func TestSmallWindowsOfLargeBuffersAreCopied(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	scratch := append(make([]byte, 0, 1<<20), "small"...)
	if !s.Put(id(1), 1, scratch) || s.used > 100 {
		t.Fatalf("%d bytes used", s.used)
	}
	scratch[0] = 'x'
	if string(s.Get(id(1), 1)) != "small" {
		t.Error("it is the caller's")
	}
}

// Memory is given again only when whoever removed it said that nobody reads it.
func TestBytesStayForWhoHoldsThem(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	want := bytes.Repeat([]byte("a"), 1000)
	s.Put(id(1), 1, append(s.Spare(1000), want...))
	held := s.Get(id(1), 1)
	s.Remove(id(1), 1, false)
	s.Put(id(2), 1, append(s.Spare(1000), bytes.Repeat([]byte("b"), 1000)...))
	if !bytes.Equal(held, want) {
		t.Error("overwritten")
	}
	again := s.Get(id(2), 1)
	s.Remove(id(2), 1, true)
	if b := s.Spare(1000); &b[:1][0] != &again[0] {
		t.Error("not given again")
	}
}

func TestRoomWaitsWhileThereIsProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const limit = 32000
		s := New(limit)
		for i := range 32 {
			s.Put(id(i), 1, make([]byte, 1000))
		}
		go func() {
			for i := range 4 {
				time.Sleep(stall / 2)
				s.Remove(id(i), 1, true)
			}
		}()
		begun := time.Now()
		if free := s.Room(t.Context(), 3000, time.Minute); free != 3000 || time.Since(begun) != 3*stall/2 {
			t.Errorf("%d bytes after %s", free, time.Since(begun))
		}
		time.Sleep(time.Minute)
		begun = time.Now()
		if free := s.Room(t.Context(), 10000, time.Minute); free != 4000 || time.Since(begun) > 2*stall {
			t.Errorf("without progress: %d bytes after %s", free, time.Since(begun))
		}
		begun = time.Now()
		if s.Room(t.Context(), 10000, 0); time.Since(begun) != 0 {
			t.Errorf("without patience: %s", time.Since(begun))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if s.Room(ctx, 10000, time.Minute); time.Since(begun) != 0 {
			t.Errorf("at the end: %s", time.Since(begun))
		}
	})
}

func TestRoomEndsWithPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(32000)
		for i := range 32 {
			s.Put(id(i), 1, make([]byte, 1000))
		}
		done := make(chan struct{})
		go func() { // a bucket that takes one now and then, and a sealer that fills up again
			defer close(done)
			for i := range 20 {
				time.Sleep(stall / 2)
				s.Remove(id(i), 1, false)
				s.Put(id(100+i), 1, make([]byte, 1000))
			}
		}()
		begun := time.Now()
		if s.Room(t.Context(), 10000, 2*time.Second); time.Since(begun) != 2*time.Second {
			t.Errorf("after %s", time.Since(begun))
		}
		<-done
	})
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := New(1 << 20)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range 500 {
				key := id(g*1000 + i)
				want := append(s.Spare(200), bytes.Repeat(strconv.AppendInt(nil, key.Start, 10), 40)...)
				copied := bytes.Clone(want)
				if s.Put(key, 1, want) {
					if got := s.Get(key, 1); !bytes.Equal(got, copied) {
						t.Errorf("%d: %q", key.Start, got)
					}
					s.Remove(key, 1, true)
				}
			}
		})
	}
	wait.Wait()
}
