package simulate

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// History is a stretch of a plant's past for training and one to judge the result by,
// both with faults that were repaired. The zero value has four weeks and two, a row a
// minute.
type History struct {
	Seed  uint64
	Start time.Time     // of the first row; zero: 2026-01-05
	Rate  time.Duration // 0: one minute
	Weeks int           // to learn from; 0: four. Half as many follow
}

// Write makes Dir/history and Dir/new, with a file for each component and week, and
// Dir/labels.csv with the faults of both.
func (h History) Write(dir string) error {
	if h.Start.IsZero() {
		h.Start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	}
	if h.Rate == 0 {
		h.Rate = time.Minute
	}
	if h.Weeks == 0 {
		h.Weeks = 4
	}
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	split := h.Start.Add(time.Duration(h.Weeks) * week)
	end := split.Add(time.Duration(h.Weeks) * week / 2)
	faults := []stretch{
		{h.Start.Add(9*day + 7*time.Hour), h.Start.Add(10*day + 15*time.Hour)},
		{split.Add(2*day + 5*time.Hour), split.Add(4*day + 11*time.Hour)},
		{split.Add(5*day + 20*time.Hour), split.Add(6*day + 14*time.Hour)},
	}
	for t := h.Start; t.Before(end); t = t.Add(week) {
		name := "history"
		if !t.Before(split) {
			name = "new"
		}
		to := t.Add(week)
		if to.After(end) {
			to = end
		}
		if err := h.file(filepath.Join(dir, name), stretch{t, to}, faults); err != nil {
			return err
		}
	}
	var labels []byte
	for _, f := range faults {
		labels = fmt.Appendf(labels, "%s,%s\n", f.from.Format(labelForm), f.to.Format(labelForm))
	}
	if err := os.WriteFile(filepath.Join(dir, "labels.csv"), labels, 0o644); err != nil {
		return fmt.Errorf("write labels: %w", err)
	}
	return nil
}

const labelForm = "2006-01-02T15:04:05.000000"

// stretch is from < t <= to.
type stretch struct{ from, to time.Time }

// file writes a stretch. Within a fault the plant wears out, and is as new after it.
func (h History) file(dir string, s stretch, faults []stretch) error {
	healthy := New(Options{Seed: h.Seed, Rate: h.Rate})
	l := Logger{Dir: dir, Plant: healthy, plantAt: func(t time.Time) *Plant {
		for _, f := range faults {
			if t.After(f.from) && !t.After(f.to) {
				return New(Options{Seed: h.Seed, Rate: h.Rate, Fault: Fault{From: f.from, Over: f.to.Sub(f.from)}})
			}
		}
		return healthy
	}}
	_, err := l.Write(s.from, s.to)
	return err
}
