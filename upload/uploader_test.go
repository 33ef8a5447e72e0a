package upload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// start runs an Uploader in the bubble; the returned func stops it and waits.
func start(t *testing.T, q *memoryQueue, m *memoryStore, set Settings) (*Uploader, func()) {
	t.Helper()
	set.Instance = "gw-17"
	u := New(q, m, time.Now, set, zap.NewNop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- u.Run(ctx) }()
	return u, func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
}

func (q *memoryQueue) many(t *testing.T, n int, wake func(i int) time.Time) {
	for i := range n {
		q.seal(t, fmt.Sprintf("c%04d", i), time.Now().Add(-time.Hour).Truncate(time.Second), wake(i), 0)
	}
}

// pass lets time go by until everything waits for more of it.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func ago(d time.Duration) func(int) time.Time {
	at := time.Now().Add(-d)
	return func(i int) time.Time { return at.Add(-time.Duration(i) * time.Minute) }
}

// Promise 3 in full: what is ahead overtakes a backlog, earliest wake-up first,
// and the backlog goes newest first and leaves a slot free.
func TestOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		m.took = time.Second
		q.many(t, 40, ago(time.Hour))
		u, stop := start(t, q, m, Settings{Slots: 4})
		pass(2500 * time.Millisecond) // three rounds of three
		wakes := map[string]time.Time{}
		for i := range 9 {
			s := q.seal(t, fmt.Sprint("live", i), time.Now(), time.Now().Add(time.Duration(9-i)*time.Minute), 0)
			wakes[s.Key] = s.Wake
		}
		u.Wake()
		pass(time.Minute)
		stop()
		if q.left() != 0 {
			t.Fatalf("%d left", q.left())
		}
		var live, backlog []string
		var at []time.Time
		for i, key := range m.puts {
			if !strings.Contains(key, "live") {
				backlog = append(backlog, key)
				continue
			}
			live, at = append(live, key), append(at, m.times[i])
			if i > 9+9+3 {
				t.Errorf("%s went as number %d, behind the backlog", key, i)
			}
		}
		for i := range live {
			for j := range i {
				if at[j].Before(at[i]) && wakes[live[i]].Before(wakes[live[j]]) {
					t.Errorf("%s went %s after %s, whose wake-up is later", live[i], at[i].Sub(at[j]), live[j])
				}
			}
		}
		// Three go at a time, in any order among them.
		for i, key := range backlog {
			var n int
			if _, err := fmt.Sscanf(key, "in/c%04d", &n); err != nil || n/3 > i/3+1 || n/3 < i/3-1 {
				t.Errorf("overdue window %d went as number %d", n, i)
			}
		}
		if first := strings.Join(m.puts[:3], " "); strings.Contains(first, "c0003") {
			t.Error("an overdue window took the last free slot:", first)
		}
	})
}

func TestFewRequestsForManyObjects(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		m.took = 10 * time.Millisecond
		const n = 3000
		q.many(t, n, ago(time.Hour))
		_, stop := start(t, q, m, Settings{})
		pass(time.Minute)
		stop()
		if q.left() != 0 || len(m.puts) != n {
			t.Fatalf("%d left, %d puts", q.left(), len(m.puts))
		}
		if m.heads > 50 || m.lists > 50 {
			t.Errorf("%d heads, %d lists for %d objects", m.heads, m.lists, n)
		}
		if q.commits > n/20 {
			t.Errorf("%d commits", q.commits)
		}
	})
}

func TestFewWindowsAreCheckedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		u, stop := start(t, q, m, Settings{})
		pass(time.Second)
		s := q.seal(t, "pump", time.Now(), time.Now().Add(time.Minute), 0)
		u.Wake()
		pass(10 * time.Millisecond)
		r := q.result(s.ID)
		if !r.Verified || r.Err != "" || r.ETag == "" {
			t.Errorf("after 10 ms: %+v", r)
		}
		if m.heads != 2 || len(m.puts) != 1 {
			t.Errorf("%d heads, %d puts", m.heads, len(m.puts))
		}
		stop()
	})
}

// Ruling 3, and what promise 2 makes of a PUT whose answer was lost.
func TestWhatIsThereAlready(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		wake := time.Now().Add(time.Hour)
		same := q.seal(t, "same", time.Now(), wake, 0)
		mine := q.seal(t, "mine", time.Now(), wake, 0)
		theirs := q.seal(t, "theirs", time.Now(), wake, 0)
		nobody := q.seal(t, "nobody", time.Now(), wake, 0)
		if _, err := m.Put(t.Context(), objectOf(t, same, "gw-17")); err != nil {
			t.Fatal(err)
		}
		m.objects["plant/"+mine.Key] = objstore.Info{Key: mine.Key, ETag: "x", Size: 1, Instance: "gw-17", Generation: 7, SHA256: "y"}
		m.objects["plant/"+theirs.Key] = objstore.Info{Key: theirs.Key, ETag: "x", Size: 1, Instance: "gw-18", SHA256: "y"}
		m.objects["plant/"+nobody.Key] = objstore.Info{Key: nobody.Key, ETag: "x", Size: 1}
		m.puts = nil
		_, stop := start(t, q, m, Settings{})
		pass(10 * time.Second)
		if r := q.result(same.ID); !r.Verified {
			t.Errorf("same bytes: %+v", r)
		}
		if r := q.result(mine.ID); !r.Verified || m.objects["plant/"+mine.Key].Generation != 1 {
			t.Errorf("own earlier object: %+v", r)
		}
		r := q.result(theirs.ID)
		if r.Verified || !strings.Contains(r.Err, "gw-18") || r.Remedy == "" || r.NextTry.IsZero() || m.objects["plant/"+theirs.Key].Size != 1 {
			t.Errorf("another instance's object: %+v", r)
		}
		if r := q.result(nobody.ID); r.Verified || !strings.Contains(r.Err, "not millwright") {
			t.Errorf("a foreign object: %+v", r)
		}
		if len(m.puts) != 1 || m.puts[0] != mine.Key {
			t.Errorf("puts: %v", m.puts)
		}
		m.mu.Lock()
		delete(m.objects, "plant/"+theirs.Key)
		m.mu.Unlock()
		pass(10 * time.Minute)
		stop()
		if r := q.result(theirs.ID); !r.Verified {
			t.Errorf("after the conflict went away: %+v", r)
		}
	})
}

func objectOf(t *testing.T, s window.Sealed, instance string) objstore.Object {
	t.Helper()
	body, err := os.ReadFile(s.Path)
	if err != nil {
		t.Fatal(err)
	}
	return objstore.Object{Bucket: s.Bucket, Key: s.Key, Body: body, Size: s.Size, SHA256: s.SHA256, MD5: s.MD5, Instance: instance, Generation: s.Generation}
}

// Promise 4 where the policy allows less than all.
func TestPoliciesThatHide(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		forbid               string
		verified, unverified bool
	}{
		"put alone":       {"head list", false, true},
		"put and list":    {"head", true, false},
		"put and head":    {"list", true, false},
		"nothing at all":  {"head list put", false, false},
		"everything goes": {"", true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, m := newQueue(t), newMemory()
				m.fail = func(verb, _ string) error {
					if strings.Contains(tc.forbid, verb) {
						if verb == "head" {
							return status(403, "")
						}
						return status(403, "AccessDenied")
					}
					return nil
				}
				s := q.seal(t, "pump", time.Now(), time.Now().Add(time.Hour), 0)
				u, stop := start(t, q, m, Settings{})
				pass(time.Minute)
				r := q.result(s.ID)
				if r.Verified != tc.verified || r.Unverified != tc.unverified || (r.Err == "") != (tc.verified || tc.unverified) {
					t.Errorf("%+v", r)
				}
				if tc.forbid == "head list put" && (len(u.Status().Trouble) == 0 || !strings.Contains(r.Remedy, "s3:PutObject")) {
					t.Errorf("trouble %+v, %+v", u.Status().Trouble, r)
				}
				q.seal(t, "pump", time.Unix(0, s.Start), s.Wake, 0) // next generation over what cannot be seen
				u.Wake()
				pass(10 * time.Minute)
				stop()
				if r := q.result(s.ID); (tc.verified || tc.unverified) && (r.Generation != 2 || m.objects["plant/"+s.Key].Generation != 2) {
					t.Errorf("second generation: %+v", r)
				}
			})
		})
	}
}

// Nothing is marked that the store does not hold.
func TestLostAndAlteredObjectsAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, n := range []int{3, 60} { // checked one by one, and by listings
		synctest.Test(t, func(t *testing.T) {
			q, m := newQueue(t), newMemory()
			q.many(t, n, ago(time.Hour))
			bad := map[string]int{}
			m.after = func(key string, in *objstore.Info) {
				if bad[key]++; bad[key] == 1 {
					in.Size-- // the store lost a byte
				}
			}
			_, stop := start(t, q, m, Settings{})
			pass(500 * time.Millisecond)
			if q.left() != n {
				t.Errorf("%d of %d marked although damaged", n-q.left(), n)
			}
			pass(2 * time.Minute)
			stop()
			if q.left() != 0 {
				t.Errorf("%d left", q.left())
			}
			for key, in := range m.objects {
				if in.Size != int64(len(m.bodies[key])) {
					t.Errorf("%s: damaged object kept", key)
				}
			}
		})
	}
}

// A store whose ETags look like an MD5 and are none is not tried for ever.
func TestOddETags(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		m.after = func(_ string, in *objstore.Info) { in.ETag = strings.Repeat("0", 32) }
		s := q.seal(t, "pump", time.Now(), time.Now().Add(time.Hour), 0)
		_, stop := start(t, q, m, Settings{})
		pass(time.Minute)
		stop()
		if r := q.result(s.ID); !r.Unverified || len(m.puts) != maxOdd+1 {
			t.Errorf("%+v after %d puts", r, len(m.puts))
		}
	})
}
