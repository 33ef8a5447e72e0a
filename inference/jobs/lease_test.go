package jobs

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"

	"millwright/inference/store"
)

func TestAPanicInLongWorkIsItsOwn(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), store.Options{Database: filepath.Join(t.TempDir(), "db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	j := &Jobs{store: db, log: zap.NewNop()}
	failed := ""
	k := task{
		name: "train m 1",
		do:   func(context.Context, store.Fence) error { panic("oh") },
		fail: func(_ context.Context, _ store.Fence, reason string) error { failed = reason; return nil },
	}
	for _, last := range []bool{false, true} {
		lease, err := j.lease(t.Context(), k.name)
		if err != nil {
			t.Fatal(err)
		}
		err = j.hold(t.Context(), k, lease, last)
		switch _, _, held := db.Held(t.Context(), k.name); {
		case !last && (err == nil || failed != "" || !errors.Is(held, store.ErrNotFound)):
			t.Errorf("it is to be tried again, by anybody: %v, %q, %v", err, failed, held)
		case last && (err != nil || !strings.Contains(failed, "oh")):
			t.Errorf("it has failed: %v, %q", err, failed)
		}
	}
}

// Work that ended while no job watched over it must not stand in for the next of its
// name.
func TestWorkThatEndedUnwatchedIsForgotten(t *testing.T) {
	t.Parallel()
	ended := func(err error) *working {
		w := &working{done: make(chan struct{}), err: err}
		close(w.done)
		return w
	}
	wrong := ended(errors.New("wrong"))
	j := &Jobs{base: t.Context(), long: map[string]*working{"done": ended(nil), "wrong": wrong, "under way": {done: make(chan struct{})}}}
	if w, _, fresh := j.enlist(task{name: "done"}); w == nil || !fresh {
		t.Error("it does not begin anew")
	}
	if w, _, fresh := j.enlist(task{name: "wrong"}); w != wrong || fresh {
		t.Error("its error is lost")
	}
	if _, _, fresh := j.enlist(task{name: "under way"}); fresh {
		t.Error("it goes on twice")
	}
	if len(j.long) != 3 {
		t.Errorf("%d are kept", len(j.long))
	}
}
