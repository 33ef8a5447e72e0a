package upload

import (
	"context"
	"crypto/md5"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// inMemory takes a window from its file onto a shelf, as a sealer would have put
// it there.
func (q *memoryQueue) inMemory(t *testing.T, s window.Sealed, on *shelf.Shelf) window.Sealed {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	body, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.Path); err != nil {
		t.Fatal(err)
	}
	q.windows[s.ID].Path, q.windows[s.ID].MD5 = "", [md5.Size]byte{}
	s = *q.windows[s.ID]
	if !on.Put(s.ID, s.Generation, body) {
		t.Fatal("there is no room")
	}
	return s
}

// maker makes windows again some time after it was asked, as a sealer does.
type maker struct {
	t     *testing.T
	took  time.Duration
	err   error
	to    atomic.Pointer[Uploader]
	shelf *shelf.Shelf

	mu    sync.Mutex
	bytes map[window.ID][]byte
	asked map[window.ID]int
}

func newMaker(t *testing.T, on *shelf.Shelf) *maker {
	return &maker{t: t, took: 100 * time.Millisecond, shelf: on, bytes: map[window.ID][]byte{}, asked: map[window.ID]int{}}
}

// forget is a crash: what was on the shelf is known to the maker alone.
func (m *maker) forget(windows ...window.Sealed) {
	for _, s := range windows {
		m.bytes[s.ID] = m.shelf.Get(s.ID, s.Generation)
		m.shelf.Remove(s.ID, s.Generation, false)
	}
}

func (m *maker) Derive(_ context.Context, s window.Sealed, _ string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked[s.ID]++
	if m.err != nil {
		return m.err
	}
	time.AfterFunc(m.took, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.shelf.Put(s.ID, s.Generation, m.bytes[s.ID])
		m.to.Load().Offer([]window.Sealed{s})
	})
	return nil
}

func TestOfferedWindowsAreSentFromMemory(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 60} { // checked at once, and by a listing
		synctest.Test(t, func(t *testing.T) {
			q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
			u, stop := start(t, q, m, Settings{Shelf: on})
			pass(time.Second)
			var all []window.Sealed
			for i := range n {
				s := q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0)
				all = append(all, q.inMemory(t, s, on))
			}
			u.Offer(all)
			pass(5 * time.Second) // Pending is not read again for half a minute
			if q.left() != 0 || len(on.Items()) != 0 || len(m.puts) != n {
				t.Errorf("%d left, %d puts, on the shelf %v", q.left(), len(m.puts), on.Items())
			}
			stop()
		})
	}
}

// After a crash windows are made again: no failure is told, and they go as soon
// as they are there.
func TestWindowsThatAreNotAtHandAreAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
		d := newMaker(t, on)
		var all []window.Sealed
		for i := range 30 {
			s := q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0)
			all = append(all, q.inMemory(t, s, on))
		}
		if _, err := m.Put(t.Context(), objstore.Object{
			Bucket: "plant", Key: all[0].Key, Body: on.Get(all[0].ID, 1), Size: all[0].Size, SHA256: all[0].SHA256, MD5: all[0].MD5, Instance: "gw-17", Generation: 1,
		}); err != nil { // the process ended before it knew
			t.Fatal(err)
		}
		d.forget(all...)
		u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d, Reader: m})
		d.to.Store(u)
		pass(time.Second)
		if q.left() != 0 || u.Status().Failed != 0 {
			t.Errorf("%d left, %+v", q.left(), u.Status())
		}
		for id, n := range d.asked {
			if n != 1 || id == all[0].ID {
				t.Errorf("%v: asked %d times", id, n)
			}
		}
		stop()
		for _, s := range all {
			if r := q.result(s.ID); !r.Verified || r.Err != "" {
				t.Errorf("%+v", r)
			}
		}
	})
}

// A window that cannot be made again is told, and asked for again.
func TestWindowsThatCannotBeMadeAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
		d := newMaker(t, on)
		s := q.inMemory(t, q.seal(t, "pump", time.Unix(300, 0), time.Now().Add(time.Hour), 0), on)
		d.forget(s)
		d.err = errors.New("its rows are in late/pump")
		u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d})
		d.to.Store(u)
		pass(10 * time.Second)
		if r := q.result(s.ID); !strings.Contains(r.Err, "late/pump") || r.Remedy == "" {
			t.Errorf("%+v", r)
		}
		d.mu.Lock()
		d.err = nil
		d.mu.Unlock()
		pass(10 * time.Minute)
		stop()
		if r := q.result(s.ID); !r.Verified {
			t.Errorf("%+v", r)
		}
	})
}

// The object was there after the PUT and is gone at the check: its bytes are not
// in memory any more by then.
func TestAnObjectThatGotLostIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
		d := newMaker(t, on)
		for i := range 40 {
			s := q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0)
			q.inMemory(t, s, on)
			d.bytes[s.ID] = on.Get(s.ID, s.Generation)
		}
		lost := map[string]bool{}
		m.after = func(key string, in *objstore.Info) {
			if !lost[key] {
				lost[key] = true
				in.Size--
			}
		}
		u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d})
		d.to.Store(u)
		pass(time.Minute)
		stop()
		if q.left() != 0 || len(d.asked) != 40 {
			t.Errorf("%d left, %d asked for", q.left(), len(d.asked))
		}
	})
}

// In an outage the shelf keeps what it has; a re-sealing replaces it.
func TestAnOutageWithWindowsInMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
		d := newMaker(t, on)
		up := m.overloaded()
		u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d})
		d.to.Store(u)
		var all []window.Sealed
		for i := range 20 {
			s := q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0)
			all = append(all, q.inMemory(t, s, on))
		}
		u.Offer(all)
		pass(5 * time.Minute)
		again := q.inMemory(t, q.seal(t, "pump", time.Unix(0, 0), all[0].Wake, 0), on)
		on.Remove(all[0].ID, 1, false)
		u.Offer([]window.Sealed{again})
		pass(5 * time.Minute)
		up()
		pass(time.Minute)
		stop()
		if q.left() != 0 || len(d.asked) != 0 || q.result(again.ID).Generation != 2 {
			t.Errorf("%d left, asked for %v, %+v", q.left(), d.asked, q.result(again.ID))
		}
	})
}

// A window offered while Pending is being read is not in the answer.
func TestOffersDuringALoadAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
		slow := &slowQueue{memoryQueue: q}
		u := New(slow, m, time.Now, Settings{Instance: "gw-17", Shelf: on}, zap.NewNop())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- u.Run(ctx) }()
		m.took = 10 * time.Second
		pass(500 * time.Millisecond) // Pending was asked for a second ago, and gave nothing
		var all []window.Sealed
		for i := range 40 {
			s := q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0)
			all = append(all, q.inMemory(t, s, on))
		}
		u.Offer(all)
		pass(time.Second)
		if n := u.Status().Pending; n != 40 {
			t.Errorf("%d pending", n)
		}
		cancel()
		<-done
	})
}

// slowQueue answers a second after it looked.
type slowQueue struct{ *memoryQueue }

func (q *slowQueue) Pending(ctx context.Context, limit int) ([]window.Sealed, error) {
	out, err := q.memoryQueue.Pending(ctx, limit)
	time.Sleep(time.Second)
	return out, err
}
