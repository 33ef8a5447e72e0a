package detect

import (
	"fmt"
	"time"

	"millwright/inference/detect/frame"
)

// Advice watches results for what a person should see to: days of which much lay at
// operating points that training has not met, and an off sensor that says nothing.
type Advice struct {
	m     *Model
	day   int64 // of the newest row, days since 1970 UTC
	rows  int   // of that day, while the machine runs
	new   int   // of those, at operating points that training has not met
	value float64

	days  []NewDay
	blind int64 // first row for which the off sensor had been silent for a day; 0: none
}

// NewDay is a day of which much lay at operating points that training has not met.
type NewDay struct {
	Day   time.Time
	Share float64 // of the day's running rows
	Value float64 // of the mode sensor, in the last such row
}

// unseenShare is how much of a day may lie at such operating points.
const unseenShare = 0.05

// NewAdvice makes an Advice for results of m.
func (m *Model) NewAdvice() *Advice { return &Advice{m: m} }

// Add takes what is known of the next row.
func (a *Advice) Add(label int64, k Remark) {
	if k.Blind && a.blind == 0 {
		a.blind = label
	}
	if day := label / int64(24*time.Hour); day != a.day {
		a.close()
		a.day = day
	}
	if k.State == frame.Stopped {
		return
	}
	a.rows++
	if k.Unseen {
		a.new++
		a.value = k.Pilot
	}
}

func (a *Advice) close() {
	if share := float64(a.new) / float64(max(a.rows, 1)); share > unseenShare {
		a.days = append(a.days, NewDay{time.Unix(a.day*86400, 0).UTC(), share, a.value})
	}
	a.rows, a.new = 0, 0
}

// Days gives the days of which more than a twentieth lay at operating points that
// training has not met.
func (a *Advice) Days() []NewDay {
	a.close()
	return a.days
}

// Notes say what a person should see to, in words.
func (a *Advice) Notes() []string {
	var notes []string
	if days := a.Days(); len(days) > 0 {
		pilot, _, _ := a.m.Pilot()
		first := days[0]
		when := first.Day.Format(time.DateOnly)
		if len(days) > 1 {
			when = "the first of them " + when
		}
		notes = append(notes, fmt.Sprintf("on %s, %s, more than %.0f %% of the rows lie at operating points that training has not met (%s at %.4g): train again with days like these",
			plural(len(days), "day"), when, 100*unseenShare, pilot, first.Value))
	}
	if a.blind != 0 {
		notes = append(notes, fmt.Sprintf("%s has been silent for more than a day on %s: whether the machine is off is not known from then on",
			a.m.rules.Off.Sensor, time.Unix(0, a.blind).UTC().Format(time.RFC3339)))
	}
	return notes
}
