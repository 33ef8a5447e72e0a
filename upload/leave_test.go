package upload

import (
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// A ledger that was lost must not make the bucket poorer, and a key that
// somebody else has must not keep a window for ever.
func TestObjectsThatAreLeftAloneEndTheirWindows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		lost := time.Now()
		began := lost.Add(-10 * time.Minute)
		before := q.seal(t, "before", began, lost.Add(time.Minute), 0)
		same := q.seal(t, "same", began, lost.Add(-time.Minute), 0)
		absent := q.seal(t, "absent", began, lost.Add(-time.Minute), 0)
		after := q.seal(t, "after", lost.Add(time.Second), lost.Add(time.Hour), 0)
		theirs := q.seal(t, "theirs", lost.Add(time.Second), lost.Add(time.Minute), 0)
		for _, s := range []window.Sealed{before, after} {
			m.objects["plant/"+s.Key] = objstore.Info{Key: s.Key, ETag: "x", Size: 1, Instance: "gw-17", Generation: 1, SHA256: "y"}
		}
		m.objects["plant/"+theirs.Key] = objstore.Info{Key: theirs.Key, ETag: "x", Size: 1, Instance: "gw-18", SHA256: "y"}
		if _, err := m.Put(t.Context(), objectOf(t, same, "gw-17")); err != nil {
			t.Fatal(err)
		}
		var left atomic.Int32
		_, stop := start(t, q, m, Settings{Lost: lost, Left: func(window.Sealed, string, string) { left.Add(1) }})
		pass(30 * time.Minute)
		if r := q.result(before.ID); !r.Kept || !strings.Contains(r.Err, "before the ledger was lost") || m.objects["plant/"+before.Key].Size != 1 {
			t.Errorf("from before: %+v", r)
		}
		for _, s := range []window.Sealed{same, absent, after} {
			if r := q.result(s.ID); !r.Verified || r.Kept {
				t.Errorf("%s: %+v", s.Component, r)
			}
		}
		if r := q.result(theirs.ID); r.Kept || r.Err == "" {
			t.Errorf("given up within the hour: %+v", r)
		}
		pass(time.Hour)
		stop()
		if r := q.result(theirs.ID); !r.Kept || !strings.Contains(r.Err, "gw-18") || m.objects["plant/"+theirs.Key].Size != 1 {
			t.Errorf("held for ever: %+v", r)
		}
		if left.Load() != 2 || q.left() != 0 {
			t.Errorf("told of %d, %d pending", left.Load(), q.left())
		}
	})
}
