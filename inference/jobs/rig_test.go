package jobs_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"millwright/inference/jobs"
	"millwright/inference/store"
	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
	"millwright/internal/simulate"
)

const (
	account = "000000000000"
	five    = 5 * time.Minute
)

// manual is business time that a test sets.
type manual struct {
	mu  sync.Mutex
	now time.Time
}

func (m *manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

func (m *manual) set(t time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = t
}

func (m *manual) Wait(ctx context.Context, t time.Time, hint <-chan struct{}) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for m.Now().Before(t) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-hint:
			return nil
		case <-tick.C:
		}
	}
	return ctx.Err()
}

// rig is a node with its database and buckets, which outlive it.
type rig struct {
	t        testing.TB
	database string
	server   *s3test.Server
	client   *objstore.Client
	bucket   string // of the plant; the work bucket is it too
	clock    *manual
	store    *store.Store
	jobs     *jobs.Jobs
	kill     func()
	options  func(*jobs.Options)
}

func newRig(t testing.TB) *rig {
	t.Helper()
	s := s3test.New(t)
	return &rig{
		t: t, database: database(t), server: s, client: s.Client(t, ""), bucket: s.Bucket,
		clock: &manual{now: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)}, options: func(*jobs.Options) {},
	}
}

// open makes a node, which does not work yet.
func (r *rig) open() {
	r.t.Helper()
	s, err := store.Open(r.t.Context(), store.Options{Database: r.database, Also: jobs.Migrate})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { s.Close() })
	o := jobs.Options{Store: s, Bucket: r.bucket, S3: r.client, Clock: r.clock, Workers: 2, Poll: 100 * time.Millisecond}
	o.Lake.Scratch = r.t.TempDir()
	r.options(&o)
	log := zaptest.NewLogger(r.t, zaptest.Level(zap.InfoLevel))
	j, err := jobs.New(o, log)
	if err != nil {
		r.t.Fatal(err)
	}
	r.store, r.jobs = s, j
}

// start has the node work until the function it sets as kill is called.
func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = r.jobs.Run(ctx)
	}()
	r.kill = sync.OnceFunc(func() { cancel(); <-done })
	r.t.Cleanup(r.kill)
}

func (r *rig) do(fn func(context.Context, *store.Tx) error) {
	r.t.Helper()
	if err := r.store.Tx(r.t.Context(), func(t *store.Tx) error { return fn(r.t.Context(), t) }); err != nil {
		r.t.Fatal(err)
	}
}

// busy is how many times as long things may take as on a machine that has nothing else
// to do.
const busy = 4

// until waits for a condition.
func (r *rig) until(what string, limit time.Duration, ok func() bool) {
	r.t.Helper()
	limit *= busy
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: not within %s", what, limit)
		}
	}
}

func (r *rig) put(key, content string) {
	r.t.Helper()
	b := []byte(content)
	if _, err := r.client.Put(r.t.Context(), objstore.Object{Bucket: r.bucket, Key: key, Body: b, Size: int64(len(b)), SHA256: sha256.Sum256(b), MD5: md5.Sum(b)}); err != nil {
		r.t.Fatal(err)
	}
}

// csv is a component's rows with from < t <= to, one each five minutes.
func csv(p *simulate.Plant, component string, from, to time.Time) string {
	var b strings.Builder
	b.WriteString("Timestamp")
	for _, s := range simulate.Sensors(component) {
		b.WriteString("," + s)
	}
	b.WriteString("\n")
	for t := from.Add(five); !t.After(to); t = t.Add(five) {
		b.WriteString(t.Format("2006-01-02T15:04:05.000000"))
		for _, v := range p.Row(nil, component, t) {
			fmt.Fprintf(&b, ",%g", v)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// list is the keys under a prefix.
func (r *rig) list(prefix string) (keys []string) {
	r.t.Helper()
	if err := r.client.List(r.t.Context(), r.bucket, prefix, "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			keys = append(keys, o.Key)
		}
		return true, nil
	}); err != nil {
		r.t.Fatal(err)
	}
	return keys
}
