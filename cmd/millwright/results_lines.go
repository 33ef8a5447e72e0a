package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
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

// csvResults prints a line for each row.
type csvResults struct {
	out io.Writer
	w   *csv.Writer
}

func (p *csvResults) all(s *site, outcomes []window.Outcome, _ []ledger.StoredEvent) error {
	p.w = csv.NewWriter(p.out)
	if err := p.w.Write([]string{"timestamp", "scheduler", "prediction", "prediction_reason", "anomaly_score", "top_sensor", "top_share", "generation", "id"}); err != nil {
		return err
	}
	return p.more(s, outcomes, nil)
}

func (p *csvResults) more(s *site, outcomes []window.Outcome, _ []ledger.StoredEvent) error {
	for _, o := range outcomes {
		if o.Pruned() {
			say(s.errs, "millwright: the rows of %s, window %s, are left out: %s\n", o.Scheduler, stamp(instantOf(o.Start)), window.PrunedReason)
		}
		for _, r := range s.read(o).rows {
			if err := p.w.Write(cellsOf(o, r)); err != nil {
				return err
			}
		}
	}
	p.w.Flush()
	return p.w.Error()
}

func cellsOf(o window.Outcome, r resultline.Row) []string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	cells := []string{
		instantOf(r.Time).Format(time.RFC3339Nano), o.Scheduler, strconv.Itoa(r.Prediction), string(r.Reason), "", "", "",
		strconv.FormatInt(o.Generation, 10), outbox.ID(o.Scheduler, o.Start, outbox.Result, o.Generation),
	}
	if r.HasScore {
		cells[4] = number(r.Score)
	}
	if top := r.Top(1); len(top) > 0 {
		cells[5], cells[6] = harmless(top[0].Name), number(top[0].Value)
	}
	return cells
}

// harmless keeps spreadsheets from taking a name that others wrote for a formula:
// they pass over blanks, and know full-width signs.
func harmless(name string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + name
	}
	return name
}

func instantOf(ns int64) time.Time { return time.Unix(0, ns).UTC() }
