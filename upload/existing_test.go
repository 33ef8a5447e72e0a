package upload

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// One-shot verbs decide themselves what happens to other content at their keys.
func TestExistingObjectsAreLeftAloneOrReplacedAsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		existing Existing
		told     int
		replaced int
	}{
		"keep":        {Keep, 2, 0},
		"replace any": {ReplaceAny, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, m := newQueue(t), newMemory()
				q.many(t, 3, ago(time.Hour))
				pending, err := q.Pending(t.Context(), 0)
				if err != nil {
					t.Fatal(err)
				}
				for i, writer := range []string{"gw-17", "another"} {
					k := pending[i].Bucket + "/" + pending[i].Key
					m.objects[k] = objstore.Info{Key: pending[i].Key, Size: 3, ETag: "other", Instance: writer}
					m.bodies[k] = "old"
				}
				var mu sync.Mutex
				told := map[string]bool{}
				u := New(q, m, time.Now, Settings{Instance: "gw-17", Existing: c.existing, Differs: func(s window.Sealed, found objstore.Info) {
					mu.Lock()
					defer mu.Unlock()
					if told[s.Key] = true; found.Size != 3 {
						t.Errorf("told of %+v", found)
					}
				}}, zap.NewNop())
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_ = u.Drain(ctx)
				replaced := 0
				for i := range 2 {
					if m.bodies[pending[i].Bucket+"/"+pending[i].Key] != "old" {
						replaced++
					}
				}
				if len(told) != c.told || replaced != c.replaced {
					t.Errorf("told of %d, replaced %d", len(told), replaced)
				}
			})
		})
	}
}

// Counts are since the process started, however often its configuration changed.
func TestCountsGoOnInTheNextUploader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		var before *Uploader
		for i := range 3 {
			q.many(t, 2, ago(time.Duration(i+1)*time.Hour))
			u := New(q, m, time.Now, Settings{Instance: "gw-17", Before: before}, zap.NewNop())
			if before != nil && u.Status().Sent != before.Status().Sent {
				t.Errorf("term %d begins with %+v", i, u.Status())
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if err := u.Drain(ctx); err != nil {
				t.Error(err)
			}
			cancel()
			before = u
		}
		if s := before.Status(); s.Sent != 6 || s.Pending != 0 {
			t.Errorf("%+v", s)
		}
	})
}
