package upload

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// An outage of a day: few knocks at the door, and once it opens all goes, what
// is ahead first.
func TestOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		m.took = 5 * time.Millisecond
		up := m.overloaded()
		q.many(t, 500, ago(time.Hour))
		u, stop := start(t, q, m, Settings{})
		const day = 24 * time.Hour
		for end := time.Now().Add(day); time.Now().Before(end); pass(5 * time.Minute) {
			q.seal(t, "live", time.Now(), time.Now().Add(7*time.Minute), 0)
			u.Wake()
		}
		if limit := int(day/(20*time.Second)) + 200; m.tries > limit*2 {
			t.Errorf("%d requests in a day's outage", m.tries)
		}
		st := u.Status()
		if len(st.Trouble) == 0 || !strings.Contains(st.Trouble[0].What, "overloaded") || time.Since(st.Trouble[0].Since) < 23*time.Hour {
			t.Errorf("trouble: %+v", st.Trouble)
		}
		if q.commits > int(day/(10*time.Second)) {
			t.Errorf("%d commits during the outage", q.commits)
		}
		s := q.seal(t, "urgent", time.Now(), time.Now().Add(90*time.Second), 0)
		u.Wake()
		up()
		pass(80 * time.Second)
		if q.left() != 0 {
			t.Errorf("%d left 80 s after the store came back", q.left())
		}
		if r := q.result(s.ID); !r.Verified || !r.At.Before(s.Wake) {
			t.Errorf("the window that was ahead: %+v", r)
		}
		if u.Status().Trouble != nil {
			t.Errorf("trouble stays: %+v", u.Status().Trouble)
		}
		stop()
	})
}

// One object that fails does not hold the others, and goes on being tried.
func TestEachObjectBacksOffByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		tries := 0
		m.fail = func(verb, key string) error {
			if verb == "put" && strings.Contains(key, "c0003") {
				tries++
				return status(400, "InvalidRequest")
			}
			return nil
		}
		q.many(t, 12, ago(time.Hour))
		_, stop := start(t, q, m, Settings{})
		pass(time.Second)
		if q.left() != 1 {
			t.Errorf("%d left", q.left())
		}
		pass(2 * time.Hour)
		if tries < 20 || tries > 45 {
			t.Errorf("%d tries in two hours", tries)
		}
		for id, r := range q.last {
			if strings.Contains(id.Component, "c0003") && (r.Attempts < 20 || r.Err == "") {
				t.Errorf("%+v", r)
			}
		}
		stop()
	})
}

func TestNearWakeUpIsTriedEagerly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		var mu sync.Mutex
		tries, bad := 0, true
		m.fail = func(verb, _ string) error {
			mu.Lock()
			defer mu.Unlock()
			if verb != "put" || !bad {
				return nil
			}
			tries++
			return status(400, "InvalidRequest")
		}
		q.seal(t, "pump", time.Now(), time.Now().Add(20*time.Minute), 0)
		_, stop := start(t, q, m, Settings{})
		pass(19 * time.Minute) // by itself it would pause 5 minutes by now
		mu.Lock()
		bad = false
		mu.Unlock()
		pass(30 * time.Second)
		if q.left() != 0 {
			t.Errorf("still not there 30 s before its wake-up, after %d tries", tries)
		}
		stop()
	})
}
