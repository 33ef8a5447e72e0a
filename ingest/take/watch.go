package take

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"
)

// watch is what List and Watch share. Events are a hint only: they get lost on
// overflow and never come from network shares, and nothing depends on them.
type watch struct {
	hints chan struct{}
	moved chan struct{} // the folders to watch have changed
	mu    *sync.Mutex
	state *watchState
}

type watchState struct {
	dirs   []string      // folders listed last
	took   time.Duration // by the last listing
	events bool          // every folder is watched
}

func newWatch() watch {
	return watch{hints: make(chan struct{}, 1), moved: make(chan struct{}, 1), mu: new(sync.Mutex), state: new(watchState)}
}

func (w watch) active() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state.events
}

// listed tells Watch which folders there are and how long listing them takes.
func (w watch) listed(dirs []string, took time.Duration) {
	w.mu.Lock()
	w.state.dirs, w.state.took = dirs, took
	w.mu.Unlock()
	nudge(w.moved)
}

// gap is how far apart hints are: listing costs at most a fiftieth of the time.
func (w watch) gap() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return max(25*time.Millisecond, 50*w.state.took)
}

func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Hints delivers when a folder may have changed, at most every 25 ms, less often
// where listing is slow.
func (t *Taker) Hints() <-chan struct{} { return t.watch.hints }

// Watch turns file system events into hints until ctx ends. It returns ctx's
// error, or why there are no events at all; then listing goes on by itself.
func (t *Taker) Watch(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return errors.Join(errors.New("watch drop folders: they are listed at intervals instead; raise fs.inotify.max_user_instances"), err)
	}
	defer w.Close()
	watched := map[string]bool{}
	failed := map[string]string{}
	hint := time.NewTimer(time.Hour)
	hint.Stop()
	defer hint.Stop()
	var last time.Time
	pending := false
	arm := func() {
		if !pending {
			pending = true
			hint.Reset(max(25*time.Millisecond, t.watch.gap()-time.Since(last)))
		}
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-t.watch.moved:
			t.addWatches(w, watched, failed)
		case e, ok := <-w.Events:
			if !ok {
				return errors.New("watch drop folders: the watcher ended")
			}
			if e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename) {
				delete(watched, e.Name)
			}
			if e.Op != fsnotify.Chmod && !hidden(filepath.Base(e.Name)) {
				arm()
			}
		case err, ok := <-w.Errors: // an overflow too: what was lost is found by listing
			if !ok {
				return errors.New("watch drop folders: the watcher ended")
			}
			t.log.Debug("watch drop folders", zap.Error(err))
			arm()
		case <-hint.C:
			pending, last = false, time.Now()
			nudge(t.watch.hints)
		}
	}
}

// addWatches watches the folders that the last listing found. fsnotify drops
// the watch of a folder that is gone by itself.
func (t *Taker) addWatches(w *fsnotify.Watcher, watched map[string]bool, failed map[string]string) {
	t.watch.mu.Lock()
	dirs := t.watch.state.dirs
	t.watch.mu.Unlock()
	all := len(dirs) > 0
	now := make(map[string]bool, len(dirs))
	for _, d := range dirs {
		now[d] = true
		if watched[d] {
			continue
		}
		if err := w.Add(d); err != nil {
			all = false
			if failed[d] != err.Error() {
				failed[d] = err.Error()
				t.log.Warn("folder is not watched, only listed at intervals; raise fs.inotify.max_user_watches", zap.String("path", d), zap.Error(err))
			}
			continue
		}
		delete(failed, d)
		watched[d] = true
	}
	for d := range watched {
		if !now[d] {
			_ = w.Remove(d) // it is gone, or will never be looked at again
			delete(watched, d)
		}
	}
	t.watch.mu.Lock()
	t.watch.state.events = all
	t.watch.mu.Unlock()
}
