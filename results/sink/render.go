package sink

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"millwright/internal/outbox"
	"millwright/internal/resultline"
)

// envelope is a message as webhook and broker get it.
type envelope struct {
	ID          string          `json:"id"`
	Instance    string          `json:"instance"`
	Scheduler   string          `json:"scheduler"`
	Kind        outbox.Kind     `json:"kind"`
	Generation  int64           `json:"generation"`
	WindowStart string          `json:"window_start"` // of an event its own start, of an alarm its first window
	At          string          `json:"at"`
	Result      *result         `json:"result,omitempty"`
	Event       json.RawMessage `json:"event,omitempty"`
	Alarm       json.RawMessage `json:"alarm,omitempty"`
}

// result is what a message says of a window's rows.
type result struct {
	outbox.Summary
	Last  json.RawMessage   `json:"last,omitempty"`       // the last row
	Lines []json.RawMessage `json:"lines,omitempty"`      // all rows, webhook only
	Cut   bool              `json:"lines_cut,omitempty"`  // there are more of them
	Gone  bool              `json:"lines_gone,omitempty"` // the file with the rows was replaced or removed meanwhile
}

const (
	mostShares = 10      // of a row in a message; all of them are in the file on site
	mostLines  = 8 << 20 // bytes of rows in a message
)

// render gives a message's JSON, with the rows of a result or only the last one,
// and what it says of the result.
func (b *base) render(m outbox.Message, lines bool) ([]byte, *result, error) {
	e := envelope{
		ID: m.ID, Instance: b.instance, Scheduler: m.Scheduler, Kind: m.Kind, Generation: m.Generation,
		WindowStart: stamp(m.Start), At: m.At.UTC().Format(time.RFC3339),
	}
	switch m.Kind {
	case outbox.Result:
		var err error
		if e.Result, err = b.result(m, lines); err != nil {
			return nil, nil, err
		}
	case outbox.Change:
		e.Event = m.Body
	case outbox.Alert:
		e.Alarm = m.Body
	default:
		return nil, nil, &Fault{What: fmt.Sprintf("message %s is of an unknown kind", m.ID), Verdict: Never}
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, nil, damaged(m, err)
	}
	return text, e.Result, nil
}

// damaged is about a message that can never be written as what it should be.
func damaged(m outbox.Message, err error) *Fault {
	return &Fault{What: fmt.Sprintf("message %s is damaged: %v", m.ID, err), Verdict: Never}
}

// result reads a result's rows. Without its file the summary has to do.
func (b *base) result(m outbox.Message, lines bool) (*result, error) {
	r := &result{}
	if err := json.Unmarshal(m.Body, &r.Summary); err != nil {
		return nil, damaged(m, err)
	}
	var size int
	err := b.eachRow(m, func(row resultline.Row) error {
		text := line(row)
		r.Last = text
		if size += len(text); lines && size > mostLines {
			r.Cut = true
		} else if lines {
			r.Lines = append(r.Lines, text)
		}
		return nil
	})
	switch {
	case err == nil:
	case errors.Is(err, errReplaced), errors.Is(err, errGone):
		r.Gone = true
	case lineFault(err):
		*r = result{Summary: r.Summary, Gone: true}
	default:
		return nil, err
	}
	return r, nil
}

// lineFault tells whether err is about what a file holds, not about reading it.
func lineFault(err error) bool {
	var e *resultline.LineError
	return errors.As(err, &e) || errors.Is(err, resultline.ErrEmpty) || errors.Is(err, resultline.ErrTorn) || errors.Is(err, resultline.ErrLimit)
}

// line is a row as JSON, with its largest shares only.
func line(row resultline.Row) json.RawMessage {
	if len(row.Diagnostics) > mostShares {
		row.Diagnostics = row.Top(mostShares)
	}
	text := resultline.Append(nil, row)
	return json.RawMessage(text[:len(text)-1])
}

// stamp is an instant as messages write it.
func stamp(ns int64) string { return time.Unix(0, ns).UTC().Format(time.RFC3339Nano) }
