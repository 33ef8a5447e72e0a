package results

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/window"
)

// horizon is how far back windows without outcome are looked for when results
// are kept for ever: the ledger forgets windows after that.
const horizon = 30 * 24 * time.Hour

// waiting is a window whose wake-up is past and whose outcome is open.
type waiting struct {
	window.Outcome
	run    window.Run
	looks  int     // how often it was looked for
	last   bool    // one of them was after its end
	veiled bool    // the store did not say whether it is there
	asks   int     // how often the service was asked: a little after the result could be there, and after its end
	said   verdict // the service's answer
}

// ready is when its result can be there, zero while it is not uploaded.
func (w *waiting) ready() time.Time {
	if w.Uploaded.IsZero() {
		return time.Time{}
	}
	if w.Uploaded.After(w.Wake) {
		return w.Uploaded
	}
	return w.Wake
}

// end is when its time has passed. Then it is looked for once more, whether or
// not it is known to be uploaded.
func (w *waiting) end(timeout time.Duration) time.Time {
	if r := w.ready(); !r.IsZero() {
		return r.Add(timeout)
	}
	return w.Wake.Add(timeout)
}

// late tells whether its time has passed, by the clock.
func (w *waiting) late(n now, timeout time.Duration) bool { return !n.business.Before(w.end(timeout)) }

// due tells whether a look must not wait: the first one, and the one after its end.
func (w *waiting) due(n now, timeout time.Duration) bool {
	return w.looks == 0 || !w.last && w.late(n, timeout)
}

// pending tells whether it waits for the bucket: then it is not missing, however
// long that takes.
func (w *waiting) pending() bool { return w.Uploaded.IsZero() && w.run.Sealed > w.run.Uploaded }

// pair looks at the windows whose wake-up is past: new ones are awaited from now
// on, or not scored; of those that are awaited it learns whether they are
// uploaded.
func (f *follower) pair(ctx context.Context, n now) error {
	from := f.since(n)
	for start := range f.waits {
		from = min(from, start)
	}
	to := f.Cadence.Next(n.business)
	runs, err := f.r.ledger.Runs(ctx, f.Name, f.Streams, from, to)
	if err != nil {
		return err
	}
	d := f.draft(n)
	for _, run := range runs {
		f.paired(d, run)
	}
	if err := d.commit(ctx); err != nil {
		return err
	}
	for start, w := range f.waits {
		w.run = f.unknown(start)
	}
	for _, run := range runs {
		if w := f.waits[run.Start]; w != nil {
			w.run = run
		}
	}
	f.thorough = f.thorough && !f.r.set.Settled() // windows seem to be of another age until the clock is right
	return nil
}

// unknown is the run of a window that no component knows any more.
func (f *follower) unknown(start int64) window.Run {
	run := window.Run{Start: start}
	for _, s := range f.Streams {
		run.Silent = append(run.Silent, s.Component)
	}
	return run
}

// since is the oldest window that may still have no outcome: all that are kept
// at first, then those that rows may come for.
func (f *follower) since(n now) int64 {
	back := f.Late + f.Cadence.Delay + 2*f.Cadence.Frequency
	if f.thorough {
		back = horizon
	}
	if f.Keep > 0 {
		back = min(back, f.Keep)
	}
	return f.Cadence.Floor(n.business.Add(-back))
}

// paired enters what is new of a window.
func (f *follower) paired(d *draft, run window.Run) {
	w, known := f.waits[run.Start]
	o := window.Outcome{Scheduler: f.Name, Start: run.Start, Wake: f.Cadence.Wake(run.Start), Scoring: window.Awaited, At: d.now.business, Peak: math.NaN()}
	if known {
		o = w.Outcome
	}
	was := o
	if run.Uploaded == len(f.Streams) {
		o.Uploaded = run.At
	}
	if run.Overdue {
		o.Scoring, o.At = window.Unscored, d.now.business
		o.Reason, o.Remedy = "its rows came after the wake-up: no run has read it", "nothing to do, unless it repeats: then raise data_delay_offset_in_minutes, here and in the scheduler"
	}
	if !known || o.Scoring != was.Scoring || o.Uploaded.IsZero() != was.Uploaded.IsZero() {
		d.mark(was.Scoring, o)
	}
}

// marked takes a committed outcome over into memory: only open ones stay there.
func (f *follower) marked(o window.Outcome) {
	w := f.waits[o.Start]
	switch {
	case o.Scoring != window.Awaited:
		delete(f.waits, o.Start)
	case w == nil:
		f.waits[o.Start] = &waiting{Outcome: o}
	case w.Uploaded.IsZero() && !o.Uploaded.IsZero():
		*w = waiting{Outcome: o, run: w.run} // its time begins
	default:
		w.Outcome = o
	}
}

// decide gives up the windows whose time has passed, after a last look at the
// bucket, and those that the service says have failed.
func (f *follower) decide(ctx context.Context, n now) error {
	d := f.draft(n)
	for _, start := range f.ordered() {
		w := f.waits[start]
		o := w.Outcome
		w.last = w.last && w.late(n, f.Timeout) // the clock may have been set back
		switch end := w.end(f.Timeout); {
		case w.said.failed: // it says so at any time
			o.Scoring, o.Reason, o.Remedy = window.Failed, w.said.reason, w.said.remedy
		case w.pending() || !f.r.set.Settled() || n.business.Before(end) || !w.last || f.r.set.Service != nil && w.asks < 2 || w.said.busy && n.business.Before(end.Add(daily)):
			continue
		default:
			o.Scoring = window.Missing
			o.Reason, o.Remedy = f.why(w)
		}
		o.At = n.business
		d.mark(window.Awaited, o)
		f.log.Debug("a window has no result", zap.Time("window", time.Unix(0, start).UTC()), zap.String("mark", string(o.Scoring)),
			zap.String("why", o.Reason), zap.String("remedy", o.Remedy))
	}
	return d.commit(ctx)
}

// why says why a window has no result, as far as that is known.
func (f *follower) why(w *waiting) (reason, remedy string) {
	switch {
	case w.Reason != "":
		return w.Reason, w.Remedy
	case w.said.reason != "":
		return w.said.reason, w.said.remedy
	case len(w.run.Silent) > 0:
		return "no file was uploaded for " + strings.Join(w.run.Silent, ", ") + ": nothing came for it, and a run needs every component",
			"find out why its files do not come: look whether the logger still writes into the component's drop folder, and what 'millwright status drop PATH' says of a file there"
	case w.veiled:
		return fmt.Sprintf("nothing that may be read came within %s of the wake-up: the store answers 403, as it does for what is not there where listing is forbidden", f.Timeout),
			"give these credentials s3:ListBucket on the bucket for the output prefix and s3:GetObject below it, then the reason is known and a result that is there is fetched"
	case w.Uploaded.After(w.Wake):
		return fmt.Sprintf("it was uploaded %s after the wake-up, so that its run did not find it", w.Uploaded.Sub(w.Wake).Round(time.Second)),
			"look for what delayed the upload: millwright status window " + stamp(w.Start)
	default:
		return fmt.Sprintf("nothing came within %s of the wake-up", f.Timeout),
			fmt.Sprintf("check that the scheduler runs, reads this component's prefix and writes to s3://%s/%s", f.Bucket, f.Prefix)
	}
}
