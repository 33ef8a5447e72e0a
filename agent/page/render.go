package page

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"millwright/agent/status"
)

// refreshEvery is how often a browser asks for the page again.
const refreshEvery = 30 * time.Second

// Render writes the page of a snapshot; refresh 0 makes one that stays as it is.
// All that comes from files, configuration or stores goes through txt or
// attr, which escape it.
func Render(w io.Writer, s *status.Snapshot, refresh time.Duration) error {
	title := s.Instance
	if n := len(s.Attention); n > 0 {
		title = fmt.Sprintf("(%d) %s", n, title)
	}
	page := el("html", attr("lang", "en"),
		el("head",
			el("meta", attr("charset", "utf-8")), el("meta", attr("name", "viewport"), attr("content", "width=device-width, initial-scale=1")),
			el("meta", attr("name", "color-scheme"), attr("content", "light dark")),
			when(refresh > 0, el("meta", attr("http-equiv", "refresh"), attr("content", strconv.Itoa(int(refresh/time.Second))))),
			el("title", txt(title+" · millwright")), el("link", attr("rel", "icon"), attr("href", "/icon.svg")), el("style", raw(style())),
		),
		el("body",
			glyphs(), top(s, refresh),
			el("main", attention(s), times(len(s.Schedulers), func(i int) *node { return scheduler(s, i) }), gateway(s)),
			foot(s),
		),
	)
	var b bytes.Buffer
	b.WriteString("<!doctype html>\n")
	page.write(&b)
	_, err := w.Write(b.Bytes())
	return err
}

func top(s *status.Snapshot, refresh time.Duration) *node {
	state := el("span", attr("class", "badge bad"), txt("✕ not running"))
	if s.Running {
		state = el("span", attr("class", "badge good"), txt("✓ running"))
	}
	again := el("a", attr("href", "/?refresh=0"), txt("pause"))
	note := fmt.Sprintf("every %d s · ", refresh/time.Second)
	if refresh == 0 {
		again, note = el("a", attr("href", "/"), txt("go on")), "paused · "
	}
	return el("header",
		el("h1", txt(s.Instance)), state, rehearsal(s.Clock.Rehearsal),
		el("p", attr("class", "when"), el("time", attr("datetime", s.Time.Format(time.RFC3339)), txt(s.Time.UTC().Format("Mon 2 Jan 2006, 15:04:05")+" UTC")), el("small", txt(note), again)),
	)
}

// rehearsal warns that no time on the page is wall time.
func rehearsal(r *status.Rehearsal) *node {
	if r == nil {
		return nil
	}
	return el("span", attr("class", "badge unknown"), txt("rehearsal "+r.Speed()))
}

func attention(s *status.Snapshot) *node {
	if len(s.Attention) == 0 {
		return el("p", attr("class", "calm"), txt("✓ Nothing needs attention"))
	}
	return el("section", attr("class", "attention"), attr("aria-labelledby", "attention"),
		el("h2", attr("id", "attention"), txt(fmt.Sprintf("Needs attention (%d)", len(s.Attention)))),
		el("ul", times(len(s.Attention), func(i int) *node {
			a := &s.Attention[i]
			return el("li",
				el("p", attr("class", "what"), el("strong", txt(a.About)), txt(" "+a.What), when(!a.Since.IsZero(), el("small", txt(" since "+moment(a.Since, s.Time))))),
				when(a.Remedy != "", el("p", attr("class", "remedy"), el("span", attr("class", "do"), txt("What to do")), txt(" "+a.Remedy))),
			)
		})),
	)
}

func scheduler(s *status.Snapshot, i int) *node {
	sc := &s.Schedulers[i]
	id := fmt.Sprintf("s%d", i)
	return el("article", attr("aria-labelledby", id),
		el("div", attr("class", "head"), el("h2", attr("id", id), txt(sc.Name)),
			el("p", txt(fmt.Sprintf("windows of %s · next wake-up %s, in %s", length(time.Duration(sc.Frequency)*time.Second), sc.NextWake.UTC().Format("15:04:05"), length(sc.NextWake.Sub(s.Time)))))),
		el("dl", attr("class", "tiles"),
			tile("Last drop", sc.LastDrop, s.Time, "rows up to "+moment(sc.LastRow, s.Time)),
			tile("Last window", windowEnd(sc, sc.LastWindow), s.Time, "complete in the bucket"),
			tile("Last upload", sc.LastUpload, s.Time, waits(sc.Backlog)),
			tile("Last result", sc.LastResult, s.Time, fmt.Sprintf("%d of the last day", sc.Outcomes["delivered"])),
		),
		strip(sc),
		el("div", attr("class", pairing(sc)), chart(sc, s.Time, id), latest(sc, s.Time)),
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

// windowEnd is the end of a scheduler's window, the zero time for none.
func windowEnd(sc *status.Scheduler, start time.Time) time.Time {
	if start.IsZero() {
		return start
	}
	return start.Add(time.Duration(sc.Frequency) * time.Second)
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

func tile(name string, at, now time.Time, more string) *node {
	return el("div", el("dt", txt(name)), el("dd", el("strong", txt(age(at, now))), when(!at.IsZero(), el("small", txt(more)))))
}

func components(sc *status.Scheduler, now time.Time) *node {
	return el("div", attr("class", "scroll"), el("table",
		el("thead", el("tr", el("th", txt("Component")), el("th", txt("Last drop")), el("th", txt("Uploaded to")), el("th", attr("class", "n"), txt("Waits")), el("th", attr("class", "n"), txt("Late")), el("th", attr("class", "n wide"), txt("Overdue")), el("th", attr("class", "n wide"), txt("Silent")), el("th", attr("class", "n wide"), txt("Repeats")))),
		el("tbody", times(len(sc.Components), func(i int) *node {
			c := &sc.Components[i]
			return el("tr", el("th", txt(c.Name)), el("td", txt(age(c.LastDrop, now))), el("td", txt(moment(windowEnd(sc, c.LastVerified), now))), number(c.Backlog, ""), number(c.LateRows, ""), number(c.Overdue, " wide"), number(c.Silent, " wide"), number(c.Repeated, " wide"))
		})),
	))
}

func number(n int64, class string) *node { return el("td", attr("class", "n"+class), txt(grouped(n))) }

func foot(s *status.Snapshot) *node {
	version := ""
	if s.Live != nil {
		version = " " + s.Live.Build.Version
	}
	return el("footer", txt("millwright"+version+" · "), el("a", attr("href", "/status.json"), txt("status.json")), txt(" · "), el("a", attr("href", "/metrics"), txt("metrics")))
}

// moment is an instant as people say it: the time of day, with the date if that
// is another one.
func moment(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return dated(t, now, "15:04:05")
}

// dated is an instant of today in the given form, of another day to the minute.
func dated(t, now time.Time, today string) string {
	t, now = t.UTC(), now.UTC()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format(today)
	}
	return t.Format("2 Jan 15:04")
}

func age(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	if d := now.Sub(t); d >= 0 {
		return length(d) + " ago"
	}
	return "in " + length(t.Sub(now))
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
