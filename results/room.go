package results

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/diskspace"
	"millwright/internal/window"
)

// Evictor is the part of the ledger that MakeRoom needs.
type Evictor interface {
	// Unsent tells whether a sink has still to get a result of these windows.
	Unsent(ctx context.Context, scheduler string, from, to int64, sinks []string) (bool, error)
	// Evict says that results of these windows are not on site any more.
	Evict(ctx context.Context, scheduler string, from, to int64) error
}

// day is a scheduler's results of one day, on site.
type day struct {
	scheduler string
	start     time.Time
	dir       string
}

// MakeRoom removes results from the site until need bytes are free, and gives
// how many were freed: whole days, the oldest first. They are copies of what is in
// the bucket, and all that is known of them stays. The last day's stay too, and
// those whose rows are in no event yet. What a sink has still to get goes only
// when nothing else is left, since drops that are not taken cost more: they are
// not scored. While the clock is not trusted nothing is removed.
func (r *Results) MakeRoom(ctx context.Context, need int64) (freed int64, err error) {
	if !r.set.Settled() {
		return 0, nil
	}
	days, err := r.days(r.clock.Now().Add(-daily))
	for _, last := range []bool{false, true} {
		var left []day
		for _, d := range days {
			if freed >= need || ctx.Err() != nil {
				return freed, err
			}
			held, herr := r.held(ctx, d, last)
			if herr == nil && !held {
				var n int64
				n, herr = r.evict(ctx, d, last)
				freed += n
			}
			if held {
				left = append(left, d)
			}
			err = errors.Join(err, herr)
		}
		days = left
	}
	return freed, err
}

// days gives those that were over by then, oldest first.
func (r *Results) days(by time.Time) ([]day, error) {
	names, err := filepath.Glob(filepath.Join(r.set.Dir, "results", "*", "????-??-??"))
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	var out []day
	for _, dir := range names {
		start, err := time.Parse(time.DateOnly, filepath.Base(dir))
		if err == nil && !start.Add(daily).After(by) {
			out = append(out, day{filepath.Base(filepath.Dir(dir)), start, dir})
		}
	}
	slices.SortFunc(out, func(a, b day) int {
		return cmp.Or(a.start.Compare(b.start), cmp.Compare(a.scheduler, b.scheduler))
	})
	return out, nil
}

// held tells whether a day's results are needed on site.
func (r *Results) held(ctx context.Context, d day, last bool) (bool, error) {
	from, to := d.start.UnixNano(), d.start.Add(daily).UnixNano()
	if slices.ContainsFunc(r.schedulers, func(s Scheduler) bool { return s.Name == d.scheduler && s.Bucket != "" }) {
		raw, err := r.ledger.Followed(ctx, d.scheduler)
		if err != nil {
			return false, err
		}
		var s state
		_ = json.Unmarshal(raw, &s) // what cannot be read begins anew, and then none is in an event
		unfed, err := r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: d.scheduler, From: max(from, s.Fed+1), To: to, Scoring: window.Delivered, Limit: 1})
		if err != nil || len(unfed) > 0 {
			return true, err
		}
	}
	if last {
		return false, nil
	}
	return r.ledger.Unsent(ctx, d.scheduler, from, to, r.set.Sinks)
}

// evict removes a day. The ledger comes first: what a kill leaves is a folder of
// files that nobody asks for, which goes the next time, or once keep is over.
func (r *Results) evict(ctx context.Context, d day, unsent bool) (int64, error) {
	r.onSite.Lock()
	defer r.onSite.Unlock()
	size, err := diskspace.Tree(ctx, d.dir)
	if err != nil {
		return 0, err
	}
	if err := r.ledger.Evict(ctx, d.scheduler, d.start.UnixNano(), d.start.Add(daily).UnixNano()); err != nil {
		return 0, err
	}
	if err := os.RemoveAll(d.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("prune results: %w", err)
	}
	log := r.log.With(zap.String("scheduler", d.scheduler), zap.Time("day", d.start), zap.Int64("bytes", size))
	if unsent {
		log.Warn("results pruned from the site, which a sink had still to get: limits.state or limits.free needs the room")
		return size, nil
	}
	log.Info("results pruned from the site: limits.state or limits.free needs the room")
	return size, nil
}
