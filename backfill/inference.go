package backfill

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/ingest/seal"
	"millwright/internal/atomicfile"
	"millwright/internal/drop"
	"millwright/internal/ledger"
	"millwright/internal/series"
)

// history is one command that makes window objects. The files' rows go the
// daemon's way: into segments, from there into windows, then to the bucket.
type history struct {
	*Backfill
	o       Options
	sum     *Summary
	job     *job
	room    *room
	files   *files
	streams []seal.Stream
	led     *ledger.Ledger
	now     time.Time // one instant for all decisions of this run
}

func (h *history) segments() string   { return filepath.Join(h.job.dir, "spool", "segments") }
func (h *history) spool() string      { return filepath.Join(h.job.dir, "spool", "windows") }
func (h *history) quarantine() string { return filepath.Join(h.job.dir, "quarantine") }

func (b *Backfill) inference(ctx context.Context, o Options, sum *Summary) (err error) {
	h := &history{Backfill: b, o: o, sum: sum, now: b.Now()}
	if h.streams, err = b.lanes(o); err != nil {
		return err
	}
	wanted := map[string]bool{}
	for _, s := range h.streams {
		wanted[s.Component] = true
	}
	if h.files, err = b.find(ctx, o, wanted, sum); err != nil {
		return err
	}
	if h.job, err = openJob(b.cfg, o); err != nil {
		return err
	}
	defer func() {
		if e := h.job.close(err == nil); err == nil {
			err = e
		}
	}()
	if h.room, err = newRoom(ctx, b.cfg, h.job.dir); err != nil {
		return err
	}
	if err := h.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.led.Close()) }()
	if err := h.take(ctx); err != nil {
		return err
	}
	return h.windows(ctx)
}

// lanes are the streams of the command, with the destination that it names.
// Windows are not made for lack of rows, so nothing is overdue.
func (b *Backfill) lanes(o Options) ([]seal.Stream, error) {
	var out []seal.Stream
	owner := map[string]string{}
	for _, s := range b.streams {
		if o.Scheduler != "" && s.Scheduler != o.Scheduler {
			continue
		}
		s.OverdueMax = 0
		if o.Dest != nil {
			s.Bucket, s.Naming.Prefix = o.Dest.Bucket, o.Dest.Prefix
		}
		key := s.Bucket + "\x00" + s.Naming.Key(s.Component, 0)
		if other, taken := owner[key]; taken {
			return nil, usage("the schedulers %s and %s would write the same keys for %s: choose one with --scheduler", other, s.Scheduler, s.Component)
		}
		owner[key] = s.Scheduler
		out = append(out, s)
	}
	if len(out) == 0 { // its components are those of an earlier scheduler with the same keys
		return nil, usage("the windows of %s are those of another scheduler: leave --scheduler out", o.Scheduler)
	}
	return out, nil
}

// open opens the command's own ledger. What an earlier run began is gone on
// with, unless files have changed since: then all begins anew.
func (h *history) open(ctx context.Context) error {
	for again := false; ; again = true {
		for _, dir := range []string{h.segments(), h.spool(), h.quarantine()} {
			if err := os.MkdirAll(dir, 0o750); err != nil {
				return fmt.Errorf("make the folder of this backfill: %w", err)
			}
		}
		led, err := ledger.Open(ctx, h.job.dir, h.log)
		if err != nil {
			return err
		}
		h.led = led
		same, err := h.unchanged(ctx)
		if err == nil && (same || again) {
			if err = led.ClearRefused(ctx); err == nil {
				err = h.tidy(ctx)
			}
			if err != nil {
				err = errors.Join(err, led.Close())
			}
			return err
		}
		if err = errors.Join(err, led.Close()); err != nil {
			return err
		}
		h.sum.note("files have changed since an earlier run of this command: it begins anew")
		if err := h.job.clear(); err != nil {
			return err
		}
	}
}

// unchanged tells whether all that was taken stands in the files as it was.
func (h *history) unchanged(ctx context.Context) (bool, error) {
	if h.led.SetAside() != "" {
		return false, nil
	}
	drops, err := h.led.Drops(ctx, ledger.DropFilter{})
	if err != nil {
		return false, err
	}
	h.sum.Resumed = len(drops) > 0
	at := map[string]*file{}
	for i := range h.files.list {
		x := &h.files.list[i]
		at[h.files.path(x)] = x
	}
	for _, d := range drops {
		x := at[filepath.Join(d.Folder, filepath.FromSlash(d.Name))]
		if d.State != drop.Refused && (x == nil || x.size != d.Size || !x.mod.Equal(d.ModTime)) {
			return false, nil
		}
	}
	return true, nil
}

// tidy removes what a killed run left: segments that the ledger does not list.
// Their files are still there and are read again.
func (h *history) tidy(ctx context.Context) error {
	listed, err := h.led.Segments(ctx)
	if err != nil {
		return err
	}
	keep := make(map[string]bool, len(listed))
	for _, name := range listed {
		keep[name] = true
	}
	entries, err := os.ReadDir(h.segments())
	if err != nil {
		return fmt.Errorf("list the spool: %w", err)
	}
	for _, e := range entries {
		if keep[e.Name()] && !strings.HasSuffix(e.Name(), atomicfile.TempSuffix) {
			continue
		}
		if err := os.Remove(filepath.Join(h.segments(), e.Name())); err != nil {
			return fmt.Errorf("remove an unfinished segment: %w", err)
		}
	}
	return nil
}

// span is where the windows lie that are made.
func (h *history) span() seal.Span {
	s := seal.Span{From: math.MinInt64, To: math.MaxInt64}
	if !h.o.From.IsZero() {
		s.From = h.o.From.UnixNano()
	}
	if !h.o.To.IsZero() {
		s.To = h.o.To.UnixNano()
	}
	return s
}

// reach is how long before a window rows may matter to it.
func reach(s seal.Stream) int64 {
	far := int64(s.Cadence.Frequency)
	specs := []series.Spec{s.Spec}
	for _, spec := range s.Sensors {
		specs = append(specs, spec)
	}
	for _, spec := range specs {
		switch {
		case spec.Fill == series.FillNone:
		case spec.MaxGap == series.NoMaxGap:
			return math.MaxInt64
		case spec.MaxGap == 0:
			far = max(far, int64(series.Grid{Rate: s.Cadence.Rate}.DefaultMaxGap())+int64(s.Cadence.Frequency))
		default:
			far = max(far, int64(spec.MaxGap)+int64(s.Cadence.Frequency))
		}
	}
	return far
}

// horizon takes the rows that some window of the command may need.
type horizon struct {
	oldest map[string]int64
	newest map[string]int64
}

func (h *history) horizon() horizon {
	z := horizon{map[string]int64{}, map[string]int64{}}
	ahead := map[string]time.Duration{}
	for i := range h.cfg.Schedulers {
		ahead[h.cfg.Schedulers[i].Name] = h.cfg.Schedulers[i].Late.MaxAhead.Duration()
	}
	from := h.span().From
	for _, s := range h.streams {
		oldest := int64(math.MinInt64)
		if far := reach(s); from != math.MinInt64 && far != math.MaxInt64 {
			oldest = from - far
		}
		newest := h.now.Add(ahead[s.Scheduler]).UnixNano()
		if old, known := z.oldest[s.Component]; known {
			oldest, newest = min(oldest, old), min(newest, z.newest[s.Component])
		}
		z.oldest[s.Component], z.newest[s.Component] = oldest, newest
	}
	return z
}

// Accept implements take.Horizon.
func (z horizon) Accept(component string) (oldest, newest int64, ok bool, why string) {
	oldest, ok = z.oldest[component]
	if !ok {
		why = fmt.Sprintf("no scheduler of this command has the component %q", component)
	}
	return oldest, z.newest[component], ok, why
}

// Unsure implements take.Horizon: what is taken does not depend on the clock.
func (z horizon) Unsure() bool { return false }

// quietly lets only what is wrong through: the parts were made for a daemon and
// tell of each window.
func quietly(log *zap.Logger) *zap.Logger { return log.WithOptions(zap.IncreaseLevel(zap.ErrorLevel)) }
