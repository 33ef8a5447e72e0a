package report

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/internal/resultline"
)

//go:embed report.html
var document string // never written to

// What is shown at most of each kind.
const (
	maxEvents     = 40
	maxSensors    = 6 // of an event
	maxHistograms = 60
)

// view is what the document's template is filled with.
type view struct {
	Title, Period string
	Headline      string
	Tiles         []tile
	Score         chart
	Labels        []labelRow
	Events        []eventCard
	Hidden        int // events without a card
	AllEvents     int
	Histograms    []histogram
	MoreSensors   int
	Facts         []tile
}

type tile struct{ Name, Value, Note string }

// chart is scores over time.
type chart struct {
	Path                string
	Ticks               []tick
	Labels, Events, Off []band
	Start, End          string
}

type labelRow struct {
	Start, End, Length string
	Found              bool
	After, Lead        string
}

type eventCard struct {
	ID, Number      int
	Start, End      string
	Length, Peak    string
	Labelled        bool
	HasLabels       bool
	Score           chart
	Sensors         []bar
	Others          int
	OthersShare     string
	startNS, length int64
}

type bar struct {
	Name    string
	Width   float64 // of 100, the largest is 100
	Percent string
}

// Write writes the document of what c has gathered, beside what the metrics' collector
// says of the same rows.
func (c *Collector) Write(w io.Writer, m *detect.Model, found *metrics.Collector) error {
	t, err := template.New("report").Parse(document)
	if err != nil {
		return fmt.Errorf("parse the report's template: %w", err)
	}
	if err := t.Execute(w, c.view(m, found)); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// IsPage tells by a file's beginning whether it is a page that Write has written.
func IsPage(head []byte) bool {
	return bytes.HasPrefix(head, []byte("<!doctype html>")) && bytes.Contains(head, []byte("<title>Evaluation of "))
}

func (c *Collector) view(m *detect.Model, found *metrics.Collector) view {
	said, events, labels := found.Metrics(), found.Events(), found.Detections()
	var components []string
	for _, n := range m.Sensors() {
		if !slices.Contains(components, n.Component) {
			components = append(components, n.Component)
		}
	}
	v := view{
		Title: strings.Join(components, ", "), AllEvents: len(events), Facts: c.facts(m, said),
		Headline: c.headline(said, len(events)), Tiles: tiles(said, len(events)),
		Score: c.chart(c.scores.from, c.scores.to(), wide, labels, events),
	}
	if c.rows > 0 {
		v.Period = fmt.Sprintf("%s to %s UTC, every %s", instant(c.first), instant(c.last), length(float64(m.Rate())))
	}
	for _, d := range labels {
		v.Labels = append(v.Labels, labelRowOf(d))
	}
	v.Events, v.Hidden = c.cards(events, labels)
	v.Histograms, v.MoreSensors = c.histograms(m.Sensors(), events)
	return v
}

func (c *Collector) headline(m metrics.Metrics, events int) string {
	outside := m.UnknownEvents.Identified
	if !m.LabelsPresent {
		against := "There are no labels of anomalies to hold them against."
		if n := len(c.labels); n > 0 {
			against = fmt.Sprintf("All labels of anomalies, %d, lie outside this time: there is nothing to hold them against.", n)
		}
		return fmt.Sprintf("%s in %s of running time. %s", plural(events, "event"), length(1e9*m.RunningSeconds), against)
	}
	return fmt.Sprintf("%d of %s found; %s outside all labels in %s of running time.",
		m.LabeledEvents.Identified, plural(m.LabeledEvents.Labeled, "labelled event"), plural(outside, "event"), length(1e9*m.RunningSeconds))
}

func tiles(m metrics.Metrics, events int) []tile {
	if m.Version == nil {
		return []tile{
			{"Events", fmt.Sprint(events), "predicted"},
			{"Events a week", fmt.Sprintf("%.2f", m.FalseAlarms), "of running time"},
		}
	}
	return []tile{
		{"Recall", percent(m.Version.Recall), fmt.Sprintf("%d of %d labels found", m.LabeledEvents.Identified, m.LabeledEvents.Labeled)},
		{"Precision", known(m.Version.Precision, percent), fmt.Sprintf("%d of %d events touch a label", events-m.UnknownEvents.Identified, events)},
		{"Lead time", known(m.Version.Lead, percent), "of a label left when found, mean"},
		{"AUC", known(m.Version.AUC, func(v float64) string { return fmt.Sprintf("%.3f", v) }), "of rows, 0.5 is guessing"},
		{"False alarms", fmt.Sprintf("%.2f", m.FalseAlarms), "a week of normal running time"},
	}
}

// known is a measure as text, a dash where there is nothing of it.
func known(v *float64, text func(float64) string) string {
	if v == nil {
		return "–"
	}
	return text(*v)
}

// facts tell of the model and of rows that it could not judge in full.
func (c *Collector) facts(m *detect.Model, said metrics.Metrics) []tile {
	verified := "verified on its history"
	if !m.Limit().Verified {
		verified = "its history is too short to verify the false alarms"
	}
	share := func(n int) string {
		return fmt.Sprintf("%d (%s)", n, percent(float64(n)/math.Max(1, float64(c.rows))))
	}
	all := []tile{
		{"Trained on", instant(m.Trained.Start) + " to " + instant(m.Trained.End), plural(m.Trained.Learnt, "row") + " learnt"},
		{"Sensors", fmt.Sprintf("%d of %d", len(m.Sensors()), len(m.Columns())), "the others cannot serve"},
		{"Limit", verified, fmt.Sprintf("%.2g episodes a week there", m.Limit().Weekly)},
		{"Rows", fmt.Sprint(c.rows), "on the grid"},
		{"Machine off", share(c.off), "rows without a score"},
		{"Restarts", share(c.restarting), fmt.Sprintf("rows judged with a wider limit; %s in %s", plural(said.Restarts.Alarms, "false alarm"), plural(said.Restarts.Restarts, "restart"))},
		{"Sensors missing", share(c.missing), "rows in which some were filled from the others"},
		{"Unseen operating point", share(c.unseen), "rows judged by the nearest mode; " + plural(said.UnseenModes.Alarms, "false alarm")},
		{"Too little known", share(c.capped), "rows that cannot be anomalous"},
	}
	return all
}

// chart draws the scores between two instants, with labels and events beneath.
func (c *Collector) chart(from, to int64, cells int, labels []metrics.Detection, events []metrics.Found) chart {
	e := c.scores.between(from, to-1, cells)
	out := chart{Path: outline(e), Off: offBands(e), Start: instant(e.from), End: instant(e.to())}
	if len(e.cells) == 0 {
		return out
	}
	out.Ticks = ticks(e.from, e.to(), 9)
	for _, d := range labels {
		if b, ok := bandOf(e, d.Start, d.End); ok {
			b.Title, b.Kind = "labelled "+instant(d.Start)+" to "+instant(d.End), "missed"
			if d.First != 0 {
				b.Kind = "found"
			}
			out.Labels = append(out.Labels, b)
		}
	}
	for i, f := range events {
		if b, ok := bandOf(e, f.Start, f.End); ok {
			b.Title = fmt.Sprintf("event %d: %s, %s", i+1, instant(f.Start), length(float64(f.End-f.Start)))
			b.Kind = kind(f, labels)
			out.Events = append(out.Events, b)
		}
	}
	return out
}

// kind tells events that no label explains from the others.
func kind(f metrics.Found, labels []metrics.Detection) string {
	if len(labels) > 0 && !touches(f, labels) {
		return "unknown"
	}
	return "event"
}

func touches(f metrics.Found, labels []metrics.Detection) bool {
	return slices.ContainsFunc(labels, func(d metrics.Detection) bool { return f.Touches(d.Range) })
}

func labelRowOf(d metrics.Detection) labelRow {
	r := labelRow{Start: instant(d.Start), End: instant(d.End), Length: length(float64(d.End - d.Start)), Found: d.First != 0}
	if r.Found {
		r.After, r.Lead = length(float64(d.First-d.Start)), percent(d.Lead())
	}
	return r
}

// cards shows events in the order of time; of too many, those that lasted longest.
func (c *Collector) cards(events []metrics.Found, labels []metrics.Detection) (cards []eventCard, hidden int) {
	for i, f := range events {
		cards = append(cards, eventCard{Number: i + 1, startNS: f.Start, length: f.End - f.Start})
	}
	if hidden = max(0, len(cards)-maxEvents); hidden > 0 {
		slices.SortStableFunc(cards, func(a, b eventCard) int { return cmp.Compare(b.length, a.length) })
		cards = cards[:maxEvents]
		slices.SortFunc(cards, func(a, b eventCard) int { return cmp.Compare(a.startNS, b.startNS) })
	}
	for i := range cards {
		cards[i] = c.card(cards[i].Number, events[cards[i].Number-1], events, labels)
	}
	return cards, hidden
}

func (c *Collector) card(number int, f metrics.Found, events []metrics.Found, labels []metrics.Detection) eventCard {
	around := max((f.End-f.Start)/2, 20*c.scores.width)
	card := eventCard{
		Number: number, Start: instant(f.Start), End: instant(f.End), Length: length(float64(f.End - f.Start)),
		Peak: fmt.Sprintf("%.3f", f.Peak), Labelled: touches(f, labels), HasLabels: len(labels) > 0,
		Score: c.chart(f.Start-around, f.End+around, wide/4, labels, events),
	}
	card.Score.Ticks = nil
	rest := 1.0
	top := resultline.Largest(f.Shares, maxSensors)
	for _, s := range top {
		if s.Value > 0 {
			card.Sensors = append(card.Sensors, bar{s.Name, round(100 * s.Value / top[0].Value), percent(s.Value)})
			rest -= s.Value
		}
	}
	if card.Others = len(f.Shares) - len(card.Sensors); card.Others > 0 && rest > 0 {
		card.OthersShare = percent(rest)
	}
	return card
}

// histograms are of the sensors with the largest shares of the events.
func (c *Collector) histograms(names []frame.Name, events []metrics.Found) (all []histogram, more int) {
	share := make([]float64, len(names))
	for _, f := range events {
		for j, s := range f.Shares {
			share[j] += s.Value / float64(len(events))
		}
	}
	for j, n := range names {
		h := histogramOf(c.inside.values[j], c.outside.values[j])
		h.Name, h.Share = n.String(), share[j]
		all = append(all, h)
	}
	slices.SortStableFunc(all, func(a, b histogram) int { return cmp.Compare(b.Share, a.Share) })
	more = max(0, len(all)-maxHistograms)
	all = all[:len(all)-more]
	for j := range all {
		all[j].Share = math.Round(1000*all[j].Share) / 10
	}
	return all, more
}

func instant(ns int64) string { return time.Unix(0, ns).UTC().Format("2 Jan 2006 15:04") }

func percent(v float64) string { return fmt.Sprintf("%.3g %%", 100*v) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
