package seal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// round is how many windows share their fsyncs and their transaction.
const round = 256

// outcome is a job that was done, not yet committed.
type outcome struct {
	job
	record  window.Record
	fresh   bool     // its CSV is to be sent: a new generation, or one that was asked for
	shelved bool     // ... and is on the shelf,
	temp    *os.File // or in this file
	clean   bool
	skip    bool // nothing to commit: an overdue window that is in the bucket by now, or one whose object is left alone
	next    *held
}

// seal does the jobs, a round at a time, so that a crash or a deadline finds
// the first ones done, and the bucket gets them meanwhile. Between two rounds it
// waits for room on the shelf, as long as the uploader makes some.
func (s *Sealer) seal(ctx context.Context, now time.Time, jobs []job) (sealed int, err error) {
	var errs []error
	patience := forRoom
	for len(jobs) > 0 {
		begun := time.Now()
		n := min(len(jobs), s.fitting(ctx, patience))
		patience -= time.Since(begun)
		done, err := s.round(ctx, now, jobs[:n])
		sealed += done
		if err != nil {
			errs = append(errs, err)
		}
		// Nothing at all went well: the disk is full, or the ledger is gone.
		if s.lost || ctx.Err() != nil || err != nil && done == 0 {
			break
		}
		jobs = jobs[n:]
	}
	for _, w := range s.workers {
		errs = append(errs, w.source.close())
	}
	if sealed < fewest { // no more are to be expected soon
		s.settings.Shelf.Trim()
	}
	return sealed, errors.Join(errs...)
}

func (s *Sealer) round(ctx context.Context, now time.Time, jobs []job) (sealed int, err error) {
	outcomes, err := s.work(ctx, now, jobs)
	var temps []*os.File
	records, fresh := make([]window.Record, 0, len(outcomes)), make([]window.Sealed, 0, len(outcomes))
	for i := range outcomes {
		o := &outcomes[i]
		if o.temp != nil {
			temps = append(temps, o.temp)
		}
		if !o.skip {
			records = append(records, o.record)
		}
		if o.fresh {
			fresh = append(fresh, o.record.Sealed)
		}
	}
	e := durable(temps)
	if e == nil && len(records) > 0 {
		e = s.ledger.CommitSealed(ctx, records)
		s.lost = e != nil
	}
	if e != nil {
		for i := range fresh { // nobody may send what may not be committed
			s.settings.Shelf.Remove(fresh[i].ID, fresh[i].Generation, false)
		}
		return 0, errors.Join(err, e)
	}
	for i := range outcomes {
		s.apply(now, &outcomes[i])
	}
	s.hand(fresh)
	return len(records), err
}

// work shares the jobs among the workers by component, so that each finds what
// a window begins with where the window before it ended.
func (s *Sealer) work(ctx context.Context, now time.Time, jobs []job) ([]outcome, error) {
	slices.SortStableFunc(jobs, func(a, b job) int {
		return cmp.Or(strings.Compare(a.lane.Component, b.lane.Component),
			strings.Compare(a.lane.Scheduler, b.lane.Scheduler), cmp.Compare(a.live.start, b.live.start))
	})
	type task struct {
		jobs []job
		out  []outcome
	}
	all := make([]outcome, len(jobs))
	queue := make(chan task, len(jobs))
	for i := 0; i < len(jobs); {
		n := i + 1
		for n < len(jobs) && jobs[n].lane.of == jobs[i].lane.of {
			n++
		}
		queue <- task{jobs[i:n], all[i:n]}
		i = n
	}
	close(queue)
	errs := make([]error, len(s.workers))
	var wait sync.WaitGroup
	for i, w := range s.workers {
		wait.Go(func() {
			for t := range queue {
				errs[i] = errors.Join(errs[i], w.component(ctx, now, t.jobs, t.out))
			}
		})
	}
	wait.Wait()
	return slices.DeleteFunc(all, func(o outcome) bool { return o.lane == nil }), errors.Join(errs...)
}

// apply takes a committed outcome over into memory and removes the generations
// before: of files the last one is left, since it may be under way to the bucket.
func (s *Sealer) apply(now time.Time, o *outcome) {
	w, l := o.live, o.lane
	if o.skip {
		w.uploaded, w.kept, w.generation = true, o.record.Kept, o.record.Generation
		return
	}
	l.of.seq = max(l.of.seq, o.seq)
	fresh := o.record.Generation != w.generation
	if fresh || !o.exact {
		w.sealedAt = now
	}
	w.recorded, w.seq, w.clean = true, o.seq, o.clean
	l.of.sealed = true
	w.generation, w.overdue = o.record.Generation, o.record.Overdue
	if o.next != nil && (!o.exact || o.seq == l.of.seq) {
		l.keep(*o.next)
	}
	if fresh {
		s.settings.Shelf.Remove(l.id(w.start), w.generation-1, false)
		if w.filed && w.generation > 2 {
			_ = os.Remove(s.dirs.path(l.id(w.start), w.generation-2)) // tidy removes what is left over
		}
	}
	w.filed = w.filed || o.record.Path != ""
	s.tell(l, &o.record, fresh)
}

// tell logs what a person would care about: a component that falls silent or
// speaks again, and windows that come too late to be scored.
func (s *Sealer) tell(l *lane, r *window.Record, fresh bool) {
	fields := func() []zap.Field {
		return []zap.Field{
			zap.String("scheduler", r.Scheduler), zap.String("component", r.Component),
			zap.Time("window", time.Unix(0, r.Start).UTC()), zap.Time("wake", r.Wake),
		}
	}
	switch {
	case r.Generation == 0 && r.HeldOnly && !l.quiet:
		s.log.Warn("no file for a window: it has held values only and require_real_rows is set; the scheduler's run will fail", fields()...)
	case r.Generation == 0 && !l.quiet:
		s.log.Warn("no file for a window: the component says nothing; the scheduler's run will fail for all its components", fields()...)
	case r.Generation == 1 && fresh && r.Overdue:
		s.log.Info("window sealed after its wake-up: uploaded, but not scored", fields()...)
	case r.Generation > 0 && l.quiet:
		s.log.Info("the component speaks again", fields()...)
	default:
		if e := s.log.Check(zap.DebugLevel, "window sealed"); e != nil {
			e.Write(append(fields(), zap.Int64("generation", r.Generation), zap.Bool("new", fresh),
				zap.Int64("rows", r.RealRows), zap.Int64("bytes", r.Size), zap.Int64("seq", r.SealedSeq))...)
		}
	}
	l.quiet = r.Generation == 0
}

func wrap(j job, err error) error {
	return fmt.Errorf("seal window %s of %s for %s: %w", time.Unix(0, j.live.start).UTC().Format(time.RFC3339), j.lane.Component, j.lane.Scheduler, err)
}
