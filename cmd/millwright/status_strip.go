package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"millwright/agent/status"
	"millwright/internal/event"
)

// letters stand for the stages of windows, in the order of the legend.
func letters() []struct {
	stage  status.Stage
	letter byte
	word   string
} {
	return []struct {
		stage  status.Stage
		letter byte
		word   string
	}{
		{status.Delivered, '+', "delivered"},
		{status.Uploaded, 'u', "uploaded"},
		{status.Sealed, 's', "sealed"},
		{status.Received, 'r', "received"},
		{status.Open, '.', "under way"},
		{status.Missing, '?', "result missing"},
		{status.Failed, 'x', "run failed"},
		{status.Unscored, 'o', "too late to be scored"},
		{status.Silent, '0', "no file"},
		{status.Nothing, '-', "no rows"},
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
		say(w, "\n%s: windows from %s, oldest first; last result %s\n  %s\n  %s\n", sc.Name, stamp(sc.Windows[0].Start), stamp(sc.LastResult), strip, legend)
		if e := sc.Latest; e != nil {
			say(w, "  latest event: %s\n", tellEvent(e))
		}
	}
}

func letterStrip(cells []status.Cell) (strip, legend string) {
	seen := map[status.Stage]int{}
	late := 0
	var b strings.Builder
	for _, c := range cells {
		seen[c.Stage]++
		if c.LateRows > 0 {
			late++
		}
		for _, l := range letters() {
			if l.stage == c.Stage {
				b.WriteByte(l.letter)
			}
		}
	}
	var words []string
	for _, l := range letters() {
		if n := seen[l.stage]; n > 0 {
			words = append(words, fmt.Sprintf("%c %d %s", l.letter, n, l.word))
		}
	}
	if late > 0 {
		words = append(words, fmt.Sprintf("%d with late rows", late))
	}
	return b.String(), strings.Join(words, ", ")
}

func tellEvent(e *event.Document) string {
	how := map[event.State]string{event.Open: "still going on", event.Closed: "over", event.Unknown: "end unknown"}[e.State]
	text := fmt.Sprintf("from %s to %s (%s), peak %.2f at %s", stamp(e.Start), stamp(e.End), how, e.Peak, e.PeakAt.UTC().Format(time.TimeOnly))
	for i, s := range e.Top[:min(3, len(e.Top))] {
		text += fmt.Sprintf("%s %s %.0f %%", []string{";", ","}[min(i, 1)], s.Name, 100*s.Value)
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
	say(w, "    %s\n", text)
	if r.Remedy != "" {
		say(w, "    %s\n", r.Remedy)
	}
	if r.Path != "" {
		say(w, "    %s\n", r.Path)
	}
}
