package backfill_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/agent"
	"millwright/backfill"
	"millwright/config"
	"millwright/internal/objstore"
)

// The test binary runs itself as a backfill that is killed: the configuration's
// file is in childEnv.
const (
	childEnv = "BACKFILL_TEST_CONFIG"
	childAs  = "BACKFILL_TEST_AS"
	childKey = "BACKFILL_TEST_CREDENTIALS"
	childNow = "BACKFILL_TEST_NOW"
)

func child() int {
	cfg, _, err := config.Load(os.Getenv(childEnv))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	set := agent.Store(cfg)
	set.CredentialsFile = os.Getenv(childKey)
	store, err := objstore.New(context.Background(), set, zap.NewNop())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	b := backfill.New(cfg, agent.Streams(cfg), store, zap.NewNop())
	now, _ := time.Parse(time.RFC3339, os.Getenv(childNow))
	b.Now = func() time.Time { return now }
	if _, err := b.Run(context.Background(), backfill.Options{Paths: []string{cfg.Drops[0].Path}, As: backfill.As(os.Getenv(childAs))}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// kill runs a child and kills it after a while; true when it was done before.
func (r *rig) kill(as backfill.As, after time.Duration) bool {
	r.t.Helper()
	file := filepath.Join(r.dir, "site.yaml")
	if err := os.WriteFile(file, []byte(r.yaml), 0o600); err != nil {
		r.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+file, childAs+"="+string(as), childKey+"="+r.server.CredentialsFile, childNow+"="+r.now.Format(time.RFC3339))
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	timer.Stop()
	var killed *exec.ExitError
	if err != nil && (!errors.As(err, &killed) || killed.ExitCode() > 0) {
		r.t.Fatalf("the child failed: %v", err)
	}
	return err == nil
}

// history puts files into the drop folder that overlap and span days.
func (r *rig) history(seed uint64) *naive {
	rnd := rand.New(rand.NewPCG(seed, 20))
	var texts []string
	for i := range 6 {
		text := rows(rnd, day(1, 30+i/3, 5*(i%3)), 300, 30*time.Second, "flow", []string{"heat", "speed"}[i%2])
		texts = append(texts, text)
		r.file(fmt.Sprintf("pump/%02d.csv", i), text)
	}
	return newNaive(r.t, texts...)
}

func TestKilledAnywhereTheSameCommandGoesOn(t *testing.T) {
	t.Parallel()
	for _, as := range []backfill.As{backfill.Inference, backfill.Training} {
		t.Run(string(as), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, scheduler, "")
			n := r.history(1)
			rnd := rand.New(rand.NewPCG(2, 21))
			done := false
			for range 8 {
				if done = r.kill(as, time.Duration(40+rnd.IntN(500))*time.Millisecond); done {
					break
				}
			}
			if !done && !r.kill(as, time.Hour) {
				t.Fatal("it was not done in the end")
			}
			if _, err := os.Stat(r.state()); !os.IsNotExist(err) {
				t.Errorf("its state is not removed: %v", err)
			}
			if as == backfill.Inference {
				same(t, "windows", r.bucket("in/"), n.windows("pump", r.now))
			} else {
				same(t, "months", r.bucket("train/"), n.months("pump"))
			}
		})
	}
}

// counting ends a context after so many requests to the store.
type counting struct {
	backfill.Store
	left atomic.Int64
	stop context.CancelFunc
}

func (c *counting) Put(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	if c.left.Add(-1) == 0 {
		c.stop()
	}
	return c.Store.Put(ctx, o)
}

func TestInterruptedIsPartlyDoneAndGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	n := r.history(3)
	cfg := r.config()
	for _, puts := range []int{1, 20, 60} {
		ctx, stop := context.WithCancel(t.Context())
		store := &counting{Store: r.store, stop: stop}
		store.left.Store(int64(puts))
		b := backfill.New(cfg, agent.Streams(cfg), store, zap.NewNop())
		b.Now = func() time.Time { return r.now }
		if _, err := b.Run(ctx, backfill.Options{Paths: []string{r.drop()}}); !errors.Is(err, backfill.ErrPartly) {
			t.Errorf("after %d objects: %v", puts, err)
		}
		stop()
	}
	sum := r.must(backfill.Options{Paths: []string{r.drop()}})
	want := n.windows("pump", r.now)
	same(t, "windows", r.bucket("in/"), want)
	if !sum.Resumed || sum.Windows.Sealed != int64(len(want)) || sum.Objects.Sent == 0 || sum.Objects.Sent >= int64(len(want)) {
		t.Errorf("%+v %+v", sum.Windows, sum.Objects)
	}
}

func TestTheSameCommandDoesNotRunTwiceAtATime(t *testing.T) {
	t.Parallel()
	r := newRig(t, scheduler, "")
	r.history(4)
	inside := make(chan error, 1)
	cfg := r.config()
	o := backfill.Options{Paths: []string{r.drop()}}
	b := backfill.New(cfg, agent.Streams(cfg), r.store, zap.NewNop())
	b.Progress = onStep(func() {
		_, err := backfill.New(cfg, agent.Streams(cfg), r.store, zap.NewNop()).Run(t.Context(), o)
		select {
		case inside <- err:
		default:
		}
	})
	if _, err := b.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if err := <-inside; err == nil {
		t.Error("both ran")
	}
}

type onStep func()

func (f onStep) Step(string, backfill.Unit, int64) backfill.Step { f(); return f }
func (f onStep) Add(int64)                                       {}
func (f onStep) Total(int64)                                     {}
func (f onStep) Done()                                           {}
