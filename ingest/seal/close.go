package seal

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"millwright/internal/window"
)

const (
	// glance is how many windows are looked up at once to see whether they
	// arrived in the bucket: after days without the store there are thousands.
	glance = 64
	// steps is how many windows and slots are closed in one transaction.
	steps = 256
	// foldEvery is how often released blocks are folded.
	foldEvery = time.Hour
)

// Close closes the windows that are done, and accounts for the rows of all
// slots that no stream needs any more: late rows and lost values are written
// to their files, blocks are released. It says how many windows it closed.
// Nothing happens while the last Seal was told that the clock is unsettled.
func (s *Sealer) Close(ctx context.Context, now time.Time) (closed int, err error) {
	if s.lost || !s.waiting.ClockSettled {
		return 0, nil
	}
	ended, err := s.ended(ctx, now)
	if err != nil {
		return 0, err
	}
	for err = errStartOver; errors.Is(err, errStartOver); {
		b := &closingBatch{sealer: s, worker: s.workers[0], names: make(map[int64]string)}
		err = b.all(ctx, ended, now)
		s.appends.abort()
		closed += b.closed
	}
	if err = errors.Join(err, s.workers[0].source.close()); err != nil {
		return closed, err
	}
	strays, err := s.closeStrays(ctx, now)
	if closed += strays; err != nil {
		return closed, err
	}
	return closed, s.fold(ctx, now)
}

// end is a window to be closed.
type end struct {
	lane *lane
	live *live
}

// ended finds the windows that are done but not closed: in the bucket and past
// W, or silent for so long that no row can come for them any more.
func (s *Sealer) ended(ctx context.Context, now time.Time) ([]end, error) {
	var out, sealed []end
	for _, c := range s.components {
		for _, l := range c.lanes {
			for _, start := range l.ordered() {
				w := l.windows[start]
				wake := l.Cadence.Wake(start)
				switch {
				case w.closed || !w.recorded || now.Before(wake):
				case w.done:
					out = append(out, end{l, w})
				case w.generation > 0:
					sealed = append(sealed, end{l, w})
				case !w.changed() && now.After(wake.Add(l.OverdueMax)):
					w.done = true
					out = append(out, end{l, w})
				}
			}
		}
	}
	slices.SortStableFunc(sealed, func(a, b end) int { return cmp.Compare(a.live.start, b.live.start) })
	done, err := s.arrived(ctx, sealed)
	return append(out, done...), err
}

// arrived picks those that the ledger says are in the bucket. It looks on from
// where it stopped the last time, and goes on as long as it finds any.
func (s *Sealer) arrived(ctx context.Context, sealed []end) ([]end, error) {
	var out []end
	for looked := 0; looked < len(sealed); {
		found := len(out)
		for range min(glance, len(sealed)-looked) {
			e := sealed[s.cursor%len(sealed)]
			s.cursor++
			looked++
			r, ok, err := s.ledger.Window(ctx, e.lane.id(e.live.start))
			if err != nil {
				return nil, err
			}
			if ok && r.Kept {
				e.live.kept, e.live.uploaded, e.live.generation = true, true, r.Generation
			}
			if ok && r.Generation == e.live.generation && inBucket(r) {
				e.live.done = true
				out = append(out, e)
			}
		}
		if len(out) == found {
			break
		}
	}
	return out, nil
}

func inBucket(r window.Record) bool {
	return r.Kept || r.Verified >= r.Generation || r.Unverified && r.Uploaded >= r.Generation
}

// finished tells whether a stream needs a window's rows no more.
func (l *lane) finished(start int64, now time.Time) bool {
	w, ok := l.windows[start]
	switch {
	case !ok || w.done || w.closed:
		return true
	case !w.known:
		return false
	default: // silent: what rows its slots have are another window's
		return w.recorded && w.generation == 0 && !w.changed() && !now.Before(l.Cadence.Wake(start))
	}
}

// fold lets go of the tails that no window can ask for any more: those before
// every live window, and before all that rows may still open.
func (s *Sealer) fold(ctx context.Context, now time.Time) error {
	if since := now.Sub(s.folded); since >= 0 && since < foldEvery {
		return nil
	}
	before := now.UnixNano()
	for _, c := range s.components {
		for _, l := range c.lanes {
			before = min(before, l.Cadence.Start(now.Add(-l.OverdueMax).UnixNano())-2*l.frequency())
			for start := range l.windows {
				before = min(before, start-slotLength)
			}
		}
	}
	s.folded = now
	return s.ledger.Fold(ctx, before)
}
