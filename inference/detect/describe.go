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

// margin is where the text of a description begins, width where it ends if it can.
const (
	margin = 15
	width  = 79
)

// Text is the description for people, for a terminal of 80 columns.
func (d Description) Text() string {
	var b strings.Builder
	line := func(name, form string, v ...any) {
		for _, text := range wrap(fmt.Sprintf(form, v...), width-margin) {
			fmt.Fprintf(&b, "%-*s%s\n", margin, name, text)
			name = ""
		}
	}
	line("trained on", "%s to %s, every %s", d.Start.Format(time.RFC3339), d.End.Format(time.RFC3339), d.Rate)
	line("rows", "%s", d.Trained.rows())
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
	line("limit", "%.4g (median %.4g), %s of the history", d.Limit.Limit, d.Limit.Median, weekly(d.Limit.Weekly))
	if d.Limit.Target > 0 && d.Limit.Weekly > d.Limit.Target {
		line("", "more than the false alarms asked for, %.2g: has it faults without a label?", d.Limit.Target)
	}
	if !d.Limit.Verified {
		line("", "the history is too short to verify the false alarms per week: its rows that count are %s of running, unlabelled time", d.counting())
	}
	for _, a := range d.Trained.Above {
		line("above it", "%s to %s, though labelled NO_ANOMALY: %s, at most %.4g", time.Unix(0, a.Start).UTC().Format(time.RFC3339), time.Unix(0, a.End).UTC().Format(time.RFC3339), plural(a.Rows, "row"), a.Peak)
	}
	d.table(&b)
	for _, s := range d.Trained.Voided {
		line("not believed", "%s: %s far outside all others taken for missing%s", s.Sensor, plural(s.Readings, "reading"), codes(s.Codes))
	}
	for _, s := range d.Trained.Dropped {
		line("dropped", "%s: %s", s.Sensor, s.Reason)
	}
	return b.String()
}

// table lists the sensors.
func (d Description) table(b *strings.Builder) {
	longest := 0
	for _, s := range d.Sensors {
		longest = max(longest, len(s.Name))
	}
	fmt.Fprintf(b, "%-*s%-*s %10s %10s %9s  held\n", margin, "sensors", longest, fmt.Sprint(len(d.Sensors)), "mean", "spread", "left over")
	for _, s := range d.Sensors {
		fmt.Fprintf(b, "%-*s%-*s %10.4g %10.4g %9.2g  %s\n", margin, "", longest, s.Name, s.Mean, s.Spread, s.Residual, s.Hold)
	}
}

// counting is for how long there are rows that the limit is of.
func (d Description) counting() time.Duration {
	rate, err := time.ParseDuration(d.Rate)
	if err != nil {
		return 0
	}
	return time.Duration(d.Trained.Learnt+d.Trained.Trimmed) * rate
}

// rows tells what became of the rows.
func (t Trained) rows() string {
	text := fmt.Sprintf("%d: %d learnt", t.Rows, t.Learnt)
	for _, part := range []struct {
		n    int
		what string
	}{
		{t.Trimmed, "far out, for the limit only"},
		{t.Off, "off"},
		{t.Restart, "restarting"},
		{t.Faulty, "in or beside " + plural(t.Labels, "labelled anomaly")},
		{t.Unknown, "of which too little is known"},
	} {
		if part.n > 0 {
			text += fmt.Sprintf(", %d %s", part.n, part.what)
		}
	}
	return text
}

// weekly is a number of episodes.
func weekly(n float64) string {
	if text := fmt.Sprintf("%.2g", n); text != "1" {
		return text + " episodes a week"
	}
	return "1 episode a week"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if stem, ok := strings.CutSuffix(noun, "y"); ok {
		noun = stem + "ie"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// wrap breaks text between words into lines of at most width, as far as that goes.
func wrap(text string, width int) []string {
	var lines []string
	at := ""
	for _, word := range strings.Fields(text) {
		if at != "" && len(at)+1+len(word) > width {
			lines, at = append(lines, at), ""
		}
		if at != "" {
			at += " "
		}
		at += word
	}
	return append(lines, at)
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
