package upload_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
	"millwright/internal/window"
	"millwright/upload"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

// spool is a ledger in memory, over files.
type spool struct {
	mu      sync.Mutex
	dir     string
	bucket  string
	windows map[window.ID]*window.Sealed
	done    map[window.ID]int64
	last    map[window.ID]window.Result
}

func newSpool(t testing.TB, bucket string) *spool {
	return &spool{dir: t.TempDir(), bucket: bucket, windows: map[window.ID]*window.Sealed{}, done: map[window.ID]int64{}, last: map[window.ID]window.Result{}}
}

func (q *spool) seal(t testing.TB, n, size int, wake time.Time) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	id := window.ID{Scheduler: "s", Component: "pump", Start: int64(n)}
	s := q.windows[id]
	if s == nil {
		s = &window.Sealed{ID: id, Bucket: q.bucket, Key: fmt.Sprintf("in/pump_%08d.csv", n), Wake: wake}
		q.windows[id] = s
	}
	s.Generation++
	body := []byte(strings.Repeat(fmt.Sprintf("%d generation %d\n", n, s.Generation), size/12+3)[:max(size, 24)])
	s.Size, s.SHA256, s.MD5 = int64(len(body)), sha256.Sum256(body), md5.Sum(body)
	old := s.Path
	s.Path = filepath.Join(q.dir, fmt.Sprintf("%d.g%d.csv", n, s.Generation))
	if err := os.WriteFile(s.Path, body, 0o600); err != nil {
		t.Error(err)
	}
	if old != "" {
		_ = os.Remove(old)
	}
}

func (q *spool) Pending(context.Context, int) ([]window.Sealed, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []window.Sealed
	for id, s := range q.windows {
		if s.Generation > q.done[id] {
			out = append(out, *s)
		}
	}
	return out, nil
}

func (q *spool) Uploaded(_ context.Context, results []window.Result) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, r := range results {
		q.last[r.ID] = r
		if r.Verified {
			q.done[r.ID] = max(q.done[r.ID], r.Generation)
		}
	}
	return nil
}

func (q *spool) left() int {
	p, _ := q.Pending(context.Background(), 0)
	return len(p)
}

func run(t *testing.T, q *spool, c *objstore.Client, set upload.Settings) (*upload.Uploader, func()) {
	t.Helper()
	set.Instance = "gw-17"
	u := upload.New(q, c, time.Now, set, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = u.Run(ctx) }()
	return u, func() { cancel(); <-done }
}

// eventually waits for what a busy machine may take its time for.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	const limit = 5 * time.Minute
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	end := time.Now().Add(limit)
	for !ok() {
		if time.Now().After(end) {
			t.Fatalf("not within %s: %s", limit, what)
		}
		<-tick.C
	}
}

// holds compares the bucket with what was sealed last.
func (q *spool) holds(t *testing.T, c *objstore.Client) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, s := range q.windows {
		body, in, err := c.Get(context.Background(), s.Bucket, s.Key, 1<<24)
		if err != nil || sha256.Sum256(body) != s.SHA256 || in.Generation != s.Generation {
			t.Errorf("%s: generation %d, want %d: %v", s.Key, in.Generation, s.Generation, err)
		}
	}
}

// Whatever the faults, in the end each key holds the newest generation's bytes,
// and at no time did an older one replace a newer one.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{1, 2} {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			srv := s3test.New(t)
			rnd := rand.New(rand.NewPCG(seed, 7))
			var mu sync.Mutex
			turn := 0
			var on atomic.Bool
			on.Store(true)
			p := newFaultProxy(t, srv.Endpoint, func(r *http.Request) fault {
				mu.Lock()
				defer mu.Unlock()
				if !on.Load() || rnd.IntN(100) >= 25 {
					return none
				}
				if r.Method != http.MethodPut {
					return slowDown + fault(rnd.IntN(3))
				}
				turn++ // each has its turn, however few requests there are
				return 1 + fault(turn)%(faults-1)
			})
			q := newSpool(t, srv.Bucket)
			const n = 120
			wake := func(i int) time.Time { return time.Now().Add(time.Duration(i-n/2) * time.Second) }
			for i := range n {
				q.seal(t, i, 1<<(4+i%13), wake(i))
			}
			u, stop := run(t, q, srv.Client(t, p.URL), upload.Settings{})
			tick := time.NewTicker(40 * time.Millisecond)
			defer tick.Stop()
			unseen := func() bool {
				for f := range faults {
					if p.hit[f].Load() == 0 {
						return true
					}
				}
				return false
			}
			for round := 0; round < 100 || round < 5000 && unseen(); round++ { // windows are sealed anew while all this goes on
				<-tick.C
				mu.Lock()
				i := rnd.IntN(n)
				mu.Unlock()
				q.seal(t, i, 1<<(4+i%13), wake(i))
				u.Wake()
			}
			on.Store(false)
			eventually(t, "all uploaded", func() bool { u.Wake(); return q.left() == 0 })
			p.late.Wait() // the last zombies
			stop()
			q.holds(t, srv.Client(t, ""))
			for f := range faults {
				if p.hit[f].Load() == 0 {
					t.Errorf("fault %d did not take effect", f)
				}
			}
			for key, gens := range p.accepted {
				for i := 1; i < len(gens); i++ {
					if gens[i] < gens[i-1] {
						t.Errorf("%s: generation %d replaced %d", key, gens[i], gens[i-1])
					}
				}
			}
		})
	}
}

// deaf gives an address that refuses connections, and which nobody else can take
// until listen is called.
func deaf(t *testing.T) (addr string, listen func() net.Listener) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "deaf")
	t.Cleanup(func() { _ = f.Close() })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*unix.SockaddrInet4).Port), func() net.Listener {
		if err := unix.Listen(fd, 128); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(f)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// The store is not there at all, and comes back.
func TestRefusedThenBack(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	addr, listen := deaf(t)
	q := newSpool(t, srv.Bucket)
	for i := range 60 {
		q.seal(t, i, 100, time.Now().Add(-time.Hour))
	}
	u, stop := run(t, q, srv.Client(t, "http://"+addr), upload.Settings{})
	defer stop()
	eventually(t, "trouble is told", func() bool {
		st := u.Status()
		return len(st.Trouble) > 0 && strings.Contains(st.Trouble[0].What, "refused") && st.Failed >= 3
	})
	back := listen()
	target, _ := url.Parse(srv.Endpoint)
	proxy := &http.Server{Handler: &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}}
	t.Cleanup(func() { _ = proxy.Close() })
	go func() { _ = proxy.Serve(back) }()
	eventually(t, "all uploaded", func() bool { return q.left() == 0 })
	q.holds(t, srv.Client(t, ""))
}

// Two gateways with the same keys: the second one leaves the first one's alone.
func TestTwoInstances(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	mine, theirs := newSpool(t, srv.Bucket), newSpool(t, srv.Bucket)
	for i := range 40 {
		theirs.seal(t, i, 100, time.Now().Add(-time.Hour))
		mine.seal(t, i, 100, time.Now().Add(-time.Hour))
		if i%2 == 0 {
			mine.seal(t, i, 100, time.Now().Add(-time.Hour)) // other bytes than theirs
		}
	}
	first := upload.New(theirs, c, time.Now, upload.Settings{Instance: "gw-18"}, zap.NewNop())
	if err := first.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, stop := run(t, mine, c, upload.Settings{})
	eventually(t, "adopted or in conflict", func() bool {
		mine.mu.Lock()
		defer mine.mu.Unlock()
		return len(mine.last) == 40
	})
	stop()
	for id, r := range mine.last {
		if odd := id.Start%2 == 1; r.Verified != odd || !odd && !strings.Contains(r.Err, "gw-18") {
			t.Errorf("%d: %+v", id.Start, r)
		}
	}
	theirs.holds(t, c)
}

// Large windows are read from the file, not held in memory.
func TestLargeWindow(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	q := newSpool(t, srv.Bucket)
	q.seal(t, 1, 9<<20, time.Now().Add(time.Hour))
	u := upload.New(q, srv.Client(t, ""), time.Now, upload.Settings{Instance: "gw-17"}, zap.NewNop())
	if err := u.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	q.holds(t, srv.Client(t, ""))
}
