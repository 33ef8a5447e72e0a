package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"millwright/agent/status"
)

// leastNotes is how narrow the last column may be; below it notes have lines of
// their own.
const leastNotes = 16

// printStreams is the table of what each component of each scheduler has in the
// bucket, and what else is to be known of it.
func printStreams(w io.Writer, s status.Snapshot) {
	rows := [][]string{{"SCHEDULER", "COMPONENT", "IN BUCKET", "WAITING", "WAKE-UP"}}
	notes := []string{""}
	for _, sc := range s.Schedulers {
		for _, c := range sc.Components {
			rows = append(rows, []string{plain(sc.Name), plain(c.Name), timeOfDay(c.LastVerified, s.Time), fmt.Sprint(c.Backlog), timeOfDay(sc.NextWake, s.Time)})
			notes = append(notes, notesOn(c, s.Time))
		}
	}
	widths := make([]int, len(rows[0]))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	at := 0
	for _, n := range widths {
		at += n + 2
	}
	beside := tableWidth-at >= leastNotes
	if beside && strings.Join(notes, "") != "" {
		notes[0] = "NOTES"
	}
	for i, r := range rows {
		line := ""
		for k, cell := range r {
			line += pad(cell, widths[k]+2)
		}
		if !beside && notes[i] != "" {
			fmt.Fprintln(w, strings.TrimRight(line, " "))
			tell(w, "  ", "%s", notes[i])
			continue
		}
		lines := wrapped(notes[i], tableWidth-at)
		if len(lines) == 0 {
			lines = []string{""}
		}
		for _, words := range lines {
			fmt.Fprintln(w, strings.TrimRight(line+words, " "))
			line = strings.Repeat(" ", at)
		}
	}
}

// notesOn is what is not as it should be, or not in the bucket yet.
func notesOn(c status.Component, now time.Time) string {
	var notes []string
	if c.LastSealed.After(c.LastVerified) {
		notes = append(notes, "sealed to "+timeOfDay(c.LastSealed, now))
	}
	for _, n := range []struct {
		n    int64
		what string
	}{{c.Overdue, "overdue"}, {c.Silent, "silent"}, {c.HeldOnly, "held only"}, {c.Unverified, "unverified"}} {
		if n.n > 0 {
			notes = append(notes, fmt.Sprintf("%d %s", n.n, n.what))
		}
	}
	if c.LateRows > 0 {
		notes = append(notes, count(c.LateRows, "late row"))
	}
	return strings.Join(notes, ", ")
}

// timeOfDay is an instant to the minute, with the day where that is not now's.
func timeOfDay(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch {
	case t.IsZero():
		return "-"
	case t.Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("01-02 15:04")
	default:
		return t.Format(time.DateOnly)
	}
}
