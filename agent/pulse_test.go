package agent

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"millwright/ingest"
	"millwright/ingest/seal"
	"millwright/ingest/take"
	"millwright/internal/clock"
	"millwright/internal/drop"
	"millwright/internal/segment"
)

// listener is a supervisor that notes what it hears.
type listener struct {
	mu    sync.Mutex
	heard []string
}

func (l *listener) hear(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.heard = append(l.heard, what)
}

// take gives what was heard since the last time.
func (l *listener) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() { l.heard = nil }()
	return l.heard
}

func (l *listener) Ready()             { l.hear("ready") }
func (l *listener) Reloading()         { l.hear("reloading") }
func (l *listener) Stopping()          { l.hear("stopping") }
func (l *listener) Alive()             { l.hear("alive") }
func (l *listener) Status(line string) { l.hear("status " + line) }

// mill is a plant in which nothing is ever dropped, and whose disk hangs from an
// instant on.
type mill struct {
	hangs time.Time
}

func (m mill) List(ctx context.Context) (take.Listing, error) {
	if !time.Now().Before(m.hangs) {
		<-ctx.Done()
	}
	return take.Listing{Next: time.Now().Add(30 * time.Second)}, ctx.Err()
}

func (mill) Take(context.Context, []take.Candidate) ([]drop.Drop, []segment.Ref, error) {
	return nil, nil, nil
}
func (mill) Hints() <-chan struct{}                                     { return nil }
func (mill) Asked() <-chan struct{}                                     { return nil }
func (mill) Took([]segment.Ref, time.Time)                              {}
func (mill) Seal(context.Context, time.Time, seal.Waiting) (int, error) { return 0, nil }
func (mill) Close(context.Context, time.Time) (int, error)              { return 0, nil }
func (mill) Load(context.Context, time.Time) error                      { return nil }
func (mill) Due(now time.Time) time.Time                                { return now.Add(time.Hour) }
func (mill) Room(_ context.Context, sizes []int64) int                  { return len(sizes) }
func (mill) ClockSettled() bool                                         { return true }
func (mill) Slowest() time.Duration                                     { return 0 }
func (mill) Recover(context.Context) error                              { return nil }
func (mill) Turned(context.Context, time.Time) bool                     { return false }

// A loop that hangs is what a watchdog is for: it hears nothing any more, and the
// log names the loop. The others turn on.
func TestALoopThatHangsStopsTheWatchdog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zapcore.InfoLevel)
		log := zap.New(core)
		heard := &listener{}
		a := &Agent{Supervisor: heard, clock: clock.Real{}, log: log, pulse: newPulse()}
		m := mill{hangs: time.Now().Add(20 * time.Minute)}
		beat, keep := a.pulse.beat("ingest", turnWithin), a.pulse.beat("keep", turnWithin)
		ing := &ingest.Ingester{Taker: turning{m, beat, 1 << 30, func() {}}, Sealer: m, Gate: m, Site: m, Clock: clock.Real{}, Log: log}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- a.supervised(ctx, &ground{board: &notes{}}, func(ctx context.Context, _ *statusLine) error {
				var wg sync.WaitGroup
				wg.Go(func() { _ = ing.Run(ctx) })
				wg.Go(func() {
					for ctx.Err() == nil {
						keep.turn()
						_ = clock.Real{}.Wait(ctx, time.Now().Add(keepEvery), nil)
					}
				})
				wg.Wait()
				return nil
			})
		}()
		alive := func(minutes int) (n int) {
			time.Sleep(time.Duration(minutes) * time.Minute)
			synctest.Wait()
			for _, what := range heard.take() {
				if what == "alive" {
					n++
				}
			}
			return n
		}
		if n := alive(20); n < 20*60/10-1 {
			t.Errorf("alive was said %d times in 20 minutes of good health", n)
		}
		alive(7) // it hung at the beginning of these, or a turn later
		if n := alive(20); n != 0 {
			t.Errorf("alive was said %d times while a loop hung", n)
		}
		if all := logs.FilterMessageSnippet("loops hang").All(); len(all) != 1 || all[0].ContextMap()["loops"] != "ingest" {
			t.Errorf("logged %v", all)
		}
		cancel()
		<-done
		if said := heard.take(); !slices.Contains(said, "stopping") {
			t.Errorf("at its end it said %v", said)
		}
	})
}

// Large files take long on slow disks; that is no reason to end the process.
func TestALargeFileMayTakeItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newPulse()
		b := p.beat("ingest", turnWithin)
		slow := slowTaker{time.Hour}
		taker := turning{slow, b, 5 << 30, func() {}}
		late := func(c take.Candidate) string {
			go func() { _, _, _ = taker.Take(t.Context(), []take.Candidate{c}) }()
			time.Sleep(30 * time.Minute)
			defer func() { time.Sleep(time.Hour) }()
			return strings.Join(p.late(), " ")
		}
		for name, c := range map[string]struct {
			file take.Candidate
			late string
		}{
			"large":  {take.Candidate{Name: "a.csv", Size: 1 << 30}, ""},
			"packed": {take.Candidate{Name: "a.csv.gz", Size: 4 << 20}, ""},
			"small":  {take.Candidate{Name: "a.csv", Size: 1 << 20}, "ingest"},
		} {
			if got := late(c.file); got != c.late {
				t.Errorf("%s: %q is late after half an hour", name, got)
			}
		}
	})
}

type slowTaker struct{ takes time.Duration }

func (s slowTaker) List(context.Context) (take.Listing, error) { return take.Listing{}, nil }
func (s slowTaker) Hints() <-chan struct{}                     { return nil }
func (s slowTaker) Take(context.Context, []take.Candidate) ([]drop.Drop, []segment.Ref, error) {
	time.Sleep(s.takes)
	return nil, nil, nil
}
