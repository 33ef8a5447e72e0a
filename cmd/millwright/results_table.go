package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/internal/ledger"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// Widths of the table.
const (
	scoreWidth  = 10
	windowTops  = tableWidth - 59 // what the other columns leave
	eventTops   = tableWidth - 49
	reasonWidth = tableWidth - 28
	reasonLines = 4
)

// resultsTable prints for people.
type resultsTable struct {
	out   io.Writer
	from  time.Time
	only  string // empty: every scheduler
	paces []pace
	spark sparkline
	last  string // the scheduler of the last line
	// before gives the start of the newest window before from, zero for none.
	before func(scheduler string) (time.Time, error)
}

func (t *resultsTable) all(s *site, outcomes []window.Outcome, events []ledger.StoredEvent) error {
	for i, name := range t.names(outcomes) {
		if i > 0 {
			fmt.Fprintln(t.out)
		}
		of := slices.DeleteFunc(slices.Clone(outcomes), func(o window.Outcome) bool { return o.Scheduler != name })
		if err := t.heading(name, of); err != nil {
			return err
		}
		for _, line := range stretches(of, t.pace(name).frequency) {
			t.line(s, line)
		}
		t.events(slices.DeleteFunc(slices.Clone(events), func(e ledger.StoredEvent) bool { return e.Scheduler != name }))
		t.last = name
	}
	return nil
}

// more prints what has come, under the name of its scheduler when that changes.
func (t *resultsTable) more(s *site, outcomes []window.Outcome, events []ledger.StoredEvent) error {
	for _, o := range outcomes {
		if o.Scoring == window.Awaited && o.Reason == "" {
			continue
		}
		t.under(o.Scheduler)
		t.line(s, stretch{o})
	}
	for _, e := range events {
		t.under(e.Scheduler)
		t.event(e)
	}
	return nil
}

func (t *resultsTable) under(scheduler string) {
	if t.last != scheduler {
		say(t.out, "\n%s\n", scheduler)
		t.last = scheduler
	}
}

// names are the schedulers in the order of the configuration, then those of
// which only the ledger knows.
func (t *resultsTable) names(outcomes []window.Outcome) []string {
	var names []string
	for _, p := range t.paces {
		if t.only == "" || t.only == p.scheduler {
			names = append(names, p.scheduler)
		}
	}
	for _, o := range outcomes {
		if !slices.Contains(names, o.Scheduler) {
			names = append(names, o.Scheduler)
		}
	}
	return names
}

func (t *resultsTable) pace(scheduler string) pace {
	for _, p := range t.paces {
		if p.scheduler == scheduler {
			return p
		}
	}
	return pace{}
}

// none says that there is nothing since from, and where there is something.
func (t *resultsTable) none(name string) error {
	newest, err := t.before(name)
	switch {
	case err != nil:
		return err
	case newest.IsZero():
		say(t.out, "%s, windows from %s on: none yet\n", name, stamp(t.from))
	default:
		say(t.out, "%s, windows from %s on: none\nthe newest is of %s: use --since %s\n", name, stamp(t.from),
			stamp(newest), newest.UTC().AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return nil
}

func (t *resultsTable) heading(name string, of []window.Outcome) error {
	if len(of) == 0 {
		return t.none(name)
	}
	say(t.out, "%s, windows from %s on\n", name, stamp(t.from))
	counts := map[window.Scoring]int{}
	var rows, anomalous, off int64
	pruned := 0
	for _, o := range of {
		if o.Pruned() {
			pruned++
		}
		counts[o.Scoring]++
		rows, anomalous, off = rows+o.Rows, anomalous+o.Anomalous, off+o.Off
	}
	var parts []string
	for _, s := range []window.Scoring{window.Delivered, window.Awaited, window.Missing, window.Failed, window.Unscored} {
		if counts[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	say(t.out, "%s\n%s, %d of them anomalous, %d of an off machine\n", strings.Join(parts, ", "), count(int(rows), "row"), anomalous, off)
	if pruned > 0 {
		tell(t.out, "", "%s: %s", count(pruned, "result"), window.PrunedReason)
	}
	fmt.Fprintln(t.out)
	fmt.Fprintln(t.out, "WINDOW      N     RESULT     ROWS  ANOM  PEAK  SCORE       TOP SENSORS")
	return nil
}

func (t *resultsTable) line(s *site, of stretch) {
	first, times := of[0], ""
	if len(of) > 1 {
		times = fmt.Sprintf("x%d", len(of))
	}
	head := fmt.Sprintf("%s %-5s %-9s ", short(first.Start), times, first.Scoring)
	if first.Scoring != window.Delivered {
		t.without(head, of)
		return
	}
	f := of.figures(s)
	peak := "-"
	if !math.IsNaN(f.peak) {
		peak = fmt.Sprintf("%.3f", f.peak)
	}
	text := fmt.Sprintf("%s%5d %5d %5s  %s", head, f.rows, f.anomalous, peak, pad(t.spark.draw(f.scores, scoreWidth), scoreWidth))
	tops := t.tops(first.Scheduler, f.top, windowTops)
	switch {
	case f.off == f.rows && f.rows > 0:
		tops = "machine off"
	case first.Pruned():
		tops = "pruned from site"
	}
	t.trimmed(text + "  " + tops)
}

// without prints why there is no result, over as many lines as it takes up to a few.
func (t *resultsTable) without(head string, of stretch) {
	lines := wrapped(plain(of.reason()), reasonWidth)
	if len(lines) > reasonLines {
		lines = append(lines[:reasonLines-1], cut(lines[reasonLines-1]+" ...", reasonWidth))
	}
	for i, l := range lines {
		if i > 0 {
			head = strings.Repeat(" ", len(head))
		}
		t.trimmed(head + l)
	}
	if len(lines) == 0 {
		t.trimmed(head)
	}
}

func (t *resultsTable) events(of []ledger.StoredEvent) {
	if len(of) == 0 {
		return
	}
	fmt.Fprintln(t.out, "\nEVENT FROM  TO           STATE     ROWS   PEAK  TOP SENSORS")
	for _, e := range of {
		text := fmt.Sprintf("%s %s  %-7s %6d  %5s  ", short(e.Start), short(e.End), e.State, e.Rows, peakOf(e))
		t.trimmed(text + t.tops(e.Scheduler, e.Top[:min(topShown, len(e.Top))], eventTops))
	}
}

// event prints one that has come or ended, in a line of its own.
func (t *resultsTable) event(e ledger.StoredEvent) {
	text := fmt.Sprintf("event %s: %s to %s, %s, peak %s: ", e.State, short(e.Start), short(e.End), count(e.Rows, "row"), peakOf(e))
	t.trimmed(text + t.tops(e.Scheduler, e.Top[:min(topShown, len(e.Top))], tableWidth-len(text)))
}

func peakOf(e ledger.StoredEvent) string {
	if e.Peak > 0 {
		return fmt.Sprintf("%.3f", e.Peak)
	}
	return "-" // the oldest form has no scores
}

// tops names sensors with their share in percent, as many as there is room for.
func (t *resultsTable) tops(scheduler string, top []resultline.Share, width int) string {
	var text string
	for i, s := range top {
		name := s.Name
		if _, sensor, found := strings.Cut(name, `\`); found && t.pace(scheduler).alone {
			name = sensor
		}
		share := fmt.Sprintf(" %.0f%%", s.Value*100)
		if i == 0 {
			text = cut(name, width-len(share)) + share
			continue
		}
		more := text + ", " + name + share
		if len([]rune(more)) > width {
			break
		}
		text = more
	}
	return text
}

func (t *resultsTable) trimmed(line string) {
	say(t.out, "%s\n", strings.TrimRight(line, " "))
}

// short is an instant to the minute, without the year.
func short(ns int64) string { return instantOf(ns).Format("01-02 15:04") }
