// Package event merges anomalous result rows into events by one rule for the
// agent, the service and its metrics; it stores and reports nothing.
package event

import (
	"time"

	"millwright/internal/resultline"
)

// State is how far an event has come.
type State string

// All states that there are.
const (
	Open    State = "open"
	Closed  State = "closed"  // the machine has run normally for Rule.Close
	Unknown State = "unknown" // no results were to be had for Rule.Gap: nobody knows when it ended
)

// TopSensors is how many sensors an event names.
const TopSensors = 10

// Event is a run of anomalous rows with what interrupts it too briefly to count.
type Event struct {
	ID     string  `json:"id"`         // Start as 20260105T080500Z: unique within a scheduler
	Start  int64   `json:"start_ns"`   // its first anomalous row's time, Unix ns, UTC
	End    int64   `json:"end_ns"`     // its last anomalous row's time so far, Unix ns, UTC
	Peak   float64 `json:"peak"`       // the highest score, 0 where no row had one
	PeakAt int64   `json:"peak_at_ns"` // the first row with that score; Start where no row had one
	Rows   int     `json:"rows"`       // anomalous ones

	// Top are the sensors with the largest mean share over the anomalous rows
	// that have shares, largest first, equal ones by name, at most TopSensors.
	Top   []resultline.Share `json:"top,omitempty"`
	State State              `json:"state"`
}

// Rule is when an event ends.
type Rule struct {
	Close time.Duration // of normal running rows, each of which counts for Step; off time does not count
	Gap   time.Duration // a longer stretch without any row closes the event as unknown
	Step  time.Duration // the rows' rate; 0: a row counts for all the time since the row before it
}

// RuleFor is the rule of a scheduler with an upload frequency and a sampling
// rate. A positive closeAfter is taken instead of max(2 h, 3 rate).
func RuleFor(frequency, rate, closeAfter time.Duration) Rule {
	r := Rule{Close: max(2*time.Hour, 3*rate), Gap: max(2*time.Hour, 2*frequency), Step: rate}
	if closeAfter > 0 {
		r.Close = closeAfter
	}
	return r
}
