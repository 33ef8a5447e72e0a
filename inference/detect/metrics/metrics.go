// Package metrics says how good results are: against labels where there are any, and
// always how many events were made of how much time. It scores nothing itself.
package metrics

import (
	"cmp"
	"math"
	"slices"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/resultline"
)

// Metrics is the document that the service gives of a model that was evaluated.
type Metrics struct {
	LabeledRanges  []Range   `json:"labeled_ranges"`
	LabeledEvents  Labeled   `json:"labeled_event_metrics"`
	Predicted      []Event   `json:"predicted_ranges"`
	UnknownEvents  Unknown   `json:"unknown_event_metrics"`
	DataStart      string    `json:"data_start_time"`
	DataEnd        string    `json:"data_end_time"`
	LabelsPresent  bool      `json:"labels_present"`
	Version        *Measures `json:"model_version_metrics,omitempty"` // with labels only
	FalseAlarms    float64   `json:"false_alarms_per_week"`           // per week of normal running time
	RunningSeconds float64   `json:"running_time_in_seconds"`         // of rows with a score
	Restarts       Restarts  `json:"restarts"`
	UnseenModes    Unseen    `json:"unseen_modes"`
}

// Condition is what tells that a row is not one of usual operation.
type Condition struct {
	Restarting bool
	Unseen     bool // the operating point is one that training has not met
}

// Restarts tells of the alarms outside labels that began while the machine came on again.
type Restarts struct {
	Restarts int     `json:"num_restarts"`
	Alarms   int     `json:"num_alarms"`
	Rate     float64 `json:"alarms_per_restart"`
}

// Unseen tells of the alarms outside labels that began at operating points that training
// has not met.
type Unseen struct {
	Seconds float64 `json:"total_time_in_seconds"`
	Alarms  int     `json:"num_alarms"`
	Rate    float64 `json:"alarms_per_hour"`
}

// Range is a stretch of time in the form of result lines.
type Range struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// Labeled tells of the labelled events.
type Labeled struct {
	Labeled    int     `json:"num_labeled"`
	Identified int     `json:"num_identified"`
	Warning    float64 `json:"total_warning_time_in_seconds"` // from each first detection to the label's end
}

// Unknown tells of the predicted events outside all labels.
type Unknown struct {
	Identified int     `json:"num_identified"`
	Duration   float64 `json:"total_duration_in_seconds"`
}

// Event is a predicted event with each sensor's mean share over its anomalous rows.
type Event struct {
	Range
	Diagnostics []resultline.Share `json:"diagnostics"`
}

// Measures are the service's four. What there is nothing of is nil, null in JSON.
type Measures struct {
	Precision *float64 `json:"precision"`                 // predicted events that touch a label; nil without events
	Recall    float64  `json:"recall"`                    // labelled events that were found
	Lead      *float64 `json:"mean_fractional_lead_time"` // 1 - delay/length, over those found; nil where none is
	AUC       *float64 `json:"auc"`                       // of the rows' scores; nil where all are inside labels, or none
}

// Collector takes result rows in the order of time.
type Collector struct {
	rate   time.Duration
	labels []frame.Range
	merger *event.Merger
	sums   []resultline.Share // of the open event's anomalous rows
	rows   float64            // their number
	events []Found
	first  []int64 // per label: first anomalous row in it, 0 for none
	scores []labelledScore
	start  int64
	end    int64

	before   Condition // of the row before
	restarts int
	unseen   int // rows
}

// Found is a predicted event.
type Found struct {
	Start, End int64              // first and last anomalous row, Unix ns
	Began      Condition          // of the first one
	Peak       float64            // highest score
	Shares     []resultline.Share // each sensor's mean share over the anomalous rows
}

// Detection is a label that touches rows, and when it was found.
type Detection struct {
	frame.Range
	First int64 // first anomalous row in it, Unix ns; 0: none
}

type labelledScore struct {
	score float64
	in    bool
}

// New makes a Collector for rows of a rate. Of the labels those count that touch rows.
func New(rate time.Duration, labels []frame.Range) *Collector {
	return &Collector{
		rate: rate, labels: labels, first: make([]int64, len(labels)),
		merger: event.New(event.RuleFor(time.Hour, rate, 0)),
	}
}

// Add takes the next row and what it was scored in.
func (c *Collector) Add(r resultline.Row, in Condition) {
	if c.start == 0 {
		c.start = r.Time
	}
	c.end = r.Time
	if in.Restarting && !c.before.Restarting {
		c.restarts++
	}
	if in.Unseen {
		c.unseen++
	}
	c.before = in
	if r.HasScore {
		c.scores = append(c.scores, labelledScore{r.Score, frame.Holds(c.labels, r.Time)})
	}
	for _, e := range c.merger.Add(r) {
		if n := len(c.events); n == 0 || c.events[n-1].Start != e.Start {
			c.close()
			c.events = append(c.events, Found{Start: e.Start, Began: in})
		}
		newest := &c.events[len(c.events)-1]
		newest.End, newest.Peak = e.End, e.Peak
	}
	if !r.Anomalous() {
		return
	}
	for i, l := range c.labels {
		if c.first[i] == 0 && l.Start <= r.Time && r.Time <= l.End {
			c.first[i] = r.Time
		}
	}
	if c.sums == nil {
		c.sums = make([]resultline.Share, len(r.Diagnostics))
	}
	for i, s := range r.Diagnostics {
		c.sums[i] = resultline.Share{Name: s.Name, Value: c.sums[i].Value + s.Value}
	}
	c.rows++
}

// close gives the newest event the shares gathered for it.
func (c *Collector) close() {
	if n := len(c.events); n > 0 && c.rows > 0 {
		for i := range c.sums {
			c.sums[i].Value /= c.rows
		}
		c.events[n-1].Shares = c.sums
	}
	c.sums, c.rows = nil, 0
}

// Events gives the predicted events, after the last row.
func (c *Collector) Events() []Found {
	c.close()
	return c.events
}

// Detections gives the labels that touch rows.
func (c *Collector) Detections() []Detection {
	var all []Detection
	for i, l := range c.labels {
		if l.End >= c.start && l.Start <= c.end {
			all = append(all, Detection{l, c.first[i]})
		}
	}
	return all
}

// Lead is the share of the label's time that was left when it was found.
func (d Detection) Lead() float64 {
	switch {
	case d.First == 0:
		return 0
	case d.End == d.Start:
		return 1
	}
	return float64(d.End-d.First) / float64(d.End-d.Start)
}

// Touches tells whether the event and a range have an instant in common.
func (f Found) Touches(r frame.Range) bool { return r.Start <= f.End && f.Start <= r.End }

// Metrics gives what the rows amount to.
func (c *Collector) Metrics() Metrics {
	m := Metrics{
		LabeledRanges: []Range{}, Predicted: []Event{}, DataStart: stamp(c.start), DataEnd: stamp(c.end),
		RunningSeconds: float64(len(c.scores)) * c.rate.Seconds(),
	}
	var lead float64
	for _, d := range c.Detections() {
		m.LabeledRanges = append(m.LabeledRanges, Range{stamp(d.Start), stamp(d.End)})
		m.LabeledEvents.Labeled++
		if d.First == 0 {
			continue
		}
		m.LabeledEvents.Identified++
		m.LabeledEvents.Warning += float64(d.End-d.First) / 1e9
		lead += d.Lead()
	}
	for _, e := range c.Events() {
		m.Predicted = append(m.Predicted, Event{Range{stamp(e.Start), stamp(e.End)}, e.Shares})
		if !slices.ContainsFunc(c.labels, e.Touches) {
			m.UnknownEvents.Identified++
			m.UnknownEvents.Duration += float64(e.End-e.Start) / 1e9
			if e.Began.Restarting {
				m.Restarts.Alarms++
			}
			if e.Began.Unseen {
				m.UnseenModes.Alarms++
			}
		}
	}
	m.Restarts.Restarts, m.UnseenModes.Seconds = c.restarts, float64(c.unseen)*c.rate.Seconds()
	m.Restarts.Rate = float64(m.Restarts.Alarms) / math.Max(1, float64(c.restarts))
	if m.UnseenModes.Seconds > 0 {
		m.UnseenModes.Rate = float64(m.UnseenModes.Alarms) / (m.UnseenModes.Seconds / 3600)
	}
	normal := 0
	for _, s := range c.scores {
		if !s.in {
			normal++
		}
	}
	if weeks := float64(normal) * c.rate.Hours() / (24 * 7); weeks > 0 {
		m.FalseAlarms = float64(m.UnknownEvents.Identified) / weeks
	}
	if m.LabelsPresent = m.LabeledEvents.Labeled > 0; m.LabelsPresent {
		n := float64(m.LabeledEvents.Identified)
		m.Version = &Measures{
			Precision: of(float64(len(c.events)-m.UnknownEvents.Identified), float64(len(c.events))),
			Recall:    n / float64(m.LabeledEvents.Labeled), Lead: of(lead, n), AUC: auc(c.scores),
		}
	}
	return m
}

// of is a share, nil of nothing.
func of(part, whole float64) *float64 {
	if whole == 0 {
		return nil
	}
	share := part / whole
	return &share
}

// auc is the chance that a row inside a label has a higher score than one outside,
// ties counting half (the rank-sum statistic); nil where there are no two kinds.
func auc(s []labelledScore) *float64 {
	slices.SortFunc(s, func(a, b labelledScore) int { return cmp.Compare(a.score, b.score) })
	var inside, ranks float64
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j].score == s[i].score {
			j++
		}
		mean := float64(i+j+1) / 2 // of the ranks i+1 ... j
		for ; i < j; i++ {
			if s[i].in {
				inside++
				ranks += mean
			}
		}
	}
	outside := float64(len(s)) - inside
	return of(ranks-inside*(inside+1)/2, inside*outside)
}

// stamp is the form of result lines.
func stamp(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000")
}
