package results

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
)

// keep ends every hour, and at first, what schedulers have left that are gone, and
// forgets what has been kept for long enough.
func (r *Results) keep(ctx context.Context) {
	for ctx.Err() == nil {
		n := read(r.clock)
		if err := r.dismiss(ctx, n); err != nil && !over(ctx, err) {
			r.log.Error("end what schedulers have left", zap.Error(err))
		}
		if r.set.Settled() {
			r.prune(ctx, n.business)
		}
		next := n.after(hourly)
		for !next.past(read(r.clock)) && ctx.Err() == nil {
			_ = wait(ctx, r.clock, next)
		}
	}
}

// prune removes whole days: first the files, then what the ledger knows of them.
func (r *Results) prune(ctx context.Context, now time.Time) {
	var longest time.Duration
	for i := range r.schedulers {
		s := &r.schedulers[i]
		longest = max(longest, s.Keep)
		if s.Keep <= 0 {
			longest = 1<<63 - 1
			continue
		}
		r.pruneOf(ctx, s.Name, now.Add(-s.Keep))
	}
	if err := r.pruneFormer(ctx, now); err != nil && !over(ctx, err) {
		r.log.Error("prune results", zap.Error(err))
	}
	var before time.Time // nothing for its age alone
	if longest < 1<<62 {
		before = now.Add(-longest)
	}
	if err := r.ledger.PruneMessages(ctx, before, r.set.Sinks); err != nil && !over(ctx, err) {
		r.log.Error("prune messages", zap.Error(err))
	}
}

// pruneOf removes what a scheduler has from before a time.
func (r *Results) pruneOf(ctx context.Context, name string, before time.Time) {
	before = before.Truncate(daily)
	err := errors.Join(
		pruneDays(filepath.Join(r.set.Dir, "results", name), before),
		pruneOld(filepath.Join(r.set.Dir, filepath.FromSlash(quarantine), name), before),
	)
	if err == nil {
		err = r.ledger.PruneResults(ctx, name, before)
	}
	if err != nil && !over(ctx, err) {
		r.log.Error("prune results", zap.String("scheduler", name), zap.Error(err))
	}
}

// pruneDays removes the folders of days before the given one.
func pruneDays(dir string, before time.Time) error {
	days, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, day := range days {
		at, perr := time.Parse(time.DateOnly, day.Name())
		if perr == nil && day.IsDir() && at.Before(before) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, day.Name())))
		}
	}
	return err
}

// pruneOld removes the files of windows before the given time.
func pruneOld(dir string, before time.Time) error {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, f := range files {
		stamp, _, _ := strings.Cut(f.Name(), ".")
		at, perr := time.Parse("20060102T150405Z", stamp)
		if perr == nil && at.Before(before) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// sweep removes what a kill left unfinished.
func (r *Results) sweep() {
	for _, pattern := range []string{"results/*/*/*", quarantine + "/*/*"} {
		left, err := filepath.Glob(filepath.Join(r.set.Dir, filepath.FromSlash(pattern+atomicfile.TempSuffix)))
		for _, name := range left {
			err = errors.Join(err, os.Remove(name))
		}
		if err != nil {
			r.log.Warn("remove unfinished results", zap.Error(err))
		}
	}
}
