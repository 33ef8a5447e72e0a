package sink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/outbox"
)

// fake is a sink that a test decides for.
type fake struct {
	name   string
	answer func(m outbox.Message) error // nil: taken
	keep   error

	mu     sync.Mutex
	got    []string // ids that were taken
	tries  []time.Time
	closed int
}

func (f *fake) Name() string               { return f.name }
func (f *fake) Target() string             { return "fake://" + f.name }
func (f *fake) Keep(context.Context) error { return f.keep }
func (f *fake) Close() error               { f.closed++; return nil }

func (f *fake) Send(ctx context.Context, ms []outbox.Message) (int, error) {
	for i, m := range ms {
		f.mu.Lock()
		f.tries = append(f.tries, time.Now())
		answer := f.answer
		f.mu.Unlock()
		if answer != nil {
			if err := answer(m); err != nil {
				return i, err
			}
		}
		f.mu.Lock()
		f.got = append(f.got, m.ID)
		f.mu.Unlock()
	}
	return len(ms), ctx.Err()
}

func (f *fake) answers(answer func(outbox.Message) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// pass lets time pass until all is quiet.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (f *fake) taken() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.got)
}

func TestDeadSinkDelaysOnlyItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 10)
		var down atomic.Bool
		down.Store(true)
		dead := &fake{name: "dead", answer: func(outbox.Message) error {
			if down.Load() {
				return &Fault{What: "it is down", Remedy: "start it"}
			}
			return nil
		}}
		live := &fake{name: "live"}
		f, stop := sail(t, s.runner(dead), s.runner(live))
		synctest.Wait()
		if live.taken() != len(s.ms) || dead.taken() != 0 {
			t.Fatalf("live has %d, dead %d of %d", live.taken(), dead.taken(), len(s.ms))
		}
		s.fill(t, 10, 1)
		f.Wake()
		synctest.Wait()
		if live.taken() != len(s.ms) {
			t.Errorf("a hint is not heeded at once: %d of %d", live.taken(), len(s.ms))
		}
		if s.notice(CodeFailing) != "" {
			t.Error("the first failure is told of")
		}
		pass(48 * time.Hour)
		for i, at := range dead.tries[1:] {
			if wait := at.Sub(dead.tries[i]); wait < firstWait*3/4 || wait > longestWait {
				t.Errorf("try %d after %s", i+2, wait)
			}
		}
		if n := len(dead.tries); n < 48*12 || n > 48*17 {
			t.Errorf("%d tries in two days", n)
		}
		if st := f.Status(); s.notice(CodeFailing) != "it is down" || st[0].Error != "it is down" || st[1].Error != "" || st[0].SetAside != 0 {
			t.Errorf("notice %q, status %+v", s.notice(CodeFailing), st)
		}
		down.Store(false)
		pass(longestWait)
		if dead.taken() != len(s.ms) || s.notice(CodeFailing) != "" || f.Status()[0].Error != "" {
			t.Errorf("after two days it got %d of %d; %+v", dead.taken(), len(s.ms), f.Status())
		}
		stop()
		if dead.closed != 1 || live.closed != 1 {
			t.Errorf("closed %d and %d times", dead.closed, live.closed)
		}
	})
}

// TestKindsThatAreNotSentAreNotKeptForASink: with results.keep: none messages go
// only when every sink has passed them.
func TestKindsThatAreNotSentAreNotKeptForASink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 3)
		k := &fake{name: "alarms"}
		f, stop := sail(t, s.runner(k, outbox.Alert))
		synctest.Wait()
		if last := int64(len(s.ms)); k.taken() != 0 || s.cursor(k.name) != last || f.Status()[0].Cursor != last {
			t.Errorf("%d sent, the cursor is at %d of %d", k.taken(), s.cursor(k.name), last)
		}
		m := s.add(outbox.Message{Scheduler: "pump", Kind: outbox.Alert, Generation: 1})
		f.Wake()
		synctest.Wait()
		if k.taken() != 1 || s.cursor(k.name) != m.Seq {
			t.Errorf("%d sent behind them, the cursor is at %d", k.taken(), s.cursor(k.name))
		}
		k.answers(func(outbox.Message) error { return &Fault{What: "down", Remedy: "start it"} })
		held := s.add(outbox.Message{Scheduler: "pump", Kind: outbox.Alert, Generation: 2})
		s.fill(t, 3, 1)
		pass(time.Hour)
		if s.cursor(k.name) >= held.Seq {
			t.Error("a message that the sink has not taken is passed over")
		}
		stop()
	})
}

// TestLongPauseGoesOnTurning: a server may ask for an hour, a watchdog has less.
func TestLongPauseGoesOnTurning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 1)
		k := &fake{name: "busy", answer: func(outbox.Message) error { return &Fault{What: "429", Remedy: "wait", After: time.Hour} }}
		r := s.runner(k)
		turned, longest := time.Now(), time.Duration(0)
		r.Turned = func() { longest, turned = max(longest, time.Since(turned)), time.Now() }
		_, stop := sail(t, r)
		pass(12 * time.Hour)
		stop()
		if longest > time.Minute || len(k.tries) > 13 {
			t.Errorf("no turn for %s, %d tries", longest, len(k.tries))
		}
	})
}

// TestScopesDiffer: two addresses at one host, of which one is well.
func TestScopesDiffer(t *testing.T) {
	t.Parallel()
	a := made(t, Settings{Kind: "webhook", URL: "https://hooks.example/T1/secret"})
	b := made(t, Settings{Kind: "webhook", URL: "https://hooks.example/T2/secret"})
	if Scope(a) == Scope(b) || strings.Contains(Scope(a), "secret") || !strings.Contains(Scope(a), "https://hooks.example") {
		t.Errorf("%q and %q", Scope(a), Scope(b))
	}
}

// TestRefusedMessage: one poison message costs its sink a day, even if the process
// is started anew every hour, and none of the others is lost.
func TestRefusedMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 3)
		poison := s.ms[2].ID
		k := &fake{name: "hook", answer: func(m outbox.Message) error {
			if m.ID == poison {
				return &Fault{What: "400 I do not want this", Remedy: "ask it", Verdict: Refuse}
			}
			return nil
		}}
		begun := time.Now()
		for k.taken() < len(s.ms)-1 {
			_, stop := sail(t, s.runner(k))
			pass(time.Hour)
			if k.taken() == 2 && s.notice(CodeFailing) == "" {
				t.Error("a refusal is not told of")
			}
			stop()
			if time.Since(begun) > 30*time.Hour {
				t.Fatalf("still %d messages", k.taken())
			}
		}
		if lasted := time.Since(begun); lasted < refusedFor {
			t.Errorf("set aside after %s", lasted)
		}
		files, _ := filepath.Glob(filepath.Join(quarantine(s.state, k.name), "*.json"))
		if len(files) != 1 || !strings.Contains(read(t, files[0]), "400 I do not want this") || !strings.Contains(read(t, files[0]), poison) {
			t.Fatalf("set aside: %v", files)
		}
		if !strings.Contains(s.notice(CodeSetAside), poison) {
			t.Errorf("the notice says %q", s.notice(CodeSetAside))
		}
		_, stop := sail(t, s.runner(k))
		os.Remove(files[0])
		pass(2 * poll)
		stop()
		if s.notice(CodeSetAside) != "" {
			t.Errorf("the notice stands although nothing is set aside: %s", s.notice(CodeSetAside))
		}
	})
}

// TestRefusesAll: after a day without one message taken, each has one try.
func TestRefusesAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 10)
		k := &fake{name: "hook", answer: func(m outbox.Message) error {
			return &Fault{What: "422 " + m.ID, Remedy: "ask it", Verdict: Refuse}
		}}
		sail(t, s.runner(k))
		pass(refusedFor - longestWait)
		if n := countAside(s.state, k.name); n != 0 {
			t.Fatalf("%d set aside before a day", n)
		}
		pass(2 * longestWait)
		if n := countAside(s.state, k.name); n != int64(len(s.ms)) || s.cursor(k.name) != s.ms[len(s.ms)-1].Seq {
			t.Fatalf("%d of %d set aside after a day", n, len(s.ms))
		}
		s.fill(t, 10, 1) // something is taken again: the next refusal has a day again
		k.answers(nil)
		pass(2 * poll)
		k.answers(func(outbox.Message) error { return &Fault{What: "422", Remedy: "ask it", Verdict: Refuse} })
		before := countAside(s.state, k.name)
		s.fill(t, 11, 1)
		pass(refusedFor / 2)
		if n := countAside(s.state, k.name); n != before {
			t.Errorf("%d set aside after half a day", n-before)
		}
	})
}

func TestAskedToWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 1)
		k := &fake{name: "hook", answer: func(outbox.Message) error { return &Fault{What: "429", Remedy: "wait", After: 20 * time.Minute} }}
		sail(t, s.runner(k))
		pass(59 * time.Minute)
		if n := len(k.tries); n != 3 {
			t.Errorf("%d tries in an hour", n)
		}
	})
}

func TestHintsDoNotHurryABackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 1)
		k := &fake{name: "hook", answer: func(outbox.Message) error { return errors.New("down") }}
		f, _ := sail(t, s.runner(k))
		for range 3600 {
			f.Wake()
			pass(time.Second)
		}
		if n := len(k.tries); n > 25 {
			t.Errorf("%d tries in an hour", n)
		}
	})
}

// TestOutboxFails: the ledger may be gone for a while too.
func TestOutboxFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 3)
		s.broken = errors.New("disk is full")
		k := &fake{name: "hook"}
		sail(t, s.runner(k))
		pass(time.Minute)
		if s.notice(CodeFailing) == "" {
			t.Error("nothing is said")
		}
		s.mu.Lock()
		s.broken = nil
		s.mu.Unlock()
		pass(longestWait)
		if got := firsts(k.got); len(got) != len(s.ms) {
			t.Errorf("%d of %d", len(got), len(s.ms))
		}
	})
}

// TestHangingSendIsLeftBehind: a network folder whose server is gone holds up
// neither the end of a configuration nor the next one, and comes back alone.
func TestHangingSendIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 1)
		release := make(chan struct{})
		var under, most int
		k := &fake{name: "nfs", answer: func(outbox.Message) error {
			under++
			most = max(most, under)
			<-release
			under--
			return nil
		}}
		f := &Fleet{}
		other := &fake{name: "other"}
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = f.Run(ctx, []*Runner{s.runner(k), s.runner(other)})
			}()
			pass(3 * time.Minute)
			cancel()
			begun := time.Now()
			<-ended
			if d := time.Since(begun); d > grace {
				t.Errorf("it took %s to end", d)
			}
		}
		if !strings.Contains(s.notice(CodeFailing), "has not come back") || other.taken() != len(s.ms) {
			t.Errorf("notice %q, the other sink has %d", s.notice(CodeFailing), other.taken())
		}
		close(release)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_ = f.Run(ctx, []*Runner{s.runner(k)})
		if most != 1 || len(firsts(k.got)) != len(s.ms) || s.notice(CodeFailing) != "" {
			t.Errorf("%d sends at once, %d messages, notice %q", most, len(firsts(k.got)), s.notice(CodeFailing))
		}
	})
}

func TestKindsAreChosen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t)
		s.fill(t, 0, 8)
		k := &fake{name: "hook"}
		sail(t, s.runner(k, outbox.Alert))
		synctest.Wait()
		if fmt.Sprint(k.got) != "[pump-7/20260105T231500Z/alarm/1 mill_2/20260105T231500Z/alarm/1]" {
			t.Errorf("got %v", k.got)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, s := range []Settings{
		{Kind: "csv", Dir: "/srv/a"},
		{Kind: "csv", Dir: "/srv/b"},
		{Kind: "webhook", URL: "https://a/x"},
		{Kind: "webhook", URL: "https://a/y"},
		{Kind: "mqtt", URL: "tls://a", Topic: "x"},
		{Kind: "mqtt", URL: "tls://a", Topic: "y"},
	} {
		names[Name(s)] = true
		k, err := New(s)
		if err != nil || k.Name() != Name(s) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if len(names) != 6 || Name(Settings{Kind: "csv", Dir: "/srv/a/"}) != Name(Settings{Kind: "csv", Dir: "/srv/a", CAFile: "x"}) {
		t.Errorf("names %v", names)
	}
	if _, err := New(Settings{Kind: "fax"}); err == nil {
		t.Error("a fax is made")
	}
}
