package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"millwright/internal/resultline"
	"millwright/internal/window"
)

const (
	windowsApart = 12 // of the newest windows with a result each has its own line
	windowsAlike = 4  // older ones that are alike share a line from this many on
)

// stretch is windows in a row that share a line: one, or several that are alike.
type stretch []window.Outcome

// stretches cuts the windows of a scheduler, oldest first, into lines. Windows
// without result share one wherever they are; those with one only if they are old.
func stretches(all []window.Outcome, frequency time.Duration) []stretch {
	var lines []stretch
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && alike(all[n-1], all[n]) && all[n].Start-all[n-1].Start == int64(frequency) {
			n++
		}
		old := len(all) - windowsApart
		switch {
		case all[i].Scoring != window.Delivered:
			lines = append(lines, all[i:n])
			i = n
			continue
		case n > old:
			n = max(i, min(n, old))
		}
		if n-i >= windowsAlike {
			lines = append(lines, all[i:n])
			i = n
			continue
		}
		for n = max(n, i+1); i < n; i++ {
			lines = append(lines, all[i:i+1])
		}
	}
	return lines
}

func alike(a, b window.Outcome) bool {
	if a.Scoring != window.Delivered || b.Scoring != window.Delivered {
		return a.Scoring == b.Scoring
	}
	off := func(o window.Outcome) bool { return o.Off == o.Rows }
	return (a.Anomalous > 0) == (b.Anomalous > 0) && off(a) == off(b) && a.Pruned() == b.Pruned()
}

// reason is why the windows of a stretch have no result: that of the newest, and
// how many have another one. Numbers, times and keys do not make another one.
func (s stretch) reason() string {
	last := s[len(s)-1]
	text, others := last.Reason, 0
	for _, o := range s {
		if wording(o.Reason) != wording(text) {
			others++
		}
	}
	switch {
	case text == "" && last.Scoring == window.Awaited:
		text = "the run was due at " + stamp(last.Wake)
	case others > 0:
		text += fmt.Sprintf(" (%d of them for other reasons: see --json)", others)
	}
	return text
}

// wording is a text without the words that have figures in them.
func wording(text string) string {
	return strings.Join(slices.DeleteFunc(strings.Fields(text), func(word string) bool { return strings.ContainsAny(word, "0123456789") }), " ")
}

// figures are what a line says of its windows; top are means over the anomalous
// rows, or over all of them where there are none.
type figures struct {
	rows, anomalous, off int64
	peak                 float64   // NaN: none
	scores               []float64 // NaN: a row has none
	top                  []resultline.Share
}

func (s stretch) figures(from *site) figures {
	f := figures{peak: math.NaN()}
	var of [2]means // normal rows, anomalous rows
	for _, o := range s {
		f.rows += o.Rows
		f.anomalous += o.Anomalous
		f.off += o.Off
		if p := o.Highest(); p != nil && !(*p <= f.peak) {
			f.peak = *p
		}
		for _, r := range from.read(o).rows {
			score := math.NaN()
			if r.HasScore {
				score = r.Score
			}
			f.scores = append(f.scores, score)
			of[r.Prediction].add(r.Diagnostics)
		}
	}
	f.top = of[1].largest()
	if f.anomalous == 0 {
		f.top = of[0].largest()
	}
	return f
}

// means adds up shares by sensor.
type means struct {
	sums map[string]float64
	rows int
}

func (m *means) add(shares []resultline.Share) {
	if len(shares) == 0 {
		return
	}
	if m.sums == nil {
		m.sums = map[string]float64{}
	}
	m.rows++
	for _, s := range shares {
		m.sums[s.Name] += s.Value
	}
}

// topShown is how many sensors a line names if there is room.
const topShown = 3

func (m *means) largest() []resultline.Share {
	all := make([]resultline.Share, 0, len(m.sums))
	for name, sum := range m.sums {
		if sum > 0 {
			all = append(all, resultline.Share{Name: name, Value: sum / float64(m.rows)})
		}
	}
	return resultline.Largest(all, topShown)
}
