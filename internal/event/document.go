package event

import (
	"math"
	"time"

	"millwright/internal/resultline"
)

// Document is an event as messages, pages and --json write it.
type Document struct {
	ID       string             `json:"id"`
	State    State              `json:"state"`
	Start    time.Time          `json:"start"` // UTC
	End      time.Time          `json:"end"`   // UTC
	Duration int64              `json:"duration_seconds"`
	Rows     int                `json:"rows"`
	Peak     float64            `json:"peak_score"`
	PeakAt   time.Time          `json:"peak_at"`     // UTC
	Top      []resultline.Share `json:"top_sensors"` // five decimals
}

// Document gives the event with its instants as time.
func (e Event) Document() Document {
	top := make([]resultline.Share, len(e.Top)) // an empty list rather than null
	for i, s := range e.Top {
		top[i] = resultline.Share{Name: s.Name, Value: math.Round(s.Value*1e5) / 1e5}
	}
	return Document{
		ID: e.ID, State: e.State, Start: instant(e.Start), End: instant(e.End), Duration: (e.End - e.Start) / int64(time.Second),
		Rows: e.Rows, Peak: e.Peak, PeakAt: instant(e.PeakAt), Top: top,
	}
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
