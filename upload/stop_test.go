package upload

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// A generation sealed while the last one is under way follows it, and the
// ledger hears of both.
func TestSealedAnewWhileUnderWay(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 40} {
		synctest.Test(t, func(t *testing.T) {
			q, m := newQueue(t), newMemory()
			m.took = 10 * time.Second
			wake := time.Now().Add(time.Hour)
			q.many(t, n, func(int) time.Time { return wake })
			var gens sync.Map
			m.stored = func(o objstore.Object) {
				was, _ := gens.Swap(o.Key, o.Generation)
				if was != nil && was.(int64) >= o.Generation {
					t.Errorf("%s: generation %d after %d", o.Key, o.Generation, was)
				}
			}
			u, stop := start(t, q, m, Settings{Slots: 64})
			pass(3 * time.Second)
			for id, s := range q.windows {
				q.seal(t, id.Component, time.Unix(0, id.Start), s.Wake, 0)
			}
			u.Wake()
			pass(2 * time.Minute)
			stop()
			for id := range q.windows {
				if r := q.result(id); r.Generation != 2 || !r.Verified {
					t.Errorf("%+v", r)
				}
			}
			for key, in := range m.objects {
				if in.Generation != 2 {
					t.Errorf("%s holds generation %d", key, in.Generation)
				}
			}
		})
	}
}

func TestLedgerThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		q.many(t, 30, ago(time.Hour))
		q.fail = errors.New("disk is full")
		_, stop := start(t, q, m, Settings{})
		pass(10 * time.Second)
		q.mu.Lock()
		q.fail = nil
		q.mu.Unlock()
		pass(10 * time.Second)
		if q.left() != 0 || len(m.puts) != 30 {
			t.Errorf("%d left, %d puts", q.left(), len(m.puts))
		}
		q.seal(t, "late", time.Now(), time.Now().Add(time.Hour), 0)
		q.mu.Lock()
		q.fail = errors.New("disk is full")
		q.mu.Unlock()
		pass(40 * time.Second)
		stop()
	})
}

// At the end a PUT may finish, for Grace; what did not is not marked.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tc := range []struct {
			took time.Duration
			left int
		}{{3 * time.Second, 0}, {time.Minute, 4}} {
			q, m := newQueue(t), newMemory()
			m.took = tc.took
			wake := time.Now().Add(time.Hour)
			q.many(t, 4, func(int) time.Time { return wake })
			_, stop := start(t, q, m, Settings{})
			pass(time.Second)
			began := time.Now()
			stop()
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("stopping took %s", took)
			}
			if q.left() != tc.left || len(m.objects) != 4-tc.left {
				t.Errorf("%d left, %d objects", q.left(), len(m.objects))
			}
		}
	})
}

func TestStopChecksWhatWasPut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		m.took = time.Second
		q.many(t, 500, ago(time.Hour))
		_, stop := start(t, q, m, Settings{})
		pass(1500 * time.Millisecond)
		stop()
		if done := 500 - q.left(); done != len(m.objects) || done == 0 || done == 500 {
			t.Errorf("%d marked, %d objects", done, len(m.objects))
		}
	})
}

func TestDrainAndRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		q.many(t, 100, ago(time.Hour))
		n := 0
		m.fail = func(verb, _ string) error {
			if n++; verb == "put" && n%7 == 0 {
				return status(503, "SlowDown")
			}
			return nil
		}
		u := New(q, m, time.Now, Settings{Instance: "gw-17", RateLimit: 1 << 20}, zap.NewNop())
		if err := u.Drain(t.Context()); err != nil || q.left() != 0 {
			t.Errorf("%v, %d left", err, q.left())
		}
		st := u.Status()
		if st.Sent < 100 || st.Failed == 0 {
			t.Errorf("%+v", st)
		}
		began := time.Now()
		if err := u.limit(t.Context(), 16<<10); err != nil {
			t.Error(err)
		}
		for range 200 {
			_ = u.limit(t.Context(), 16<<10)
		}
		if took := time.Since(began); took < 2*time.Second || took > 5*time.Second {
			t.Errorf("3.3 MB at 1 MiB/s took %s", took)
		}
	})
}

func TestSlowest(t *testing.T) {
	t.Parallel()
	var p pace
	at := time.Now()
	if p.slowest(at) != 0 {
		t.Error("slowest of none")
	}
	p.add(at, 9*time.Second)
	p.add(at.Add(10*time.Minute), 2*time.Second)
	if got := p.slowest(at.Add(11 * time.Minute)); got != 9*time.Second {
		t.Error(got)
	}
	if got := p.slowest(at.Add(16 * time.Minute)); got != 2*time.Second {
		t.Error("an old one counts:", got)
	}
	for range paceKeep {
		p.add(at.Add(16*time.Minute), time.Second)
	}
	if got := p.slowest(at.Add(16 * time.Minute)); got != time.Second {
		t.Error(got)
	}
}
