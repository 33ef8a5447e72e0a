package detect

import (
	"fmt"
	"strings"
	"time"

	"millwright/inference/detect/frame"
)

// Description is what `model inspect` shows.
type Description struct {
	Rate      string       `json:"target_sampling_rate"`
	Start     time.Time    `json:"training_start"`
	End       time.Time    `json:"training_end"`
	Trained   Trained      `json:"trained"`
	Off       string       `json:"off_condition,omitempty"`
	Restart   string       `json:"restart"`
	Sensors   []Described  `json:"sensors"`
	Columns   []frame.Name `json:"schema"`
	Spans     Spans        `json:"spans_in_rows"`
	Context   int          `json:"context_in_rows"`
	Pilot     string       `json:"mode_sensor,omitempty"`
	Modes     []float64    `json:"modes,omitempty"`
	ModeRows  []float64    `json:"rows_by_mode"`
	Axes      int          `json:"principal_axes"`
	Limit     Limit        `json:"limit"`
	Calibrate Calibration  `json:"calibration"`
}

// Described is a sensor that serves.
type Described struct {
	Name     string  `json:"name"`
	Hold     string  `json:"hold"`
	Mean     float64 `json:"mean"`   // of the machine as a whole
	Spread   float64 `json:"spread"` // standard deviation
	Residual float64 `json:"residual"`
}

// Describe tells what the model holds.
func (m *Model) Describe() Description {
	d := Description{
		Rate: m.rules.Rate.String(), Start: time.Unix(0, m.Trained.Start).UTC(), End: time.Unix(0, m.Trained.End).UTC(),
		Trained: m.Trained, Off: m.rules.Off.String(), Restart: m.rules.Restart.String(), Columns: m.names,
		Spans: m.basis.spans, Context: m.Context(), Axes: len(m.fit.pca.Spread), Limit: m.limit, Calibrate: m.calibration,
	}
	if name, modes, ok := m.Pilot(); ok {
		d.Pilot, d.Modes = name.String(), modes.Centers
	}
	for _, s := range m.sums {
		d.ModeRows = append(d.ModeRows, s.N)
	}
	all := m.basis.modes.Count()
	for j, c := range m.basis.columns {
		d.Sensors = append(d.Sensors, Described{
			Name: m.names[c].String(), Hold: m.rules.Hold[c].String(),
			Mean: m.fit.scale.Center[all][j], Spread: m.fit.scale.Spread[all][j], Residual: m.fit.others.Spread[j],
		})
	}
	return d
}

// Text is the description for people.
func (d Description) Text() string {
	var b strings.Builder
	line := func(name, form string, v ...any) { fmt.Fprintf(&b, "%-14s %s\n", name, fmt.Sprintf(form, v...)) }
	line("trained on", "%s to %s, every %s", d.Start.Format(time.RFC3339), d.End.Format(time.RFC3339), d.Rate)
	line("rows", "%d, of which %d were learnt and %d only count for the limit; %d labelled anomalies left out", d.Trained.Rows, d.Trained.Learnt, d.Trained.Trimmed, d.Trained.Labels)
	if d.Off != "" {
		line("off when", "%s; for %s afterwards judged as a restart", d.Off, d.Restart)
	}
	if d.Pilot != "" {
		line("modes", "%d of %s:", len(d.Modes), d.Pilot)
		for i, c := range d.Modes {
			line("", "%.5g (%.0f rows)", c, d.ModeRows[i])
		}
	}
	line("smoothing", "inputs %d rows, score %d rows; %d rows decide a result", d.Spans.Input, d.Spans.Score, d.Context)
	line("limit", "%.4g (median %.4g), %.2g episodes a week of the history", d.Limit.Limit, d.Limit.Median, d.Limit.Weekly)
	if !d.Limit.Verified {
		line("", "the history is too short to verify the false alarms per week")
	}
	for _, a := range d.Trained.Above {
		line("above it", "%s to %s, though labelled NO_ANOMALY: %d rows, at most %.4g", time.Unix(0, a.Start).UTC().Format(time.RFC3339), time.Unix(0, a.End).UTC().Format(time.RFC3339), a.Rows, a.Peak)
	}
	line("sensors", "%d:", len(d.Sensors))
	for _, s := range d.Sensors {
		line("", "%-40s mean %-10.4g spread %-10.4g left over %.2g of it, held %s", s.Name, s.Mean, s.Spread, s.Residual, s.Hold)
	}
	for _, s := range d.Trained.Voided {
		line("not believed", "%s: %d readings far outside all others were taken for missing%s", s.Sensor, s.Readings, codes(s.Codes))
	}
	for _, s := range d.Trained.Dropped {
		line("dropped", "%s: %s", s.Sensor, s.Reason)
	}
	return b.String()
}

// codes tells of the values that are taken for missing wherever they come.
func codes(values []float64) string {
	if len(values) == 0 {
		return ""
	}
	text := "; always so of"
	for _, v := range values {
		text += fmt.Sprintf(" %g", v)
	}
	return text
}
