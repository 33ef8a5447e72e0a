package status

import (
	"context"
	"time"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// Scheduler is one scheduler's pipeline.
type Scheduler struct {
	Name       string      `json:"name"`
	Frequency  int64       `json:"frequency_seconds"`
	Delay      int64       `json:"delay_seconds"`
	NextWindow time.Time   `json:"next_window"` // the start of the window under way
	NextWake   time.Time   `json:"next_wake_up"`
	LastDrop   time.Time   `json:"last_drop_taken,omitzero"` // when the newest of its rows were taken
	LastRow    time.Time   `json:"last_row,omitzero"`        // the newest of their stamps
	LastWindow time.Time   `json:"last_window,omitzero"`     // start of the newest one that all components have in the bucket
	LastUpload time.Time   `json:"last_upload,omitzero"`     // when the newest window was verified in the bucket
	LastResult time.Time   `json:"last_result,omitzero"`     // when the newest result came to the site
	Backlog    int64       `json:"backlog"`                  // windows not yet in the bucket
	Unscored   int64       `json:"without_result"`           // newest windows in a row whose result is missing or whose run failed
	Components []Component `json:"components"`

	// Outcomes counts the windows of the last day by what became of their run.
	Outcomes map[window.Scoring]int64 `json:"outcomes_of_last_day"`
	Windows  []Cell                   `json:"windows"` // the newest StripLength, oldest first, the last one under way
	Scores   []Score                  `json:"scores"`  // the last day's windows with a result, oldest first
	Events   []event.Document         `json:"events"`  // those that touch the last day, newest first
	Latest   *event.Document          `json:"latest_event,omitempty"`
}

// Component is one component of a scheduler.
type Component struct {
	Name         string    `json:"name"`
	LastDrop     time.Time `json:"last_drop_taken,omitzero"`
	LastRow      time.Time `json:"last_row,omitzero"`
	LastSealed   time.Time `json:"last_sealed_window,omitzero"`
	LastVerified time.Time `json:"last_verified_window,omitzero"`
	VerifiedAt   time.Time `json:"last_verified_at,omitzero"`
	Backlog      int64     `json:"backlog"`
	BacklogBytes int64     `json:"backlog_bytes"`
	Oldest       time.Time `json:"oldest_waiting_window,omitzero"`
	Overdue      int64     `json:"overdue"`
	HeldOnly     int64     `json:"held_only"`
	Silent       int64     `json:"silent"`
	Unverified   int64     `json:"unverified"`
	LateRows     int64     `json:"late_rows"`
	Repeated     int64     `json:"repeated_values"`
}

// Score is what the results of one window say, for its rows in (Start, End].
type Score struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Peak      *float64  `json:"peak,omitempty"` // highest score; none where no row has one
	Rows      int64     `json:"rows"`
	Anomalous int64     `json:"anomalous"`
	Off       int64     `json:"off"` // rows of an off machine
}

// Day is how far back scores, events and outcome counts go.
const Day = 24 * time.Hour

// pipelines adds every scheduler.
func (src Source) pipelines(ctx context.Context, s *Snapshot, sum ledger.Summary) error {
	known := map[window.ID]ledger.Stream{}
	for _, st := range sum.Streams {
		known[window.ID{Scheduler: st.Scheduler, Component: st.Component}] = st
	}
	for _, p := range src.Schedulers {
		sc := pipeline(p, s.Time)
		for _, st := range p.Streams {
			c := component(st.Component, known[window.ID{Scheduler: st.Scheduler, Component: st.Component}])
			var err error
			if c.LastDrop, c.LastRow, err = src.Ledger.Newest(ctx, st.Component); err != nil {
				return err
			}
			sc.add(c)
		}
		if err := src.follow(ctx, &sc, p, s); err != nil {
			return err
		}
		s.Schedulers = append(s.Schedulers, sc)
	}
	return nil
}

func pipeline(p Pipe, now time.Time) Scheduler {
	return Scheduler{
		Name: p.Name, Frequency: int64(p.Cadence.Frequency / time.Second), Delay: int64(p.Cadence.Delay / time.Second),
		NextWindow: at(p.Cadence.Start(now.UnixNano())), NextWake: p.Cadence.Wake(p.Cadence.Next(now)),
		Outcomes: map[window.Scoring]int64{}, Windows: []Cell{}, Scores: []Score{}, Events: []event.Document{},
	}
}

func component(name string, in ledger.Stream) Component {
	return Component{
		Name: name, LastSealed: at(in.LastSealed), LastVerified: at(in.LastVerified), VerifiedAt: in.LastVerifiedAt,
		Backlog: in.Backlog, BacklogBytes: in.BacklogBytes, Oldest: at(in.Oldest),
		Overdue: in.Overdue, HeldOnly: in.HeldOnly, Silent: in.Silent, Unverified: in.Unverified,
		LateRows: in.Late, Repeated: in.Repeated,
	}
}

// add takes a component into the scheduler's sums: a window is there when all
// components have it, a drop when one has.
func (sc *Scheduler) add(c Component) {
	first := len(sc.Components) == 0
	sc.Components = append(sc.Components, c)
	sc.Backlog += c.Backlog
	sc.LastDrop, sc.LastRow, sc.LastUpload = later(sc.LastDrop, c.LastDrop), later(sc.LastRow, c.LastRow), later(sc.LastUpload, c.VerifiedAt)
	if first || c.LastVerified.Before(sc.LastWindow) {
		sc.LastWindow = c.LastVerified
	}
}

// follow adds what happened to the scheduler's windows of late.
func (src Source) follow(ctx context.Context, sc *Scheduler, p Pipe, s *Snapshot) error {
	cadence := p.Cadence
	current := sc.NextWindow.UnixNano()
	strip := current - (StripLength-1)*int64(cadence.Frequency)
	day := cadence.Start(s.Time.Add(-Day).UnixNano())
	outcomes, err := src.Ledger.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: sc.Name, From: min(strip, day)})
	if err != nil {
		return err
	}
	byStart := make(map[int64]window.Outcome, len(outcomes))
	for _, o := range outcomes {
		byStart[o.Start] = o
		if o.Start >= day {
			sc.Outcomes[o.Scoring]++
			sc.score(o, cadence)
		}
	}
	newest, err := src.Ledger.Outcomes(ctx, ledger.OutcomeFilter{Scheduler: sc.Name, Scoring: window.Delivered, Limit: 1, Newest: true})
	if err != nil {
		return err
	}
	if len(newest) > 0 {
		sc.LastResult = newest[0].At
	}
	if err := src.events(ctx, sc, day); err != nil {
		return err
	}
	return src.strip(ctx, sc, p, byStart, s)
}

func (sc *Scheduler) score(o window.Outcome, c window.Cadence) {
	if o.Generation > 0 {
		sc.Scores = append(sc.Scores, Score{Start: at(o.Start), End: at(c.End(o.Start)), Peak: o.Highest(), Rows: o.Rows, Anomalous: o.Anomalous, Off: o.Off})
	}
}

func (src Source) events(ctx context.Context, sc *Scheduler, since int64) error {
	events, err := src.Ledger.Events(ctx, ledger.EventFilter{Scheduler: sc.Name, From: since})
	if err != nil {
		return err
	}
	for _, e := range events {
		sc.Events = append(sc.Events, e.Document())
	}
	if len(events) == 0 { // the latest one may be older than a day
		if events, err = src.Ledger.Events(ctx, ledger.EventFilter{Scheduler: sc.Name, Limit: 1}); err != nil {
			return err
		}
	}
	if len(events) > 0 {
		latest := events[0].Document()
		sc.Latest = &latest
	}
	return nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
