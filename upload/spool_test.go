package upload

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"millwright/internal/window"
)

type deriver struct {
	t     *testing.T
	q     *memoryQueue
	calls int
}

func (d *deriver) Derive(_ context.Context, s window.Sealed, _ string) error {
	d.calls++
	if d.calls == 1 {
		return errors.New("disk is full")
	}
	d.q.seal(d.t, s.Component, time.Unix(0, s.Start), s.Wake, 0)
	return nil
}

// Promise 6: a damaged or missing file is set aside and made again.
func TestDamagedSpool(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"missing":   os.Remove,
		"truncated": func(p string) error { return os.Truncate(p, 3) },
		"altered": func(p string) error {
			b, err := os.ReadFile(p)
			if err == nil {
				b[0]++
				err = os.WriteFile(p, b, 0o600)
			}
			return err
		},
		"a folder": func(p string) error { return errors.Join(os.Remove(p), os.Mkdir(p, 0o700)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q, m := newQueue(t), newMemory()
				s := q.seal(t, "pump", time.Now(), time.Now().Add(time.Hour), 0)
				other := q.seal(t, "other", time.Now(), time.Now().Add(time.Hour), 0)
				if err := spoil(s.Path); err != nil {
					t.Fatal(err)
				}
				d := &deriver{t: t, q: q}
				_, stop := start(t, q, m, Settings{Deriver: d})
				pass(time.Minute)
				stop()
				if r := q.result(s.ID); !r.Verified || r.Generation != 2 || d.calls != 2 {
					t.Errorf("%+v after %d calls", r, d.calls)
				}
				if r := q.result(other.ID); !r.Verified {
					t.Errorf("the other window: %+v", r)
				}
			})
		})
	}
}

func TestDamagedSpoolWithoutDeriverIsShown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, m := newQueue(t), newMemory()
		s := q.seal(t, "pump", time.Now(), time.Now().Add(time.Hour), 0)
		gone := q.seal(t, "there", time.Now(), time.Now().Add(time.Hour), 0)
		if _, err := m.Put(t.Context(), objectOf(t, gone, "gw-17")); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Remove(s.Path), os.Remove(gone.Path)
		_, stop := start(t, q, m, Settings{})
		pass(time.Minute)
		stop()
		if r := q.result(s.ID); r.Verified || !strings.Contains(r.Err, "missing") || r.Remedy == "" {
			t.Errorf("%+v", r)
		}
		if r := q.result(gone.ID); !r.Verified {
			t.Errorf("a window that the bucket holds needs no file: %+v", r)
		}
	})
}
