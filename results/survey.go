package results

import (
	"context"
	"errors"
	"slices"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// surveyAgain is when a survey that did not get through is tried again.
const surveyAgain = 5 * time.Minute

// survey looks for what comes late: results of windows that were given up, and
// of windows that have one, whether it is still the same. Those of the last days
// have their turn every hour while some have none, all every day.
func (f *follower) survey(ctx context.Context, n now) error {
	if !f.nextSurvey.past(n) || f.failures > 0 && !f.nextLook.past(n) {
		return nil
	}
	all := f.nextDaily.past(n)
	first := f.Cadence.Floor(n.business.Add(-f.Late))
	if all {
		first = f.Cadence.Floor(n.business.Add(-horizon))
		if f.Keep > 0 {
			first = f.Cadence.Floor(n.business.Add(-f.Keep))
		}
	}
	open, err := f.r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: f.Name, From: first, Open: true, Limit: 1})
	if err != nil {
		return err
	}
	switch {
	case len(open) > 0:
		first = open[0].Start
	case all:
		first = f.Cadence.Floor(n.business.Add(-f.Late))
	default:
		f.nextSurvey = n.after(hourly)
		return nil
	}
	known, err := f.r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: f.Name, From: first})
	if err != nil {
		return err
	}
	if len(known) > 0 {
		err = f.compare(ctx, n, known)
		if err != nil && !storeFault(err) {
			return err
		}
		if err != nil {
			f.nextSurvey = n.after(surveyAgain)
			f.unreachable(ctx, err)
			return nil
		}
		f.reached(ctx)
	}
	f.nextSurvey = n.after(hourly)
	if all {
		f.nextDaily = n.after(daily)
	}
	return f.askAgain(ctx, n, known)
}

// compare fetches what is in the bucket and not on site.
func (f *follower) compare(ctx context.Context, n now, known []window.Outcome) error {
	found, until, err := f.list(ctx, n, known[0].Start, known[len(known)-1].Start)
	if errors.Is(err, objstore.ErrForbidden) {
		return f.tryAgain(ctx, n, known)
	}
	if err != nil {
		return err
	}
	for _, o := range known {
		tag, there := found[o.Start]
		if !there || o.Start > until || tag == o.ETag && o.Scoring == window.Delivered || tag != "" && tag == f.refused(o) {
			continue
		}
		if err := unlessAbsent(f.fetch(ctx, n, o)); err != nil {
			return err
		}
	}
	return nil
}

// tryAgain asks for the newest windows that were given up, where nothing may be
// listed.
func (f *follower) tryAgain(ctx context.Context, n now, known []window.Outcome) error {
	asked := 0
	for _, o := range slices.Backward(known) {
		if o.Scoring == window.Delivered || o.Scoring == window.Awaited {
			continue
		}
		if asked++; asked > maxSingle {
			return nil
		}
		if err := unlessAbsent(f.fetch(ctx, n, o)); err != nil && !errors.Is(err, objstore.ErrForbidden) {
			return err
		}
	}
	return nil
}
