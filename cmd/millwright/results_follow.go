package main

import (
	"context"
	"slices"
	"time"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// resultsAsked is which windows are asked for, and where their files are.
type resultsAsked struct {
	scheduler string // empty: every one
	from      int64  // the first window's start, Unix ns
	site      *site
}

// look gives the outcomes and the events, oldest first.
func (a resultsAsked) look(ctx context.Context, led *ledger.Ledger) ([]window.Outcome, []ledger.StoredEvent, error) {
	outcomes, err := led.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: a.scheduler, From: a.from})
	if err != nil {
		return nil, nil, err
	}
	events, err := led.Events(ctx, ledger.EventFilter{Scheduler: a.scheduler, From: a.from})
	slices.Reverse(events)
	return outcomes, events, err
}

// show prints what there is.
func (a resultsAsked) show(ctx context.Context, led *ledger.Ledger, p resultsPrinter) error {
	outcomes, events, err := a.look(ctx, led)
	if err != nil {
		return err
	}
	return p.all(a.site, outcomes, events)
}

// follow prints what there is and then what comes, until ctx ends. Its error is
// ctx's, or what keeps it from going on.
func (a resultsAsked) follow(ctx context.Context, led *ledger.Ledger, p resultsPrinter, every time.Duration) error {
	outcomes, events, err := a.look(ctx, led)
	if err != nil {
		return err
	}
	if err := p.all(a.site, outcomes, events); err != nil {
		return err
	}
	seen := shown{windows: map[windowKey]windowMark{}, events: map[eventKey]event.State{}}
	seen.freshWindows(outcomes)
	seen.freshEvents(events)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if outcomes, events, err = a.look(ctx, led); err != nil {
			return err
		}
		if err := p.more(a.site, seen.freshWindows(outcomes), seen.freshEvents(events)); err != nil {
			return err
		}
	}
}

// shown remembers what has been printed.
type shown struct {
	windows map[windowKey]windowMark
	events  map[eventKey]event.State
}

type windowKey struct {
	scheduler string
	start     int64
}

type windowMark struct {
	scoring    window.Scoring
	generation int64
}

type eventKey struct{ scheduler, id string }

func (s *shown) freshWindows(all []window.Outcome) []window.Outcome {
	return slices.DeleteFunc(all, func(o window.Outcome) bool {
		key, mark := windowKey{o.Scheduler, o.Start}, windowMark{o.Scoring, o.Generation}
		before, known := s.windows[key]
		s.windows[key] = mark
		return known && before == mark
	})
}

// freshEvents leaves out events that have only grown.
func (s *shown) freshEvents(all []ledger.StoredEvent) []ledger.StoredEvent {
	return slices.DeleteFunc(all, func(e ledger.StoredEvent) bool {
		key := eventKey{e.Scheduler, e.ID}
		before, known := s.events[key]
		s.events[key] = e.State
		return known && before == e.State
	})
}
