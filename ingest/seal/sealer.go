package seal

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/segment"
	"millwright/internal/window"
)

// Sealer keeps the live windows of all streams and moves them on. Its methods
// are called by one goroutine, but for Derive and Asked; Seal itself uses Settings.Workers of them and
// waits for them.
type Sealer struct {
	ledger       Ledger
	dirs         Dirs
	settings     Settings
	log          *zap.Logger
	components   []*component // by name
	appends      *appendLog
	workers      []*worker
	waiting      Waiting        // of the last Seal
	lost         bool           // what the ledger holds is not known: Load again
	cursor       int            // where Close goes on looking for verified windows
	folded       time.Time      // last Fold
	closedStrays map[string]int // by scheduler; said in one line once all are
	strays       []window.ID    // live windows of streams that are not there any more
	asks         asks
	alike        alike
	usual        int64              // bytes of a window, as the last round had them
	hopeless     map[window.ID]bool // strays whose CSV nobody can make any more
}

// New starts nothing and touches no disk. Two streams of the same scheduler and
// component are a mistake of the caller.
func New(streams []Stream, ledger Ledger, dirs Dirs, settings Settings, log *zap.Logger) *Sealer {
	s := &Sealer{ledger: ledger, dirs: dirs, settings: settings, log: log, appends: newAppendLog(dirs.State), asks: newAsks(), alike: make(alike), hopeless: make(map[window.ID]bool)}
	for _, st := range streams {
		c := s.component(st.Component)
		if c == nil {
			c = newComponent(st.Component)
			s.components = append(s.components, c)
		}
		c.lanes = append(c.lanes, newLane(st, c))
	}
	slices.SortFunc(s.components, func(a, b *component) int { return strings.Compare(a.name, b.name) })
	for range settings.workers() {
		s.workers = append(s.workers, newWorker(s))
	}
	return s
}

func (s *Sealer) component(name string) *component {
	for _, c := range s.components {
		if c.name == name {
			return c
		}
	}
	return nil
}

// Load reads the live windows and blocks from the ledger, cuts off what
// unfinished steps appended, and removes unfinished files from the spool.
// It may be called again at any time.
func (s *Sealer) Load(ctx context.Context, _ time.Time) error {
	s.lost, s.cursor, s.strays = true, 0, nil
	s.components = slices.DeleteFunc(s.components, func(c *component) bool { return len(c.lanes) == 0 })
	for i, c := range s.components {
		fresh := newComponent(c.name)
		for _, l := range c.lanes {
			fresh.lanes = append(fresh.lanes, newLane(l.Stream, fresh))
		}
		s.components[i] = fresh
	}
	if err := s.loadBlocks(ctx); err != nil {
		return fmt.Errorf("load live blocks: %w", err)
	}
	if err := s.loadWindows(ctx); err != nil {
		return fmt.Errorf("load live windows: %w", err)
	}
	lengths, err := s.ledger.Appended(ctx)
	if err != nil {
		return fmt.Errorf("load lengths of append-only files: %w", err)
	}
	if err := s.appends.load(lengths); err != nil {
		return err
	}
	if err := s.tidy(ctx); err != nil {
		return err
	}
	s.lost = false
	return nil
}

// loadBlocks makes a window of every block that is not released. A component
// that no stream has any more comes to be without one: Close sees to its rows.
func (s *Sealer) loadBlocks(ctx context.Context) error {
	byName := make(map[string]*component, len(s.components))
	for _, c := range s.components {
		byName[c.name] = c
		for _, l := range c.lanes {
			l.high = math.MaxInt64 // any of them may have a record
		}
	}
	return s.ledger.LiveBlocks(ctx, func(name string, slot, dropID int64, takenAt time.Time, last int64) error {
		c := byName[name]
		if c == nil {
			c = newComponent(name)
			s.components = append(s.components, c)
			byName[name] = c
			s.log.Warn("no scheduler has the component any more: the rows that wait go to late/", zap.String("component", name))
		}
		c.note(slot, dropID)
		for _, l := range c.lanes {
			l.took(slot+1, last, dropID, takenAt)
		}
		return nil
	})
}

func (s *Sealer) loadWindows(ctx context.Context) error {
	records, err := s.ledger.LiveWindows(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		if l := s.lane(r.ID); l != nil {
			w := l.window(r.Start, r.LastRowAt)
			w.adopt(r)
			l.of.sealed = true
			l.of.seq = max(l.of.seq, r.SealedSeq)
		} else {
			s.strays = append(s.strays, r.ID)
		}
	}
	for _, c := range s.components {
		c.stale = true
		if err := c.refresh(ctx, s.ledger, s.alike, nil); err != nil {
			return err
		}
		for _, l := range c.lanes {
			l.start()
			if err := l.resume(ctx, s.ledger); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Sealer) lane(id window.ID) *lane {
	if c := s.component(id.Component); c != nil {
		for _, l := range c.lanes {
			if l.Scheduler == id.Scheduler {
				return l
			}
		}
	}
	return nil
}

// Took notes what was taken: the blocks of committed drops, with their drop
// IDs, in the order of taking. at is business time.
func (s *Sealer) Took(refs []segment.Ref, at time.Time) {
	for _, ref := range refs {
		if c := s.component(ref.Component); c != nil {
			c.took(ref, at)
		}
	}
}

// Seal does one pass: it seals everything that may be sealed now, and says how
// many windows it sealed, silent ones among them. After an error the rest was
// sealed nevertheless where that was possible; the next pass tries again.
func (s *Sealer) Seal(ctx context.Context, now time.Time, w Waiting) (sealed int, err error) {
	s.waiting = w
	if err := s.ready(ctx, now, w); err != nil {
		return 0, err
	}
	jobs, err := s.again(ctx, s.plan(now, w))
	if err != nil {
		return 0, err
	}
	return s.seal(ctx, now, jobs)
}

// ready brings the live windows up to date: sensors and watermarks, windows
// that came to be by time, and the records of those that rows came for.
func (s *Sealer) ready(ctx context.Context, now time.Time, w Waiting) error {
	if s.lost {
		if err := s.Load(ctx, now); err != nil {
			return err
		}
	}
	for _, c := range s.components {
		if err := c.refresh(ctx, s.ledger, s.alike, s.settings.Widened); err != nil {
			return err
		}
		for _, l := range c.lanes {
			if err := l.resolve(ctx, s.ledger, now); err != nil {
				return err
			}
			switch {
			case w.Span != nil:
				l.bridge(now)
			case w.ClockSettled:
				l.extend(now)
			}
			if err := l.resolve(ctx, s.ledger, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// resolve looks up the records of windows that came into memory and may have
// one, and makes the windows after the component's first rows.
func (l *lane) resolve(ctx context.Context, windows Windows, now time.Time) error {
	for len(l.fresh) > 0 {
		w := l.fresh[len(l.fresh)-1]
		if !w.known {
			r, ok, err := windows.Window(ctx, l.id(w.start))
			if err != nil {
				return err
			}
			if ok {
				l.of.seq = max(l.of.seq, r.SealedSeq)
				w.adopt(r)
				l.of.sealed = true
			}
			w.known = true
		}
		l.fresh = l.fresh[:len(l.fresh)-1]
		switch {
		case w.closed && w.own == 0:
			l.forget(w)
		case !w.recorded && w.start < l.begin:
			l.reopen(w.start, now)
		}
	}
	return nil
}
