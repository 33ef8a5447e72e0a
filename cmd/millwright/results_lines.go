package main

import (
	"bytes"
	"encoding/json"
	"io"
	"time"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/outbox"
	"millwright/internal/window"
	"millwright/results/sink"
)

// jsonResults prints an object a line.
type jsonResults struct{ out io.Writer }

// resultLine is a window in JSON.
type resultLine struct {
	Kind        outbox.Kind     `json:"kind"` // result
	ID          string          `json:"id,omitempty"`
	Scheduler   string          `json:"scheduler"`
	WindowStart time.Time       `json:"window_start"`
	WakeUp      time.Time       `json:"wake_up"`
	State       window.Scoring  `json:"state"`
	Since       time.Time       `json:"since"`
	Reason      string          `json:"reason,omitempty"`
	Remedy      string          `json:"remedy,omitempty"`
	Error       string          `json:"error,omitempty"` // why its rows cannot be read
	Generation  int64           `json:"generation"`
	Anomalous   int64           `json:"anomalous"`
	Off         int64           `json:"off"`
	Peak        *float64        `json:"peak,omitempty"`
	PeakAt      *time.Time      `json:"peak_at,omitempty"`
	File        string          `json:"file,omitempty"` // relative to state_dir
	Rows        json.RawMessage `json:"rows"`           // with all that the scheduler wrote
}

// eventLine is an event in JSON.
type eventLine struct {
	Kind      outbox.Kind `json:"kind"` // event
	Scheduler string      `json:"scheduler"`
	event.Document
}

func (p *jsonResults) all(s *site, outcomes []window.Outcome, events []ledger.StoredEvent) error {
	enc := json.NewEncoder(p.out)
	enc.SetEscapeHTML(false)
	for _, o := range outcomes {
		if err := enc.Encode(lineOf(o, s.read(o))); err != nil {
			return err
		}
	}
	for _, e := range events {
		if err := enc.Encode(eventLine{outbox.Change, e.Scheduler, e.Document()}); err != nil {
			return err
		}
	}
	return nil
}

func (p *jsonResults) more(s *site, outcomes []window.Outcome, events []ledger.StoredEvent) error {
	return p.all(s, outcomes, events)
}

func lineOf(o window.Outcome, r result) resultLine {
	line := resultLine{
		Kind: outbox.Result, Scheduler: o.Scheduler, WindowStart: instantOf(o.Start), WakeUp: o.Wake, State: o.Scoring, Since: o.At,
		Reason: o.Reason, Remedy: o.Remedy, Generation: o.Generation, Anomalous: o.Anomalous, Off: o.Off, File: o.Path,
	}
	if o.Pruned() {
		line.Reason = window.PrunedReason
	}
	if r.fault != "" {
		line.Error, line.Remedy = r.fault, r.remedy
	}
	if o.Generation > 0 {
		line.ID = outbox.ID(o.Scheduler, o.Start, outbox.Result, o.Generation)
	}
	if line.Peak = o.Highest(); line.Peak != nil {
		at := instantOf(o.PeakAt)
		line.PeakAt = &at
	}
	rows := append([]byte{'['}, bytes.ReplaceAll(bytes.TrimSuffix(r.text, []byte{'\n'}), []byte{'\n'}, []byte{','})...)
	line.Rows = append(rows, ']')
	return line
}

// csvResults prints a line for each row, as csv sinks write it.
type csvResults struct{ out io.Writer }

func (p csvResults) all(s *site, outcomes []window.Outcome, _ []ledger.StoredEvent) error {
	if _, err := io.WriteString(p.out, sink.ResultHeader); err != nil {
		return err
	}
	return p.more(s, outcomes, nil)
}

func (p csvResults) more(s *site, outcomes []window.Outcome, _ []ledger.StoredEvent) error {
	for _, o := range outcomes {
		if o.Pruned() {
			say(s.errs, "millwright: the rows of %s, window %s, are left out: %s\n", o.Scheduler, stamp(instantOf(o.Start)), window.PrunedReason)
		}
		m := outbox.Message{ID: outbox.ID(o.Scheduler, o.Start, outbox.Result, o.Generation), Scheduler: o.Scheduler, Generation: o.Generation}
		var lines []byte
		for _, r := range s.read(o).rows {
			lines = sink.AppendRow(lines, m, r)
		}
		if _, err := p.out.Write(lines); err != nil {
			return err
		}
	}
	return nil
}

func instantOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }
