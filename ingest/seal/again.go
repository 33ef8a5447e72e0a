package seal

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// asks are windows whose CSV is not at hand: it was only in memory when the
// process ended, or its file in the spool cannot be used. They come from other
// goroutines than the Sealer's.
type asks struct {
	mu     sync.Mutex
	open   map[window.ID]ask
	failed map[window.ID]ask
	hint   chan struct{}
}

type ask struct {
	generation int64
	why        string
	err        error
}

func newAsks() asks {
	return asks{open: make(map[window.ID]ask), failed: make(map[window.ID]ask), hint: make(chan struct{}, 1)}
}

// Derive asks for a window's CSV to be made again from its rows: the next Seal
// does it, under the same generation if the bytes come out the same. The error is that of the last attempt for this generation, nil if there was none.
// It may be called at any time, by any goroutine.
func (s *Sealer) Derive(_ context.Context, w window.Sealed, why string) error {
	a := &s.asks
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[w.ID] = ask{generation: w.Generation, why: why}
	select {
	case a.hint <- struct{}{}:
	default:
	}
	if f, ok := a.failed[w.ID]; ok && f.generation == w.Generation {
		return f.err
	}
	return nil
}

// Asked delivers when Derive was called: Seal is worth it then.
func (s *Sealer) Asked() <-chan struct{} { return s.asks.hint }

func (a *asks) take() map[window.ID]ask {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.open) == 0 {
		return nil
	}
	open := a.open
	a.open = make(map[window.ID]ask)
	return open
}

func (a *asks) answer(id window.ID, k ask, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		delete(a.failed, id)
		return
	}
	k.err = err
	a.failed[id] = k
}

// again adds what was asked for to the jobs.
func (s *Sealer) again(ctx context.Context, jobs []job) ([]job, error) {
	open := s.asks.take()
	if len(open) == 0 {
		return jobs, nil
	}
	planned := make(map[*live]int, len(jobs))
	for i, j := range jobs {
		planned[j.live] = i
	}
	for id, k := range open {
		j, needed, err := s.askedFor(ctx, id, k)
		if err != nil {
			s.log.Error("a window cannot be made again", zap.String("scheduler", id.Scheduler), zap.String("component", id.Component),
				zap.Time("window", time.Unix(0, id.Start).UTC()), zap.String("why", k.why), zap.Error(err))
		}
		s.asks.answer(id, k, err)
		switch i, ok := planned[j.live]; {
		case !needed:
		case ok:
			jobs[i].again = true
		default:
			jobs = append(jobs, j)
		}
	}
	return jobs, ctx.Err()
}

// askedFor looks whether a CSV is still needed and its rows are still there.
func (s *Sealer) askedFor(ctx context.Context, id window.ID, k ask) (j job, needed bool, err error) {
	r, ok, err := s.ledger.Window(ctx, id)
	if err != nil {
		return j, false, err
	}
	if !ok || r.Generation != k.generation || r.Kept || r.Verified >= r.Generation {
		return j, false, nil // sealed anew since, or in the bucket
	}
	l := s.lane(id)
	if l == nil {
		s.hopeless[id] = r.Path == ""
		return j, false, fmt.Errorf("no scheduler has it any more, so its rows are in late/%s", folderName(id.Component))
	}
	w := l.windows[id.Start]
	if w == nil || w.closed || r.Closed {
		return j, false, fmt.Errorf("its rows were released, since the window is closed")
	}
	from, to := l.Cadence.Slots(id.Start)
	blocks, err := s.ledger.Blocks(ctx, l.Component, from, to)
	if err != nil {
		return j, false, err
	}
	if r.RealRows > 0 && len(blocks) == 0 {
		return j, false, fmt.Errorf("its %d rows are not in the spool any more", r.RealRows)
	}
	return job{lane: l, live: w, wake: l.Cadence.Wake(id.Start), seq: r.SealedSeq, again: true, exact: true}, true, nil
}

// sameAgain keeps the CSV again, if it is the same.
func (w *worker) sameAgain(o *outcome) (same bool, err error) {
	r := &o.record
	if r.Generation == 0 {
		return false, nil
	}
	w.out.begin(w.sealer.dirs.path(r.ID, r.Generation))
	if err := w.sheet.write(w.out); err != nil {
		return false, err
	}
	if sha := w.out.finish(); sha != r.SHA256 {
		return false, w.out.abort()
	}
	return true, w.keep(o)
}
