// Package outbox has the types of what leaves for the sinks: messages in one
// sequence, each with an id that stays the same however often it is sent. It
// stores and sends nothing.
package outbox

import (
	"encoding/json"
	"fmt"
	"time"

	"millwright/internal/event"
	"millwright/internal/window"
)

// Kind of a message.
type Kind string

const (
	Result Kind = "result" // a window's result is on site
	Change Kind = "event"  // an event was opened, grew or was closed
	Alert  Kind = "alarm"  // windows without result: raised, standing or cleared
)

// Message is one step for the sinks. Of one scheduler they come in the order of Seq.
type Message struct {
	Seq        int64
	ID         string // see ID
	Scheduler  string
	Kind       Kind
	Start      int64           // S of the window, start of the event, S of the alarm's first window; Unix ns
	Generation int64           // 1, then one more for each change
	At         time.Time       // business time
	Body       json.RawMessage // JSON of a Summary, an event.Document or an Alarm
	Path       string          // of a result: the file, relative to state_dir, with slashes
}

// ID names a message: {scheduler}/{start as 20260105T080000Z}/{kind}/{generation}.
// A receiver that drops ids it knows has everything exactly once.
func ID(scheduler string, start int64, kind Kind, generation int64) string {
	return fmt.Sprintf("%s/%s/%s/%d", scheduler, window.CompactStamp(start), kind, generation)
}

// Summary is the body of a result. When the file at Path has another hash, a
// later generation has taken its place, and that one's message follows.
type Summary struct {
	Rows      int64    `json:"rows"`
	Anomalous int64    `json:"anomalous"`
	Off       int64    `json:"off"`
	Peak      *float64 `json:"peak,omitempty"`    // highest score; none of an off machine
	PeakAt    string   `json:"peak_at,omitempty"` // RFC 3339
	Size      int64    `json:"size"`              // bytes of the file
	SHA256    string   `json:"sha256"`            // hex, of the file
}

// Alarm is the body of an alert: windows in a row that have no result for one
// kind of reason. Its message has the first window's start, and a generation
// for each change.
type Alarm struct {
	Kind    window.Scoring `json:"kind"`            // missing or failed
	State   AlarmState     `json:"state"`           //
	First   string         `json:"first"`           // start of the first window, RFC 3339
	Last    string         `json:"last"`            // start of the last one so far
	Windows int64          `json:"windows"`         // how many
	Reason  string         `json:"reason"`          // of the last one
	Remedy  string         `json:"remedy"`          // what to do about it
	Since   string         `json:"since"`           // when it was raised, business time, RFC 3339
	Ended   string         `json:"ended,omitempty"` // when it was cleared
}

// AlarmState tells whether windows are still without result.
type AlarmState string

const (
	Raised   AlarmState = "raised"
	Standing AlarmState = "standing" // it has grown
	Cleared  AlarmState = "cleared"  // a result came again, or the scheduler is not followed any more
)

// Event is an event as it is kept: which scheduler's, and how often it changed.
type Event struct {
	Scheduler string
	event.Event
	Generation int64 // of its newest message
}

// Step is what is entered at once: all of it or nothing.
type Step struct {
	Scheduler string
	Outcomes  []window.Outcome // inserted, or put in place of what was known of the window
	Events    []Event          // the same, by start
	Messages  []Message        // in this order; Seq is given to them
	State     []byte           // what the next step begins with; nil: as it was
}
