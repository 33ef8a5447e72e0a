package status

import (
	"context"
	"fmt"
	"time"

	"millwright/ingest/seal"
	"millwright/internal/ledger"
	"millwright/internal/window"
)

// StripLength is how many of a scheduler's windows a Snapshot shows.
const StripLength = 48

// Cell is one window of a scheduler.
type Cell struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	Stage     Stage     `json:"stage"`
	Overdue   bool      `json:"overdue,omitempty"`   // sealed after its wake-up
	LateRows  int64     `json:"late_rows,omitempty"` // came after its cut-off
	Anomalous int64     `json:"anomalous,omitempty"` // rows
	Peak      *float64  `json:"peak,omitempty"`
	Why       string    `json:"why,omitempty"` // in words, where the stage does not say it all
	Remedy    string    `json:"remedy,omitempty"`
}

// part is what one component has of a window.
type part struct {
	record window.Record
	known  bool // the ledger has a record
	rows   bool // rows that are not in a closed window
}

// strip adds the scheduler's newest windows.
func (src Source) strip(ctx context.Context, sc *Scheduler, p Pipe, outcomes map[int64]window.Outcome, s *Snapshot) error {
	f := int64(p.Cadence.Frequency)
	to := sc.NextWindow.UnixNano() + f
	from := to - StripLength*f
	parts := make([][]part, len(p.Streams))
	for i, st := range p.Streams {
		var err error
		if parts[i], err = src.parts(ctx, st, from, to); err != nil {
			return err
		}
	}
	for k := range StripLength {
		start := from + int64(k)*f
		c := Cell{Start: at(start), End: at(start + f)}
		all := make([]part, len(p.Streams))
		for i := range p.Streams {
			all[i] = parts[i][k]
		}
		o, judged := outcomes[start]
		c.components(p, all, s.Time)
		if judged {
			c.judge(o)
		}
		if c.Stage == Nothing && !c.End.After(s.FirstStart) {
			c.Why = "before the agent's first start"
		}
		sc.Windows = append(sc.Windows, c)
	}
	return nil
}

// parts gives what a component has of each window from <= start < to.
func (src Source) parts(ctx context.Context, st seal.Stream, from, to int64) ([]part, error) {
	f := int64(st.Cadence.Frequency)
	out := make([]part, (to-from)/f)
	records, err := src.Ledger.Windows(ctx, ledger.WindowFilter{Scheduler: st.Scheduler, Component: st.Component, From: from, To: to})
	if err != nil {
		return nil, err
	}
	for _, r := range records {
		if i := (r.Start - from) / f; r.Start >= from && i < int64(len(out)) {
			out[i] = part{record: r, known: true}
		}
	}
	first := 0 // the oldest window that may have rows and no record yet
	for first < len(out) && out[first].known {
		first++
	}
	if first == len(out) {
		return out, nil
	}
	low, _ := st.Cadence.Slots(from + int64(first)*f)
	_, high := st.Cadence.Slots(to - f)
	blocks, err := src.Ledger.Blocks(ctx, st.Component, low, high)
	if err != nil {
		return nil, err
	}
	for _, b := range blocks {
		for _, t := range []int64{b.First, b.Last} { // a slot may touch two windows
			if start := st.Cadence.Start(t); start >= from && start < to {
				out[(start-from)/f].rows = true
			}
		}
	}
	return out, nil
}

// components sets what follows from the components alone: how far the one that
// is furthest behind has come.
func (c *Cell) components(p Pipe, parts []part, now time.Time) {
	var sealed, verified, rows, silent int
	silentName := ""
	for i, has := range parts {
		r := has.record
		c.LateRows += r.Late
		c.Overdue = c.Overdue || r.Overdue
		switch {
		case r.Generation > 0:
			sealed++
			rows++
			if r.Verified >= r.Generation || r.Unverified {
				verified++
			}
			if r.Error != "" {
				c.Why, c.Remedy = p.Streams[i].Component+": "+r.Error, r.Remedy
			}
		case r.Silent || has.known && r.Closed:
			silent++
			silentName = p.Streams[i].Component
		case has.rows:
			rows++
		}
	}
	past := !now.Before(p.Cadence.Wake(c.Start.UnixNano()))
	missing := len(parts) - sealed
	switch {
	case missing == 0 && verified == len(parts):
		c.Stage = Uploaded
	case missing == 0:
		c.Stage = Sealed
	case silent > 0 && past:
		c.Stage, c.Why = Silent, silentName+" has no file: it had no rows and nothing to hold, and the service fails the whole run"
		c.Remedy = "look whether its logger still writes"
	case rows > 0:
		c.Stage = Received
		if past {
			c.Why = fmt.Sprintf("%d of %d components are sealed, and the wake-up is past", sealed, len(parts))
		}
	case past:
		c.Stage = Nothing
	default:
		c.Stage = Open
	}
}

// judge sets what became of the window's run.
func (c *Cell) judge(o window.Outcome) {
	c.Anomalous, c.Peak = o.Anomalous, o.Highest()
	switch o.Scoring {
	case window.Delivered:
		c.Stage, c.Why, c.Remedy = Delivered, "", ""
	case window.Missing:
		c.Stage = Missing
	case window.Failed:
		c.Stage = Failed
	case window.Unscored:
		c.Stage = Unscored
	}
	if o.Reason != "" {
		c.Why, c.Remedy = o.Reason, o.Remedy
	}
}
