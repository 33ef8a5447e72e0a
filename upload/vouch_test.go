package upload

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// onShelf seals n windows onto a shelf.
func (q *memoryQueue) onShelf(t *testing.T, n int, on *shelf.Shelf) []window.Sealed {
	t.Helper()
	all := make([]window.Sealed, n)
	for i := range all {
		all[i] = q.inMemory(t, q.seal(t, "pump", time.Unix(int64(i)*300, 0), time.Now().Add(time.Hour), 0), on)
	}
	return all
}

// Where the store says what it keeps, nearly no MD5 is taken; where it does not,
// one is of every window. All are verified, by few requests.
func TestStoresVouchOrAreSentAnMD5(t *testing.T) {
	t.Parallel()
	const n = 200
	for name, tc := range map[string]struct {
		prepare func(m *memoryStore)
		without func(puts int) bool // how many PUTs may go without an MD5
		failed  int64
		tries   int
	}{
		"vouches": {func(*memoryStore) {}, func(k int) bool { return k >= n-16 && k < n }, 0, n},
		"mute":    {func(m *memoryStore) { m.mute = true }, func(k int) bool { return k == 0 }, 0, n},
		"refuses": {func(m *memoryStore) { m.refuses = true }, func(k int) bool { return k == 0 }, 0, n + 16},
		"vouches for a while": {func(m *memoryStore) {
			m.stored = func(objstore.Object) { m.mute = len(m.puts) > n/2 }
		}, func(k int) bool { return k > n/4 && k < n/2+16 }, 0, n},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
				m.took = 10 * time.Millisecond
				tc.prepare(m)
				q.onShelf(t, n, on)
				u, stop := start(t, q, m, Settings{Shelf: on})
				pass(20 * time.Second)
				stop()
				if q.left() != 0 || u.Status().Failed != tc.failed || len(m.puts) > tc.tries || m.heads > 0 {
					t.Errorf("%d left after %d puts and %d heads, %+v", q.left(), len(m.puts), m.heads, u.Status())
				}
				if !tc.without(m.unsummed) {
					t.Errorf("%d without an MD5", m.unsummed)
				}
			})
		})
	}
}

// What the store vouched for and does not hold any more is found all the same.
func TestVouchedObjectsThatAreDamagedOrReplaced(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(in *objstore.Info){
		"shorter":     func(in *objstore.Info) { in.Size-- },
		"other bytes": func(in *objstore.Info) { in.ETag = strings.Repeat("5", 32) },
		"another's": func(in *objstore.Info) {
			*in = objstore.Info{Key: in.Key, Size: in.Size, ETag: strings.Repeat("5", 32), SHA256: in.SHA256}
		},
		"an older generation": func(in *objstore.Info) { in.ETag, in.SHA256 = strings.Repeat("5", 32), strings.Repeat("5", 64) },
	} {
		for _, n := range []int{3, 60} { // checked one by one, and by listings
			t.Run(fmt.Sprintf("%s of %d", name, n), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
					d := newMaker(t, on)
					all := q.onShelf(t, n, on)
					for _, s := range all {
						d.bytes[s.ID] = on.Get(s.ID, s.Generation)
					}
					bad := map[string]bool{}
					m.damage = func(key string, in *objstore.Info) {
						if !bad[key] && strings.HasSuffix(key, "500.csv") { // some
							bad[key] = true
							damage(in)
						}
					}
					u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d, Reader: m})
					d.to.Store(u)
					pass(15 * time.Minute)
					stop()
					again := len(bad)
					if name == "another's" { // it is left alone
						again = 0
					}
					if q.left() != len(bad)-again || len(bad) == 0 || len(m.puts) != n+again {
						t.Errorf("%d left after %d puts, %d damaged", q.left(), len(m.puts), len(bad))
					}
					for _, s := range all[:min(n, n*again)] {
						if in := m.objects["plant/"+s.Key]; in.ETag == strings.Repeat("5", 32) || in.Size != s.Size {
							t.Errorf("%s: damaged object kept", s.Key)
						}
					}
				})
			})
		}
	}
}

// After a crash between PUT and ledger the object is adopted if it is the
// window, whatever may be read; one that only says so is not.
func TestAfterACrashTheObjectIsReadOrTheWindowMadeAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		damage     func(in *objstore.Info, body string) string
		forbid     string
		asked, put bool
	}{
		"the same":                {nil, "", false, false},
		"the same, not to be got": {nil, "get", true, false},
		"other bytes": {func(in *objstore.Info, body string) string {
			in.ETag = strings.Repeat("5", 32)
			return strings.ToUpper(body)
		}, "", true, true},
		"a tag that is no MD5": {func(in *objstore.Info, body string) string {
			in.ETag += "-1"
			return body
		}, "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, m, on := newQueue(t), newMemory(), shelf.New(1<<20)
				d := newMaker(t, on)
				s := q.onShelf(t, 1, on)[0]
				body := on.Get(s.ID, 1)
				if _, err := m.Put(t.Context(), objstore.Object{
					Bucket: "plant", Key: s.Key, Body: body, Size: s.Size, SHA256: s.SHA256, Instance: "gw-17", Generation: 1,
				}); err != nil {
					t.Fatal(err)
				}
				if id := "plant/" + s.Key; tc.damage != nil {
					in := m.objects[id]
					m.bodies[id] = tc.damage(&in, m.bodies[id])
					m.objects[id] = in
				}
				m.fail = func(verb, _ string) error {
					if verb == tc.forbid {
						return status(403, "AccessDenied")
					}
					return nil
				}
				d.forget(s)
				u, stop := start(t, q, m, Settings{Shelf: on, Deriver: d, Reader: m})
				d.to.Store(u)
				pass(time.Minute)
				stop()
				if q.left() != 0 || (d.asked[s.ID] > 0) != tc.asked || (len(m.puts) == 2) != tc.put || m.bodies["plant/"+s.Key] != string(body) {
					t.Errorf("%d left, asked %d times, puts %v", q.left(), d.asked[s.ID], m.puts)
				}
			})
		})
	}
}
