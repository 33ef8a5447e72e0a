package results

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/event"
	"millwright/internal/executions"
	"millwright/internal/ledger"
	"millwright/internal/objstore"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/s3server/s3test"
	"millwright/internal/window"
)

const (
	five   = int64(5 * time.Minute)
	prefix = "out/"
)

// monday is the first window of the tests.
var monday = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC).UnixNano()

// counted is a store that counts requests and fails when told to.
type counted struct {
	Store
	lists, gets atomic.Int64
	fail        atomic.Pointer[error]
	failGet     atomic.Pointer[error]
	crowd       atomic.Bool // listings are full of other objects
	noList      atomic.Bool // the policy
	hides       atomic.Bool // what is not there is forbidden then
}

func (c *counted) Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error) {
	c.gets.Add(1)
	if err := c.fail.Load(); err != nil {
		return objstore.Info{}, *err
	}
	if err := c.failGet.Load(); err != nil {
		return objstore.Info{}, *err
	}
	info, err := c.Store.Download(ctx, bucket, key, known, limit, w)
	if c.hides.Load() && errors.Is(err, objstore.ErrNotFound) {
		err = fmt.Errorf("get: %w", objstore.ErrForbidden)
	}
	return info, err
}

func (c *counted) List(ctx context.Context, bucket, prefix, after string, fn func([]objstore.Info) (bool, error)) error {
	c.lists.Add(1)
	if c.noList.Load() {
		return fmt.Errorf("list: %w", objstore.ErrForbidden)
	}
	if err := c.fail.Load(); err != nil {
		return *err
	}
	for c.crowd.Load() {
		if more, err := fn([]objstore.Info{{Key: after + "-other"}}); err != nil || !more {
			return err
		}
	}
	return c.Store.List(ctx, bucket, prefix, after, fn)
}

func (c *counted) requests() int64 { return c.lists.Load() + c.gets.Load() }

// stuck is a clock that a test moves.
type stuck struct {
	mu  sync.Mutex
	now time.Time
}

func (s *stuck) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *stuck) Wait(context.Context, time.Time, <-chan struct{}) error {
	return errors.New("not used")
}

// notes is a Board.
type notes map[string]string

func (n notes) Stand(_ context.Context, scope, code, text, _ string) { n[scope+" "+code] = text }
func (n notes) Clear(_ context.Context, scope, code string)          { delete(n, scope+" "+code) }

// answers is a Service.
type answers struct {
	asked int
	list  map[int64]executions.Execution
	err   error
}

func (a *answers) List(context.Context, string, int64, int64) (map[int64]executions.Execution, error) {
	a.asked++
	return a.list, a.err
}

// rig is a follower whose time is moved by hand.
type rig struct {
	*testing.T
	dir    string
	ledger *ledger.Ledger
	store  *counted
	s3     *s3test.Server
	client *objstore.Client
	clock  *stuck
	real   time.Time
	notes  notes
	set    Settings
	sched  Scheduler
	f      *follower
}

func newRig(t *testing.T) *rig {
	t.Helper()
	s3 := s3test.New(t)
	r := &rig{T: t, dir: t.TempDir(), s3: s3, client: s3.Client(t, ""), clock: &stuck{}, notes: notes{}}
	r.store = &counted{Store: r.client}
	led, err := ledger.Open(t.Context(), r.dir, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = led.Close() })
	r.ledger = led
	r.sched = Scheduler{
		Name: "pump", Bucket: s3.Bucket, Prefix: prefix,
		Cadence: window.Cadence{Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Rate: time.Minute},
		Streams: []window.ID{{Scheduler: "pump", Component: "a"}, {Scheduler: "pump", Component: "b"}},
		Timeout: 10 * time.Minute, Keep: 720 * time.Hour, Late: 72 * time.Hour, Rule: event.RuleFor(5*time.Minute, time.Minute, 0),
	}
	r.set = Settings{Dir: r.dir}
	r.clock.now, r.real = time.Unix(0, monday).UTC(), time.Now()
	r.restart()
	return r
}

// restart is what a new process finds.
func (r *rig) restart() {
	res := New([]Scheduler{r.sched}, r.ledger, r.store, r.notes, r.clock, r.set, zaptest.NewLogger(r))
	res.sweep()
	r.f = newFollower(res, &res.schedulers[0])
}

// start of the ith window.
func (r *rig) start(i int) int64 { return monday + int64(i)*five }

// sealed enters windows of both components as sealed, uploaded and verified at
// the time of the clock.
func (r *rig) uploaded(i int, components ...string) {
	r.Helper()
	if components == nil {
		components = []string{"a", "b"}
	}
	for _, c := range components {
		r.sealed(i, c, false)
		r.verified(i, c)
	}
}

func (r *rig) sealed(i int, component string, overdue bool) {
	r.Helper()
	rec := window.Record{End: r.start(i) + five, SealedAt: r.clock.Now()}
	rec.Sealed = window.Sealed{
		ID: window.ID{Scheduler: "pump", Component: component, Start: r.start(i)}, Generation: 1, Wake: r.sched.Cadence.Wake(r.start(i)), Overdue: overdue,
	}
	r.must(r.ledger.CommitSealed(r.Context(), []window.Record{rec}))
}

func (r *rig) verified(i int, component string) {
	r.Helper()
	r.must(r.ledger.Uploaded(r.Context(), []window.Result{{
		ID: window.ID{Scheduler: "pump", Component: component, Start: r.start(i)}, Generation: 1, Verified: true, At: r.clock.Now(),
	}}))
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// pass does one pass at the clock's time.
func (r *rig) pass() {
	r.Helper()
	r.must(r.f.pass(r.Context(), now{r.clock.Now(), r.real}))
}

// until lets the loop run until some time after the first window's start.
func (r *rig) until(d time.Duration) {
	r.Helper()
	end := time.Unix(0, monday).UTC().Add(d)
	for turns := 0; ; turns++ {
		if turns > 20000 {
			r.Fatal("the loop spins")
		}
		r.pass()
		n := now{r.clock.Now(), r.real}
		next := r.f.next(n)
		step := max(min(next.business.Sub(n.business), next.real.Sub(n.real), turn), 0)
		if step == 0 {
			r.Fatalf("at %s the next pass is at once: %+v", n.business, r.f)
		}
		if n.business.Add(step).After(end) {
			step = end.Sub(n.business)
		}
		r.clock.mu.Lock()
		r.clock.now = r.clock.now.Add(step)
		r.clock.mu.Unlock()
		r.real = r.real.Add(step)
		if !r.clock.Now().Before(end) {
			r.pass()
			return
		}
	}
}

// lines is the result of the ith window with one row per score.
func (r *rig) lines(i int, scores ...float64) []byte {
	var out []byte
	for k, s := range scores {
		row := resultline.Row{Time: r.start(i) + int64(k+1)*int64(time.Minute), Reason: resultline.NoAnomalyDetected, Score: s, HasScore: true}
		if s > resultline.Threshold {
			row.Prediction, row.Reason = 1, resultline.AnomalyDetected
		}
		row.Diagnostics = []resultline.Share{{Name: `a\x`, Value: 0.75}, {Name: `b\y`, Value: 0.25}}
		out = resultline.Append(out, row)
	}
	return out
}

func (r *rig) put(i int, body []byte) {
	r.Helper()
	_, err := r.client.Put(r.Context(), objstore.Object{
		Bucket: r.s3.Bucket, Key: window.ResultKey(prefix, r.start(i)), Body: body, Size: int64(len(body)), MD5: md5.Sum(body), SHA256: sha256.Sum256(body),
	})
	r.must(err)
}

func (r *rig) outcome(i int) window.Outcome {
	r.Helper()
	list, err := r.ledger.Outcomes(r.Context(), window.OutcomeFilter{Scheduler: "pump", From: r.start(i), To: r.start(i) + 1})
	r.must(err)
	if len(list) == 0 {
		return window.Outcome{}
	}
	return list[0]
}

func (r *rig) is(i int, want window.Scoring) window.Outcome {
	r.Helper()
	o := r.outcome(i)
	if o.Scoring != want {
		r.Fatalf("window %d is %q (%s), want %q", i, o.Scoring, o.Reason, want)
	}
	return o
}

func (r *rig) onSite(i int, want []byte) {
	r.Helper()
	got, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(window.ResultPath("pump", r.start(i)))))
	r.must(err)
	if !bytes.Equal(got, want) {
		r.Errorf("window %d on site:\n%s\nwant:\n%s", i, got, want)
	}
}

// messages gives the ids of all messages of a kind, in their order.
func (r *rig) messages(kinds ...outbox.Kind) (ids []string, all []outbox.Message) {
	r.Helper()
	all, err := r.ledger.Messages(r.Context(), 0, kinds, 0)
	r.must(err)
	for _, m := range all {
		ids = append(ids, m.ID)
	}
	return ids, all
}

func (r *rig) wantMessages(kind outbox.Kind, want ...string) {
	r.Helper()
	got, _ := r.messages(kind)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.Errorf("messages %s:\n%q\nwant:\n%q", kind, got, want)
	}
}
