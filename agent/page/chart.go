package page

import (
	"fmt"
	"strings"
	"time"

	"millwright/agent/status"
	"millwright/internal/event"
	"millwright/internal/resultline"
)

// The plot's own units: a minute is one wide, a score of 1 is so high. The
// browser stretches it, so it holds no text.
const (
	plotWidth  = 24 * 60
	plotHeight = 200
)

// axis is the day that a chart shows: it ends with the hour under way.
type axis struct{ from, to time.Time }

func axisOf(now time.Time) axis {
	to := now.UTC().Truncate(time.Hour).Add(time.Hour)
	return axis{to.Add(-status.Day), to}
}

// x is an instant's place, within the plot.
func (a axis) x(t time.Time) float64 {
	return max(0, min(plotWidth, t.Sub(a.from).Minutes()))
}

func y(score float64) float64 { return plotHeight * (1 - max(0, min(1, score))) }

// chart is the score of the last day.
func chart(sc *status.Scheduler, now time.Time, id string) *node {
	a := axisOf(now)
	labels := make([]*node, 0, 7)
	for t := a.from; !t.After(a.to); t = t.Add(4 * time.Hour) {
		labels = append(labels, el("span", txt(t.Format("15:04"))))
	}
	caption := "Anomaly score of the last 24 hours"
	var legend []*node
	for _, l := range []struct {
		show        bool
		class, word string
	}{
		{len(sc.Events) > 0, "event", plural(len(sc.Events), "event")},
		{anyOff(sc), "off", "machine off"},
		{len(sc.Scores) > 0, "gap", "blank: no result"},
	} {
		if l.show {
			legend = append(legend, el("li", attr("class", "key-"+l.class), raw(`<svg aria-hidden="true"><rect width="100%" height="100%"/></svg>`), txt(l.word)))
		}
	}
	return el("figure", attr("class", "score"),
		el("figcaption", txt(caption), el("small", txt(summary(sc, now)))),
		el("div", attr("class", "plot"),
			el("div", attr("class", "ys"), attr("aria-hidden", "true"), el("span", txt("1")), el("span", txt("0.5")), el("span", txt("0"))),
			plot(sc, a, now, id),
			el("div", attr("class", "xs"), attr("aria-hidden", "true"), group(labels...)),
		),
		when(len(legend) > 0, el("ul", attr("class", "legend"), group(legend...))),
	)
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func anyOff(sc *status.Scheduler) bool {
	for _, p := range sc.Scores {
		if p.Peak == nil && p.Off > 0 {
			return true
		}
	}
	return false
}

// summary says what the chart shows, for those who do not see it too.
func summary(sc *status.Scheduler, now time.Time) string {
	var high *status.Score
	for i := range sc.Scores {
		if p := &sc.Scores[i]; p.Peak != nil && (high == nil || *p.Peak > *high.Peak) {
			high = p
		}
	}
	if high == nil {
		return "no score yet"
	}
	return fmt.Sprintf("highest %.2f in the window from %s", *high.Peak, dated(high.Start, now, "15:04"))
}

// plot draws events, off times and the score; windows without result are left
// blank.
func plot(sc *status.Scheduler, a axis, now time.Time, id string) *node {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" preserveAspectRatio="none" role="img" aria-labelledby="%s-t"><title id="%s-t">`, plotWidth, plotHeight, id, id)
	b.WriteString("Highest anomaly score of each window, " + summary(sc, now) + "; " + plural(len(sc.Events), "event"))
	b.WriteString("</title>")
	fmt.Fprintf(&b, `<clipPath id="%s-hi"><rect width="%d" height="%d"/></clipPath><clipPath id="%s-lo"><rect y="%d" width="%d" height="%d"/></clipPath>`,
		id, plotWidth, plotHeight/2, id, plotHeight/2, plotWidth, plotHeight/2+4)
	for h := 4; h < 24; h += 4 {
		fmt.Fprintf(&b, `<path class="grid" d="M%d 0V%d"/>`, h*60, plotHeight)
	}
	for _, e := range sc.Events {
		from := a.x(e.Start)
		to := max(a.x(eventEnd(e, now)), from+4) // never too thin to be seen
		fmt.Fprintf(&b, `<g class="event"><title>event from %s to %s UTC, peak %.2f</title><rect x="%.1f" width="%.1f" height="%d"/><rect class="mark" x="%.1f" width="%.1f" height="7"/></g>`,
			e.Start.Format("15:04"), ended(e), e.Peak, from, to-from, plotHeight, from, to-from)
	}
	for _, p := range sc.Scores {
		if p.Peak == nil && p.Off > 0 {
			fmt.Fprintf(&b, `<rect class="off" x="%.1f" y="%d" width="%.1f" height="%d"/>`, a.x(p.Start), plotHeight-26, a.x(p.End)-a.x(p.Start), 26)
		}
	}
	line, area := trace(sc.Scores, a)
	for _, half := range []string{"lo", "hi"} {
		fmt.Fprintf(&b, `<g class="%s" clip-path="url(#%s-%s)"><path class="area" d="%s"/><path class="line" d="%s"/></g>`, half, id, half, area, line)
	}
	fmt.Fprintf(&b, `<path class="limit" d="M0 %dH%d"/><path class="now" d="M%.1f 0V%d"/></svg>`, plotHeight/2, plotWidth, a.x(now), plotHeight)
	return raw(b.String()) // made of numbers and instants alone
}

// trace is the score as steps, one per window, and the area below them. It is
// interrupted where there is no score.
func trace(scores []status.Score, a axis) (line, area string) {
	var l, ar strings.Builder
	var end time.Time
	open := false
	stop := func() {
		if open {
			fmt.Fprintf(&ar, "V%d", plotHeight)
		}
		open = false
	}
	for _, p := range scores {
		if p.Peak == nil || !p.End.After(a.from) {
			stop()
			continue
		}
		if !p.Start.Equal(end) {
			stop()
		}
		if open {
			fmt.Fprintf(&l, "V%.1f", y(*p.Peak))
			fmt.Fprintf(&ar, "V%.1f", y(*p.Peak))
		} else {
			fmt.Fprintf(&l, "M%.1f %.1f", a.x(p.Start), y(*p.Peak))
			fmt.Fprintf(&ar, "M%.1f %dV%.1f", a.x(p.Start), plotHeight, y(*p.Peak))
		}
		fmt.Fprintf(&l, "H%.1f", a.x(p.End))
		fmt.Fprintf(&ar, "H%.1f", a.x(p.End))
		open, end = true, p.End
	}
	stop()
	return l.String(), ar.String()
}

// eventEnd is where an event ends on the chart: one that is open goes on.
func eventEnd(e event.Document, now time.Time) time.Time {
	if e.State == event.Open {
		return now
	}
	return e.End
}

func ended(e event.Document) string {
	if e.State == event.Open {
		return "now"
	}
	return e.End.UTC().Format("15:04")
}

// lasted fits what ended says: an event that is open lasts until now, not only to
// its newest row.
func lasted(e event.Document, now time.Time) string {
	if e.State == event.Open {
		return length(now.Sub(e.Start))
	}
	return length(time.Duration(e.Duration) * time.Second)
}

// latest is the newest event with its sensors.
func latest(sc *status.Scheduler, now time.Time) *node {
	e := sc.Latest
	if e == nil {
		return el("p", attr("class", "hint"), txt("No anomalous event has been reported."))
	}
	state := map[event.State]string{event.Open: "still going on", event.Closed: "over", event.Unknown: "end unknown, results are missing"}[e.State]
	most := 0.0
	for _, s := range e.Top {
		most = max(most, s.Value)
	}
	return el("section", attr("class", "event"),
		el("h3", txt("Latest event"), el("span", attr("class", "badge "+string(e.State)), txt(state))),
		el("p", txt(fmt.Sprintf("%s to %s UTC (%s), peak %.2f at %s", dated(e.Start, now, "15:04"), ended(*e), lasted(*e, now), e.Peak, e.PeakAt.UTC().Format("15:04")))),
		when(len(e.Top) > 0, group(
			el("p", attr("class", "hint"), txt("Share of the sensors in the score:")),
			el("ol", attr("class", "sensors"), times(min(6, len(e.Top)), func(i int) *node { return sensor(e.Top[i], most) })),
		)),
	)
}

func sensor(s resultline.Share, most float64) *node {
	part := 0.0
	if most > 0 {
		part = max(0, min(1, s.Value/most))
	}
	component, name, both := strings.Cut(s.Name, `\`)
	if !both {
		component, name = "", s.Name
	}
	return el("li",
		el("span", attr("class", "name"), txt(name), when(component != "", el("small", txt(" "+component)))),
		el("span", attr("class", "value"), txt(fmt.Sprintf("%.0f %%", 100*s.Value))),
		raw(fmt.Sprintf(`<svg aria-hidden="true"><rect class="full" width="100%%" height="100%%" rx="3"/><rect width="%.1f%%" height="100%%" rx="3"/></svg>`, 100*part)),
	)
}
