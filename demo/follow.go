//go:build !agent

package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"millwright/internal/ledger"
	"millwright/internal/simulate"
	"millwright/internal/window"
)

// lookEvery is real time: how soon what the agent has is told of.
const lookEvery = 50 * time.Millisecond

// follow lets plant time pass as fast as windows come to their results, tells of
// these, and gives what the agent found.
func (s *stage) follow(ctx context.Context) (*Finding, error) {
	led, err := s.openLedger(ctx)
	if err != nil {
		return nil, s.cause(ctx, err)
	}
	defer led.Close()
	s.tale.live(s.o.Speed)
	w := &watch{stage: s, ledger: led, next: s.live, unsent: s.live, seen: map[int64]bool{}}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	next, unsent, since := w.next, w.unsent, time.Now()
	for {
		done, err := w.look(ctx)
		if err == nil && !done && time.Since(since) > stuck {
			err = w.standing(ctx)
		}
		if done || err != nil {
			return s.end(ctx, w, s.cause(ctx, err))
		}
		if !w.next.Equal(next) || !w.unsent.Equal(unsent) {
			next, unsent, since = w.next, w.unsent, time.Now()
		}
		select {
		case <-ctx.Done():
			return s.end(ctx, w, ctx.Err())
		case <-tick.C:
		}
	}
}

// stuck is how long nothing may come, in real time, before the play is given up: a
// busy machine may take minutes for a result.
const stuck = 10 * time.Minute

// patience is how long the service has to tell what it has, after all is over.
const patience = 30 * time.Second

// end tells what it was all about, also when err, or somebody, ended it early.
func (s *stage) end(ctx context.Context, w *watch, err error) (*Finding, error) {
	found := w.finding()
	if found == nil && err == nil {
		err = w.whyNot()
	}
	if found == nil || err != nil && ctx.Err() == nil {
		return found, err
	}
	soon, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := s.recorded(soon, found); err != nil {
		return found, err
	}
	s.tale.end(s, found)
	if s.o.Stay && ctx.Err() == nil {
		s.tale.stay(s.page)
		s.clock.goes(leg{pace: s.o.Speed / 20})
		<-ctx.Done()
	}
	return found, err
}

// openLedger waits for the agent to have made its ledger.
func (s *stage) openLedger(ctx context.Context) (*ledger.Ledger, error) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var last error
	for begun := time.Now(); time.Since(begun) < startWithin; {
		led, err := ledger.OpenReadOnly(ctx, stateDir(s.o.Dir))
		if err == nil {
			return led, nil
		}
		last = err
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
	return nil, fmt.Errorf("the agent does not begin, its log says why: %w", last)
}

// watch holds the clock back for windows under way, and remembers what came of them.
type watch struct {
	stage  *stage
	ledger *ledger.Ledger

	next     time.Time // start of the first window without result
	unsent   time.Time // start of the first one that is not in the bucket
	scored   int
	lost     []window.Outcome // have none
	mistakes int              // events before there was anything to find
	seen     map[int64]bool   // events by start
	found    *Finding
}

// look takes a step. It is done once all windows up to the play's end have come to
// their result.
func (w *watch) look(ctx context.Context) (done bool, err error) {
	for !w.next.Add(frequency).After(w.stage.ends) {
		o, ok, err := w.outcome(ctx, w.next)
		if err != nil {
			return false, err
		}
		if !ok {
			return false, w.pace(ctx)
		}
		w.next = w.next.Add(frequency)
		if err := w.take(ctx, o); err != nil {
			return false, err
		}
	}
	return true, nil
}

// pace lets time go on at full speed while no window is behind. One that is not in
// the bucket as its wake-up comes near is waited for at the pace of real time. One
// whose result is not here has more of it: the agent looks for results by the clock,
// and gives them up by it, which is not to be for a machine that has much else to do.
func (w *watch) pace(ctx context.Context) error {
	if w.unsent.Before(w.next) {
		w.unsent = w.next
	}
	for {
		sent, err := w.sent(ctx, w.unsent)
		if err != nil {
			return err
		}
		if !sent {
			break
		}
		w.unsent = w.unsent.Add(frequency)
	}
	speed := w.stage.o.Speed
	near := w.unsent.Add(frequency + offset/2)
	result := w.next.Add(frequency + offset + frequency)
	late := result.Add(frequency)
	if result.After(near) {
		result = near
	}
	if late.After(near) {
		late = near
	}
	w.stage.clock.goes(leg{result, speed}, leg{late, max(1, speed/20)}, leg{near, max(1, speed/400)}, leg{pace: 1})
	return nil
}

// sent tells whether a window's files are all in the bucket.
func (w *watch) sent(ctx context.Context, start time.Time) (bool, error) {
	records, err := w.ledger.Windows(ctx, ledger.WindowFilter{Scheduler: name, From: start.UnixNano(), To: start.Add(frequency).UnixNano()})
	verified := 0
	for _, r := range records {
		if r.Start == start.UnixNano() && r.Verified > 0 {
			verified++
		}
	}
	return verified == len(simulate.Components()), err
}

// outcome gives what became of a window; it is not ok while that is open.
func (w *watch) outcome(ctx context.Context, start time.Time) (o window.Outcome, ok bool, err error) {
	all, err := w.ledger.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: name, From: start.UnixNano(), To: start.UnixNano() + 1})
	if err != nil || len(all) == 0 {
		return o, false, err
	}
	return all[0], all[0].Scoring != window.Awaited, nil
}

// take tells of a window that has come to its end.
func (w *watch) take(ctx context.Context, o window.Outcome) error {
	if o.Scoring != window.Delivered {
		w.lost = append(w.lost, o)
		w.stage.tale.cell(o)
		return nil
	}
	w.scored++
	w.stage.tale.cell(o)
	events, err := w.ledger.Events(ctx, ledger.EventFilter{Scheduler: name})
	if err != nil {
		return err
	}
	for _, e := range events {
		known := w.seen[e.Start]
		w.seen[e.Start] = true
		switch {
		case w.found != nil && e.ID == w.found.Event:
			w.found.update(e.Event)
		case known:
		case time.Unix(0, e.Start).Before(w.stage.wears):
			w.mistakes++
			w.stage.tale.mistaken(e.Event)
		case w.found == nil:
			w.found = w.stage.found(e.Event, o)
			w.stage.tale.found(w.stage, w.found)
		}
	}
	return nil
}

// finding is what was found so far; nil: nothing.
func (w *watch) finding() *Finding {
	if w.found != nil {
		w.found.FalseAlarms, w.found.Windows, w.found.WithoutResult = w.mistakes, w.scored, len(w.lost)
	}
	return w.found
}

// standing is the error of a play that does not go on, with what the agent says of it.
func (w *watch) standing(ctx context.Context) error {
	notices, err := w.ledger.Notices(ctx)
	if err != nil || len(notices) == 0 {
		return errors.Join(fmt.Errorf("no window has come on for %s; look why with 'millwright status --config %s', and in the file log beside it", stuck, w.stage.config), err)
	}
	return fmt.Errorf("no window has come on for %s: %s; %s", stuck, notices[0].Text, notices[0].Remedy)
}

// whyNot is the error of a play without finding.
func (w *watch) whyNot() error {
	s := w.stage
	switch {
	case len(w.lost) > 0:
		o := w.lost[0]
		return fmt.Errorf("nothing was found: %d windows have no result, the first at %s since it is %s: %s; %s",
			len(w.lost), time.Unix(0, o.Start).UTC().Format(time.RFC3339), o.Scoring, o.Reason, o.Remedy)
	case s.ends.Before(s.fails):
		return fmt.Errorf("nothing was found in the %d windows up to %s: the bearing fails at %s, give it until then with a longer --for",
			w.scored, s.ends.Format(time.RFC3339), s.fails.Format(time.RFC3339))
	}
	return fmt.Errorf("nothing was found: none of the %d windows has an anomaly that begins after the bearing's wear; look at them with 'millwright results --config %s'", w.scored, s.config)
}
