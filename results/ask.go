package results

import (
	"context"
	"fmt"
	"math"
	"time"

	"go.uber.org/zap"

	"millwright/internal/executions"
	"millwright/internal/objstore"
	"millwright/internal/window"
)

// askAfter is how long after a result can be there the service is asked first:
// a run that fails does so at once.
const askAfter = time.Minute

// verdict is what the service says of a window's run.
type verdict struct {
	failed, busy   bool
	reason, remedy string
}

// ask asks the service about windows that have no result, all with one request:
// a little after the result could be there, and again when its time has passed.
func (f *follower) ask(ctx context.Context, n now) error {
	if f.r.set.Service == nil || !f.nextAsk.past(n) {
		return nil
	}
	var wanted []int64
	for _, start := range f.ordered() {
		if at, any := f.askable(n, f.waits[start]); any && at.past(n) {
			wanted = append(wanted, start)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	f.nextAsk = n.after(lastPause)
	said, err := f.executions(ctx, wanted[0], wanted[len(wanted)-1])
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, start := range wanted {
		w := f.waits[start]
		w.asks++
		if w.last {
			w.asks = 2
		}
		w.said = verdict{}
		if err == nil {
			w.said = f.verdict(start, said)
		}
	}
	return nil
}

// askable is when the service is to be asked about a window, if it is.
func (f *follower) askable(n now, w *waiting) (moment, bool) {
	switch {
	case w.said.busy, w.last && w.asks < 2 && !w.pending():
		return n.after(0), true
	case w.asks == 0 && w.looks > 0 && !w.ready().IsZero():
		return n.at(w.ready().Add(askAfter)), true
	}
	return moment{}, false
}

// askAgain asks about windows that were given up without a word of the service.
func (f *follower) askAgain(ctx context.Context, n now, known []window.Outcome) error {
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	recent := n.business.Add(-f.Late).UnixNano()
	for _, o := range known {
		if o.Scoring == window.Missing && o.Start >= recent {
			first, last = min(first, o.Start), max(last, o.Start)
		}
	}
	if f.r.set.Service == nil || first > last {
		return nil
	}
	said, err := f.executions(ctx, first, last)
	if err != nil {
		return nil // it stands on the board
	}
	d := f.draft(n)
	for _, o := range known {
		if o.Scoring != window.Missing || f.waits[o.Start] != nil {
			continue
		}
		if v := f.verdict(o.Start, said); v.failed && f.open(ctx, o) {
			o.Scoring, o.Reason, o.Remedy, o.At = window.Failed, v.reason, v.remedy, n.business
			d.mark(window.Missing, o)
		}
	}
	return d.commit(ctx)
}

// open tells whether a window has come by a result since it was read.
func (f *follower) open(ctx context.Context, o window.Outcome) bool {
	now, err := f.r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: f.Name, From: o.Start, To: o.Start + 1})
	return err == nil && len(now) == 1 && now[0].Scoring == o.Scoring
}

// executions asks the service, and tells people when it does not answer.
func (f *follower) executions(ctx context.Context, first, last int64) (map[int64]executions.Execution, error) {
	said, err := f.r.set.Service.List(ctx, f.Name, first, last)
	f.r.set.Turned(f.Name)
	if err != nil {
		if !over(ctx, err) {
			what, remedy := objstore.Explain(err)
			if objstore.KindOf(err) == objstore.KindForbidden {
				remedy = "give these credentials lookoutequipment:ListInferenceExecutions, and check service.region"
			}
			f.r.board.Stand(ctx, f.Name, CodeService, "the service cannot be asked why results are missing: "+executions.Printable(what, 500), remedy)
			f.log.Debug("ask the service", zap.Error(err))
		}
		return nil, err
	}
	f.r.board.Clear(ctx, f.Name, CodeService)
	return said, nil
}

// verdict puts the service's answer into words.
func (f *follower) verdict(start int64, said map[int64]executions.Execution) verdict {
	e, known := said[start]
	switch {
	case !known:
		return verdict{
			reason: "the service has no run for it", remedy: fmt.Sprintf("check that a scheduler %s exists there and runs, and that it has this frequency and delay offset", f.Name),
		}
	case e.Status == executions.Failed:
		v := verdict{failed: true, reason: e.Reason, remedy: "see what was uploaded for it: millwright status window " + stamp(start)}
		if v.reason == "" {
			v.reason = "the service says that the run failed, but not why"
		}
		return v
	case e.Status == executions.InProgress:
		return verdict{busy: true}
	default:
		return verdict{
			reason: "the service says that the run succeeded, but its result is not at s3://" + f.Bucket + "/" + window.ResultKey(f.Prefix, start),
			remedy: "check output.bucket and output.prefix against the scheduler's own, and that nobody deletes objects there",
		}
	}
}
