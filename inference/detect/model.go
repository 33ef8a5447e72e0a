package detect

import (
	"fmt"
	"time"

	"millwright/inference/detect/frame"
	"millwright/inference/detect/moments"
)

// Model is what a training learnt: enough to score rows of the machine, and, after a
// full training, to learn more of it.
type Model struct {
	Trained Trained

	names       []frame.Name // the columns it was trained on, the off sensor's too
	rules       frame.Rules
	basis       basis
	fit         *fit
	calibration Calibration
	lambda      penalty
	limit       Limit
	search      *search            // nil: of an older file
	sums        []*moments.Moments // of each mode's vectors
}

// Trained tells what a model was made from.
type Trained struct {
	Start   int64     `json:"start_ns"` // first row, Unix ns
	End     int64     `json:"end_ns"`   // last row
	Rows    int       `json:"rows"`     // all of them
	Learnt  int       `json:"learnt"`   // normal ones that were learnt
	Trimmed int       `json:"trimmed"`  // in the limit's estimate only: the worst of the history
	Labels  int       `json:"labels"`   // anomalies that were left out
	Faulty  int       `json:"faulty"`   // rows of those
	Off     int       `json:"off"`      // rows in which the machine was off
	Restart int       `json:"restart"`  // rows in which it had just come on again
	Unknown int       `json:"unknown"`  // rows of which too little is known
	Dropped []Dropped `json:"dropped,omitempty"`
	Voided  []Voided  `json:"voided,omitempty"`  // sensors with readings that were not believed
	Above   []Above   `json:"above,omitempty"`   // NO_ANOMALY ranges with rows above the limit
	Updates int       `json:"updates,omitempty"` // how often newer rows were added
}

// Above is a range that was labelled NO_ANOMALY and has rows above the limit.
type Above struct {
	Start int64   `json:"start_ns"` // Unix ns
	End   int64   `json:"end_ns"`
	Rows  int     `json:"rows"` // above the limit
	Peak  float64 `json:"peak"` // their highest smoothed score, in units of the limit's
}

// Rate is the step of the model's grid.
func (m *Model) Rate() time.Duration { return m.rules.Rate }

// Interval is how far apart the rows of the history were, as far as for how long values
// are held tells of it.
func (m *Model) Interval() time.Duration {
	hold := maxHold
	for _, c := range m.basis.columns {
		hold = min(hold, m.rules.Hold[c])
	}
	return max(hold/heldIntervals, m.rules.Rate)
}

// Codes are, for each of Columns, the values that training met in place of readings.
func (m *Model) Codes() [][]float64 {
	codes := make([][]float64, len(m.names))
	for j := range m.basis.fences {
		codes[j] = m.basis.fences[j].Codes
	}
	return codes
}

// Columns are the columns that rows to be scored have to have, in this order.
func (m *Model) Columns() []frame.Name { return m.names }

// Rules say how rows for the model are held and told off.
func (m *Model) Rules() frame.Rules { return m.rules }

// Context is how many rows of the grid decide a result, its own among them.
func (m *Model) Context() int { return m.basis.spans.Context() }

// Limit is where alarms begin.
func (m *Model) Limit() Limit { return m.limit }

// Sensors are those that serve.
func (m *Model) Sensors() []frame.Name {
	var names []frame.Name
	for _, c := range m.basis.columns {
		names = append(names, m.names[c])
	}
	return names
}

// Pilot is the sensor that sets the operating point and the centres of the modes;
// false when the machine has one mode.
func (m *Model) Pilot() (frame.Name, Modes, bool) {
	k := m.basis.modes
	return m.names[m.basis.columns[k.Sensor]], k, k.Count() > 1
}

// String says in a line what there is.
func (m *Model) String() string {
	pilot := "one mode"
	if name, k, ok := m.Pilot(); ok {
		pilot = fmt.Sprintf("%d modes of %s", k.Count(), name)
	}
	text := plural(len(m.basis.columns), "sensor")
	if n := len(m.Trained.Dropped); n > 0 {
		text += fmt.Sprintf(", %d left out", n)
	}
	return fmt.Sprintf("%s, %s, restart %s, limit %.3g (median %.3g, base %.3g), %s of the history",
		text, pilot, m.rules.Restart, m.limit.Limit, m.limit.Median, m.limit.Base, weekly(m.limit.Weekly))
}
