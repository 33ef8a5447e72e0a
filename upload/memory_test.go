package upload

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// memoryStore is a bucket in memory with conditional writes.
type memoryStore struct {
	mu      sync.Mutex
	objects map[string]objstore.Info // by bucket/key
	bodies  map[string]string
	puts    []string // keys in the order in which PUTs began
	times   []time.Time
	heads   int
	lists   int
	tries   int
	took    time.Duration                       // of a PUT
	fail    func(verb, key string) error        // asked first
	after   func(key string, in *objstore.Info) // may alter what was stored, and what is answered
	damage  func(key string, in *objstore.Info) // ... what was stored alone
	stored  func(o objstore.Object)

	mute     bool // it does not say what it keeps
	refuses  bool // ... and does not like to be asked
	unsummed int  // PUTs without an MD5
}

func newMemory() *memoryStore {
	return &memoryStore{objects: map[string]objstore.Info{}, bodies: map[string]string{}}
}

func status(code int, name string) error { return &objstore.StatusError{Status: code, Code: name} }

// overloaded has the store refuse all requests until up is called.
func (m *memoryStore) overloaded() (up func()) {
	var ready atomic.Bool
	m.fail = func(string, string) error {
		if ready.Load() {
			return nil
		}
		return status(503, "SlowDown")
	}
	return func() { ready.Store(true) }
}

func (m *memoryStore) failing(verb, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	if m.fail == nil {
		return nil
	}
	return m.fail(verb, key)
}

func (m *memoryStore) Put(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	m.mu.Lock()
	m.puts, m.times = append(m.puts, o.Key), append(m.times, time.Now())
	m.mu.Unlock()
	if err := m.failing("put", o.Key); err != nil {
		return objstore.Info{}, err
	}
	body := o.Body
	if o.File != "" {
		var err error
		if body, err = os.ReadFile(o.File); err != nil {
			return objstore.Info{}, err
		}
	}
	t := time.NewTimer(m.took)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return objstore.Info{}, ctx.Err()
	case <-t.C:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	id := o.Bucket + "/" + o.Key
	was, there := m.objects[id]
	if o.IfNoneMatch && there || o.IfMatch != "" && was.ETag != o.IfMatch {
		return objstore.Info{}, status(412, "PreconditionFailed")
	}
	if o.Vouch && m.refuses {
		return objstore.Info{}, status(400, "InvalidArgument")
	}
	sum := md5.Sum(body)
	if o.MD5 != ([16]byte{}) && sum != o.MD5 || sha256.Sum256(body) != o.SHA256 || int64(len(body)) != o.Size {
		return objstore.Info{}, status(400, "BadDigest")
	}
	in := objstore.Info{
		Key: o.Key, Size: o.Size, ETag: hex.EncodeToString(sum[:]), Instance: o.Instance,
		Generation: o.Generation, SHA256: hex.EncodeToString(o.SHA256[:]),
	}
	if m.after != nil {
		m.after(o.Key, &in)
	}
	if m.stored != nil {
		m.stored(o)
	}
	kept := in
	if m.damage != nil {
		m.damage(o.Key, &kept)
	}
	m.objects[id], m.bodies[id] = kept, string(body)
	if o.MD5 == ([16]byte{}) {
		m.unsummed++
	}
	in.Vouched = o.Vouch && !m.mute
	return in, nil
}

func (m *memoryStore) Download(_ context.Context, bucket, key, _ string, limit int64, w io.Writer) (objstore.Info, error) {
	if err := m.failing("get", key); err != nil {
		return objstore.Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	in, ok := m.objects[bucket+"/"+key]
	switch {
	case !ok:
		return objstore.Info{}, status(404, "")
	case in.Size > limit:
		return in, objstore.ErrTooLarge
	}
	_, err := io.WriteString(w, m.bodies[bucket+"/"+key])
	return in, err
}

func (m *memoryStore) Head(_ context.Context, bucket, key string) (objstore.Info, error) {
	if err := m.failing("head", key); err != nil {
		return objstore.Info{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heads++
	in, ok := m.objects[bucket+"/"+key]
	if !ok {
		return objstore.Info{}, status(404, "")
	}
	return in, nil
}

func (m *memoryStore) List(_ context.Context, bucket, prefix, after string, fn func([]objstore.Info) (bool, error)) error {
	for {
		if err := m.failing("list", prefix); err != nil {
			return err
		}
		m.mu.Lock()
		m.lists++
		var page []objstore.Info
		more := false
		for _, id := range slices.Sorted(maps.Keys(m.objects)) {
			key, ok := strings.CutPrefix(id, bucket+"/")
			if !ok || !strings.HasPrefix(key, prefix) || key <= after {
				continue
			}
			if len(page) == 1000 {
				more = true
				break
			}
			in := m.objects[id]
			page = append(page, objstore.Info{Key: key, Size: in.Size, ETag: in.ETag})
			if len(page) == 1000 {
				after = key
			}
		}
		m.mu.Unlock()
		if on, err := fn(page); err != nil || !on || !more {
			return err
		}
	}
}

// memoryQueue is a ledger in memory, with files in a folder.
type memoryQueue struct {
	mu      sync.Mutex
	dir     string
	windows map[window.ID]*window.Sealed
	done    map[window.ID]int64
	last    map[window.ID]window.Result
	commits int
	fail    error
}

func newQueue(t testing.TB) *memoryQueue {
	return &memoryQueue{dir: t.TempDir(), windows: map[window.ID]*window.Sealed{}, done: map[window.ID]int64{}, last: map[window.ID]window.Result{}}
}

// seal makes the next generation of a window; its bytes tell the generation.
func (q *memoryQueue) seal(t testing.TB, component string, start, wake time.Time, pad int) window.Sealed {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	id := window.ID{Scheduler: "s", Component: component, Start: start.UnixNano()}
	s := q.windows[id]
	if s == nil {
		s = &window.Sealed{ID: id, Bucket: "plant", Key: fmt.Sprintf("in/%s_%s.csv", component, start.UTC().Format("20060102150405")), Wake: wake}
		q.windows[id] = s
	}
	s.Generation++
	body := fmt.Appendf(nil, "%s %d generation %d%s", s.Key, start.UnixNano(), s.Generation, strings.Repeat("x", pad))
	s.Size, s.SHA256, s.MD5 = int64(len(body)), sha256.Sum256(body), md5.Sum(body)
	old := s.Path
	s.Path = filepath.Join(q.dir, fmt.Sprintf("%s_%d.g%d.csv", component, start.UnixNano(), s.Generation))
	if err := os.WriteFile(s.Path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if old != "" {
		_ = os.Remove(old)
	}
	return *s
}

func (q *memoryQueue) Pending(context.Context, int) ([]window.Sealed, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []window.Sealed
	for id, s := range q.windows {
		if s.Generation > q.done[id] {
			out = append(out, *s)
		}
	}
	return out, q.fail
}

func (q *memoryQueue) Uploaded(_ context.Context, results []window.Result) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.commits++
	if q.fail != nil {
		return q.fail
	}
	for _, r := range results {
		q.last[r.ID] = r
		if r.Verified || r.Unverified || r.Kept {
			q.done[r.ID] = max(q.done[r.ID], r.Generation)
		}
	}
	return nil
}

func (q *memoryQueue) left() int {
	p, _ := q.Pending(context.Background(), 0)
	return len(p)
}

func (q *memoryQueue) result(id window.ID) window.Result {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.last[id]
}
