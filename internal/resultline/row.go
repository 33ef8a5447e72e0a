// Package resultline reads and writes the JSON lines of one results object, the
// form that an inference scheduler leaves in its output prefix; it knows nothing
// of windows, keys or stores.
package resultline

import "encoding/json"

// Reason is why a row has its prediction.
type Reason string

// All reasons that there are.
const (
	AnomalyDetected   Reason = "ANOMALY_DETECTED"
	NoAnomalyDetected Reason = "NO_ANOMALY_DETECTED"
	MachineOff        Reason = "MACHINE_OFF"
)

// Threshold is the score above which a row is anomalous.
const Threshold = 0.5

// Share is one sensor's part in a score.
type Share struct {
	Name  string  `json:"name"`  // component\sensor
	Value float64 `json:"value"` // 0 to 1; those of a row add up to about 1
}

// Row is one line: what is said of one instant of the grid.
type Row struct {
	Time        int64                      // Unix ns, UTC
	Prediction  int                        // 0 or 1; from the score, else the reason, where the line has none of its own
	Reason      Reason                     // from the prediction where the line has none of its own
	Score       float64                    // 0 to 1; only with HasScore
	HasScore    bool                       // false for an off machine and in the oldest form
	Diagnostics []Share                    // in the line's order; nil where the line has none
	Extra       map[string]json.RawMessage // fields of other names, byte for byte; nil for none
}

// Anomalous tells whether the row counts as one of an anomaly.
func (r Row) Anomalous() bool { return r.Prediction == 1 && r.Reason != MachineOff }

// Top gives the sensors with the largest shares, largest first, equal ones by
// name, at most n.
func (r Row) Top(n int) []Share { return Largest(r.Diagnostics, n) }
