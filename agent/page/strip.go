package page

import (
	"fmt"
	"strings"
	"time"

	"millwright/agent/status"
)

// art is each stage's own shape, not only its own colour: SVG in a box of 20 by
// 24. gc is filled and gl drawn in the colour of the stage, gp and gd are upon it.
func art() map[status.Stage]string {
	const whole = `<rect class="gc" width="20" height="24" rx="3"/>`
	return map[status.Stage]string{
		status.Delivered: whole + `<path class="gp" d="M5.5 12.5l3.2 3.3 6-7.3"/>`,
		status.Uploaded:  `<rect class="gc" y="6" width="20" height="18" rx="3"/><path class="gp" d="M10 20v-8M6.6 15l3.4-3.4 3.4 3.4"/>`,
		status.Sealed:    `<rect class="gc" y="12" width="20" height="12" rx="3"/>`,
		status.Received:  `<rect class="gc" y="18" width="20" height="6" rx="3"/>`,
		status.Open:      `<rect class="gl" x=".75" y=".75" width="18.5" height="22.5" rx="3" stroke-dasharray="3 3"/>`,
		status.Missing:   whole + `<path class="gp" d="M6.8 9.2a3.2 3.2 0 1 1 4.6 2.9c-1 .6-1.4 1.1-1.4 2.3"/><circle class="gd" cx="10" cy="17.8" r="1.4"/>`,
		status.Failed:    whole + `<path class="gp" d="M6 8l8 8M14 8l-8 8"/>`,
		status.Unscored:  whole + `<path class="gp" d="M10 6.5v6l4 2.4"/><circle class="gp" cx="10" cy="12" r="7"/>`,
		status.Silent:    `<rect class="gl" x=".75" y=".75" width="18.5" height="22.5" rx="3"/><path class="gl" d="M5 19L15 5"/>`,
		status.Nothing:   `<path class="gl" d="M6 22.5h8"/>`,
	}
}

// glyphs defines the shapes once for the whole page.
func glyphs() *node {
	var b strings.Builder
	shapes := art()
	for _, g := range status.Stages() {
		fmt.Fprintf(&b, `<symbol id="g-%s" viewBox="0 0 20 24">%s</symbol>`, g, shapes[g])
	}
	return raw(`<svg class="defs" aria-hidden="true" width="0" height="0">` + b.String() +
		`<symbol id="g-late" viewBox="0 0 20 24"><path class="gt" d="M5 0h12a3 3 0 0 1 3 3v12z"/></symbol>` +
		`<symbol id="g-anomaly" viewBox="0 0 20 24"><path class="ga" d="M0 23h20"/></symbol>` +
		`<pattern id="off" width="6" height="6" patternUnits="userSpaceOnUse"><path class="offp" d="M0 0h3v6h-3z"/></pattern></svg>`)
}

func use(id string) *node { return raw(`<svg aria-hidden="true"><use href="#g-` + id + `"/></svg>`) }

// strip is the scheduler's windows, one cell each.
func strip(sc *status.Scheduler) *node {
	seen := map[status.Stage]int{}
	late, anomalous := 0, 0
	for _, c := range sc.Windows {
		seen[c.Stage]++
		if c.Anomalous > 0 {
			anomalous++
		}
		if c.LateRows > 0 {
			late++
		}
	}
	var legend []*node
	for _, g := range status.Stages() {
		if n := seen[g]; n > 0 {
			legend = append(legend, el("li", attr("class", string(g)), use(string(g)), txt(fmt.Sprintf("%d %s", n, g.Words()))))
		}
	}
	if late > 0 {
		legend = append(legend, el("li", attr("class", "late"), use("late"), txt(fmt.Sprintf("%d with late rows", late))))
	}
	if anomalous > 0 {
		legend = append(legend, el("li", attr("class", "anomaly"), use("anomaly"), txt(fmt.Sprintf("%d anomalous", anomalous))))
	}
	return el("figure", attr("class", "windows"),
		el("figcaption", txt(fmt.Sprintf("The last %d windows, oldest first", len(sc.Windows)))),
		el("ol", attr("class", "strip"), times(len(sc.Windows), func(i int) *node { return cell(sc, i) })),
		el("ul", attr("class", "legend"), group(legend...)),
	)
}

// labelEvery is how many cells there are from one time below the strip to the
// next.
const labelEvery = 6

func cell(sc *status.Scheduler, i int) *node {
	c := &sc.Windows[i]
	words := tell(c)
	classes := string(c.Stage)
	if c.Anomalous > 0 {
		classes += " anomalous"
	}
	return el("li", attr("class", classes), attr("title", words),
		use(string(c.Stage)),
		when(c.LateRows > 0, raw(`<svg class="late" aria-hidden="true"><use href="#g-late"/></svg>`)),
		el("span", attr("class", "vh"), txt(words)),
		when(i%labelEvery == 0, el("time", attr("aria-hidden", "true"), attr("datetime", c.Start.Format(time.RFC3339)), txt(c.Start.UTC().Format("15:04")))),
	)
}

// tell is all there is to say of a window, in a line.
func tell(c *status.Cell) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s UTC: %s", c.Start.UTC().Format("2 Jan 15:04"), c.End.UTC().Format("15:04"), c.Stage.Words())
	if c.Peak != nil {
		fmt.Fprintf(&b, ", highest score %.2f", *c.Peak)
	}
	if c.Anomalous > 0 {
		fmt.Fprintf(&b, ", %s", plural(int(c.Anomalous), "anomalous row"))
	}
	if c.LateRows > 0 {
		fmt.Fprintf(&b, ", %s came too late", plural(int(c.LateRows), "row"))
	}
	if c.Overdue && c.Stage != status.Unscored {
		b.WriteString(", sealed after the wake-up")
	}
	if c.Why != "" {
		b.WriteString("; " + c.Why)
	}
	if c.Remedy != "" {
		b.WriteString("; what to do: " + c.Remedy)
	}
	return b.String()
}
