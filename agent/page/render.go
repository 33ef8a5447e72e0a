package page

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	//lint:ignore ST1001 nodes read like the page they make
	. "maragu.dev/gomponents"
	//lint:ignore ST1001 the same
	. "maragu.dev/gomponents/html"

	"millwright/agent/status"
)

// refreshEvery is how often a browser asks for the page again.
const refreshEvery = 30 * time.Second

// Render writes the page of a snapshot; refresh 0 makes one that stays as it is.
// All that comes from files, configuration or stores goes through Text or an
// attribute, which escape it.
func Render(w io.Writer, s *status.Snapshot, refresh time.Duration) error {
	title := s.Instance
	if n := len(s.Attention); n > 0 {
		title = fmt.Sprintf("(%d) %s", n, title)
	}
	return Doctype(HTML(Lang("en"),
		Head(
			Meta(Charset("utf-8")), Meta(Name("viewport"), Content("width=device-width, initial-scale=1")),
			Meta(Name("color-scheme"), Content("light dark")),
			If(refresh > 0, Meta(Attr("http-equiv", "refresh"), Content(strconv.Itoa(int(refresh/time.Second))))),
			TitleEl(Text(title+" · millwright")), Link(Rel("icon"), Href("/icon.svg")), StyleEl(Raw(style())),
		),
		Body(
			glyphs(), top(s, refresh),
			Main(attention(s), Map(schedulers(s), func(i int) Node { return scheduler(s, i) }), gateway(s)),
			foot(s),
		),
	)).Render(w)
}

func schedulers(s *status.Snapshot) []int {
	places := make([]int, len(s.Schedulers))
	for i := range places {
		places[i] = i
	}
	return places
}

func top(s *status.Snapshot, refresh time.Duration) Node {
	state := Span(Class("badge bad"), Text("✕ not running"))
	if s.Running {
		state = Span(Class("badge good"), Text("✓ running"))
	}
	again := A(Href("/?refresh=0"), Text("pause"))
	note := fmt.Sprintf("every %d s · ", refresh/time.Second)
	if refresh == 0 {
		again, note = A(Href("/"), Text("go on")), "paused · "
	}
	return Header(
		H1(Text(s.Instance)), state,
		P(Class("when"), Time(DateTime(s.Time.Format(time.RFC3339)), Text(s.Time.UTC().Format("Mon 2 Jan 2006, 15:04:05")+" UTC")), Small(Text(note), again)),
	)
}

func attention(s *status.Snapshot) Node {
	if len(s.Attention) == 0 {
		return P(Class("calm"), Text("✓ Nothing needs attention"))
	}
	return Section(Class("attention"), Aria("labelledby", "attention"),
		H2(ID("attention"), Text(fmt.Sprintf("Needs attention (%d)", len(s.Attention)))),
		Ul(Map(s.Attention, func(a status.Attention) Node {
			return Li(
				P(Class("what"), Strong(Text(a.About)), Text(" "+a.What), If(!a.Since.IsZero(), Small(Text(" since "+moment(a.Since, s.Time))))),
				If(a.Remedy != "", P(Class("remedy"), Span(Class("do"), Text("What to do")), Text(" "+a.Remedy))),
			)
		})),
	)
}

func scheduler(s *status.Snapshot, i int) Node {
	sc := &s.Schedulers[i]
	id := fmt.Sprintf("s%d", i)
	return Article(Aria("labelledby", id),
		Div(Class("head"), H2(ID(id), Text(sc.Name)),
			P(Text(fmt.Sprintf("windows of %s · next wake-up %s, in %s", length(time.Duration(sc.Frequency)*time.Second), sc.NextWake.UTC().Format("15:04:05"), length(sc.NextWake.Sub(s.Time)))))),
		Dl(Class("tiles"),
			tile("Last drop", sc.LastDrop, s.Time, "rows up to "+moment(sc.LastRow, s.Time)),
			tile("Last window", windowEnd(sc), s.Time, "complete in the bucket"),
			tile("Last upload", sc.LastUpload, s.Time, waits(sc.Backlog)),
			tile("Last result", sc.LastResult, s.Time, fmt.Sprintf("%d of the last day", sc.Outcomes["delivered"])),
		),
		strip(sc),
		Div(Class(pairing(sc)), chart(sc, s.Time, id), latest(sc, s.Time)),
		components(sc, s.Time),
	)
}

// pairing puts the latest event beside the chart, if there is one.
func pairing(sc *status.Scheduler) string {
	if sc.Latest == nil {
		return "pair alone"
	}
	return "pair"
}

func windowEnd(sc *status.Scheduler) time.Time {
	if sc.LastWindow.IsZero() {
		return time.Time{}
	}
	return sc.LastWindow.Add(time.Duration(sc.Frequency) * time.Second)
}

func waits(n int64) string {
	switch n {
	case 0:
		return "nothing waits"
	case 1:
		return "1 window waits"
	}
	return fmt.Sprintf("%d windows wait", n)
}

func tile(name string, at, now time.Time, more string) Node {
	value := "never"
	if !at.IsZero() {
		value = age(at, now)
	}
	return Div(Dt(Text(name)), Dd(Strong(Text(value)), If(!at.IsZero(), Small(Text(more)))))
}

func components(sc *status.Scheduler, now time.Time) Node {
	return Div(Class("scroll"), Table(
		THead(Tr(Th(Text("Component")), Th(Text("Last drop")), Th(Text("Uploaded to")), Th(Class("n"), Text("Waits")), Th(Class("n"), Text("Late")), Th(Class("n wide"), Text("Overdue")), Th(Class("n wide"), Text("Silent")), Th(Class("n wide"), Text("Repeats")))),
		TBody(Map(sc.Components, func(c status.Component) Node {
			end := c.LastVerified
			if !end.IsZero() {
				end = end.Add(time.Duration(sc.Frequency) * time.Second)
			}
			return Tr(Th(Text(c.Name)), Td(Text(ageOr(c.LastDrop, now))), Td(Text(moment(end, now))), number(c.Backlog, ""), number(c.LateRows, ""), number(c.Overdue, " wide"), number(c.Silent, " wide"), number(c.Repeated, " wide"))
		})),
	))
}

func number(n int64, class string) Node { return Td(Class("n"+class), Text(grouped(n))) }

func foot(s *status.Snapshot) Node {
	version := ""
	if s.Live != nil {
		version = " " + s.Live.Build.Version
	}
	return Footer(Text("millwright"+version+" · "), A(Href("/status.json"), Text("status.json")), Text(" · "), A(Href("/metrics"), Text("metrics")))
}

// moment is an instant as people say it: the time of day, with the date if that
// is another one.
func moment(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	t, now = t.UTC(), now.UTC()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04:05")
	}
	return t.Format("2 Jan 15:04")
}

func age(t, now time.Time) string {
	if d := now.Sub(t); d >= 0 {
		return length(d) + " ago"
	}
	return "in " + length(t.Sub(now))
}

func ageOr(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return age(t, now)
}

// length is a duration in its two largest units.
func length(d time.Duration) string {
	d = max(d, 0)
	days, hours, minutes, seconds := int(d/(24*time.Hour)), int(d/time.Hour)%24, int(d/time.Minute)%60, int(d/time.Second)%60
	switch {
	case days > 0:
		return pair(days, "d", hours, "h")
	case hours > 0:
		return pair(hours, "h", minutes, "min")
	case minutes > 0:
		return pair(minutes, "min", seconds, "s")
	}
	return fmt.Sprintf("%d s", seconds)
}

func pair(a int, unit string, b int, part string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, unit)
	}
	return fmt.Sprintf("%d %s %d %s", a, unit, b, part)
}

// grouped is a number with thin spaces between its thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteRune(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}
