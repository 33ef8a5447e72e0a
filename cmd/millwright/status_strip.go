package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"millwright/agent/status"
	"millwright/internal/event"
)

// letters stand for the stages of windows.
func letters() map[status.Stage]byte {
	return map[status.Stage]byte{
		status.Delivered: '+',
		status.Uploaded:  'u',
		status.Sealed:    's',
		status.Received:  'r',
		status.Open:      '.',
		status.Missing:   '?',
		status.Failed:    'x',
		status.Unscored:  'o',
		status.Silent:    '0',
		status.Nothing:   '-',
	}
}

// printWindowsOf shows each scheduler's newest windows, a letter each, and its
// latest event: what the page shows too.
func printWindowsOf(w io.Writer, s status.Snapshot) {
	for _, sc := range s.Schedulers {
		strip, legend := letterStrip(sc.Windows)
		if strip == "" {
			continue
		}
		fmt.Fprintln(w)
		tell(w, "", "%s: windows from %s, oldest first; last result %s", sc.Name, timeOfDay(sc.Windows[0].Start, s.Time), timeOfDay(sc.LastResult, s.Time))
		say(w, "  %s\n", strip)
		tell(w, "  ", "%s", legend)
		if e := sc.Latest; e != nil {
			tell(w, "  ", "latest event: %s", describeEvent(e, s.Time))
		}
	}
}

func letterStrip(cells []status.Cell) (strip, legend string) {
	letter, seen := letters(), map[status.Stage]int{}
	late := 0
	var b strings.Builder
	for _, c := range cells {
		seen[c.Stage]++
		if c.LateRows > 0 {
			late++
		}
		b.WriteByte(letter[c.Stage])
	}
	var words []string
	for _, g := range status.Stages() {
		if n := seen[g]; n > 0 {
			words = append(words, whole(fmt.Sprintf("%c %d %s", letter[g], n, g.Words())))
		}
	}
	if late > 0 {
		words = append(words, fmt.Sprintf("%d with late rows", late))
	}
	return b.String(), strings.Join(words, ", ")
}

func describeEvent(e *event.Document, now time.Time) string {
	how := map[event.State]string{event.Open: "still going on", event.Closed: "over", event.Unknown: "end unknown"}[e.State]
	text := fmt.Sprintf("%s to %s (%s), peak %.2f at %s", timeOfDay(e.Start, now), timeOfDay(e.End, now), how, e.Peak, timeOfDay(e.PeakAt, now))
	for i, s := range e.Top[:min(3, len(e.Top))] {
		text += fmt.Sprintf("%s %s", []string{";", ","}[min(i, 1)], whole(fmt.Sprintf("%s %.0f %%", s.Name, 100*s.Value)))
	}
	return text
}

// printResult tells what became of the run that read a window.
func printResult(w io.Writer, r *status.Result) {
	if r == nil {
		return
	}
	text := fmt.Sprintf("result %s since %s", r.State, stamp(r.Since))
	if r.Rows > 0 {
		text += fmt.Sprintf(": %s, %d anomalous", count(r.Rows, "row"), r.Anomalous)
	}
	if r.Peak != nil {
		text += fmt.Sprintf(", highest score %.2f", *r.Peak)
	}
	if r.Why != "" {
		text += ": " + r.Why
	}
	tell(w, "    ", "%s", text)
	if r.Remedy != "" {
		tell(w, "    ", "%s", r.Remedy)
	}
	if r.Path != "" {
		say(w, "    %s\n", r.Path)
	}
}
