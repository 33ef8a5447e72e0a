package results

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/window"
)

// state is what the results of a scheduler have led to so far. It is committed
// with everything that follows from it.
type state struct {
	Fed    int64            `json:"fed_ns"`           // start of the last window whose rows are in the events, or will never be
	Merger json.RawMessage  `json:"merger,omitempty"` // of event.Merger
	Events map[string]int64 `json:"events,omitempty"` // open event -> generation of its last message
	Alarm  *alarm           `json:"alarm,omitempty"`
	Keep   time.Duration    `json:"keep_ns,omitempty"` // of the scheduler, for the time when it is not configured any more; 0: for ever
}

// place is a window in the order in which events are made.
type place struct {
	start   int64
	scoring window.Scoring
	path    string
	sent    bool // uploaded by every component
}

// draft is a step while it is made: nothing of it counts before the commit.
type draft struct {
	f       *follower
	now     now
	step    outbox.Step
	state   state
	merger  *event.Merger // nil while no row was added
	line    []place       // the follower's, with this step's outcomes in it
	changes []change
}

func (f *follower) draft(n now) *draft {
	d := &draft{f: f, now: n, state: f.state, line: slices.Clone(f.line)}
	d.step.Scheduler = f.Name
	d.state.Events = maps.Clone(f.state.Events)
	if f.state.Alarm != nil {
		a := *f.state.Alarm
		d.state.Alarm = &a
	}
	return d
}

// mark enters what became of a window, and what was known before.
func (d *draft) mark(was window.Scoring, o window.Outcome) {
	d.step.Outcomes = append(d.step.Outcomes, o)
	d.line = enter(d.line, d.state.Fed, o)
	d.changes = append(d.changes, change{was: was, is: o})
}

// enter puts a window in its place, unless its turn has passed.
func enter(line []place, fed int64, o window.Outcome) []place {
	if o.Start <= fed {
		return line
	}
	p := place{start: o.Start, scoring: o.Scoring, path: o.Path, sent: !o.Uploaded.IsZero()}
	i, known := slices.BinarySearchFunc(line, o.Start, func(p place, start int64) int { return cmp.Compare(p.start, start) })
	if known {
		line[i] = p
		return line
	}
	return slices.Insert(line, i, p)
}

// message adds one for the sinks.
func (d *draft) message(kind outbox.Kind, start, generation int64, path string, body any) error {
	id := outbox.ID(d.f.Name, start, kind, generation)
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("write message %s: %w", id, err)
	}
	d.step.Messages = append(d.step.Messages, outbox.Message{
		ID: id, Scheduler: d.f.Name, Kind: kind, Start: start, Generation: generation, At: d.now.business, Body: raw, Path: path,
	})
	return nil
}

// commit makes events and alarms of what is new and enters it all at once. If it
// fails nothing has happened.
func (d *draft) commit(ctx context.Context) error {
	if err := d.advance(); err != nil {
		return err
	}
	if err := d.ring(); err != nil {
		return err
	}
	if d.merger != nil {
		raw, err := json.Marshal(d.merger)
		if err != nil {
			return fmt.Errorf("write the open event: %w", err)
		}
		d.state.Merger = raw
	}
	d.state.Keep = d.f.Keep
	was, err := json.Marshal(d.f.state)
	if err != nil {
		return err
	}
	is, err := json.Marshal(d.state)
	if err != nil {
		return err
	}
	if string(is) != string(was) {
		d.step.State = is
	}
	if d.step.State == nil && len(d.step.Outcomes)+len(d.step.Messages)+len(d.step.Events) == 0 {
		return nil
	}
	if err := d.f.r.ledger.CommitStep(ctx, d.step); err != nil {
		return err
	}
	d.f.state, d.f.line = d.state, d.line
	for _, o := range d.step.Outcomes {
		d.f.marked(o)
	}
	d.f.notice(ctx)
	if len(d.step.Messages) > 0 {
		d.f.r.set.Sent()
	}
	return nil
}

// load reads what the last process knew.
func (f *follower) load(ctx context.Context, n now) error {
	raw, err := f.r.ledger.Followed(ctx, f.Name)
	if err != nil {
		return err
	}
	f.state = state{}
	if raw != nil {
		if err := json.Unmarshal(raw, &f.state); err != nil {
			f.log.Error("the open event and alarm cannot be read; they begin anew", zap.Error(err))
			f.state = state{Fed: f.Cadence.Floor(n.business)}
		}
		if err := f.sound(); err != nil { // no step could ever be made of it
			f.log.Error("the open event cannot be read; events begin anew", zap.Error(err))
			f.state.Merger, f.state.Events = nil, nil
		}
	}
	f.line, f.waits = nil, map[int64]*waiting{}
	open, err := f.r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: f.Name, Scoring: window.Awaited})
	if err != nil {
		return err
	}
	for _, o := range open {
		f.marked(o)
	}
	unfed, err := f.r.ledger.Outcomes(ctx, window.OutcomeFilter{Scheduler: f.Name, From: f.state.Fed + 1})
	if err != nil {
		return err
	}
	for _, o := range unfed {
		f.line = enter(f.line, f.state.Fed, o)
	}
	return nil
}

// sound tells whether events can go on from where the state says.
func (f *follower) sound() error {
	if f.state.Merger == nil {
		return nil
	}
	return event.New(f.Rule).UnmarshalJSON(f.state.Merger)
}

func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339) }
