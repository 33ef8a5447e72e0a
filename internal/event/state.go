package event

import (
	"encoding/json"
	"errors"
)

// state is what is to be remembered between two rows.
type state struct {
	Last   int64    `json:"last_ns"` // newest row's time; only with Seen
	Seen   bool     `json:"seen"`
	Normal int64    `json:"normal_ns"` // running normally since the open event's last anomalous row
	Event  *ongoing `json:"event,omitempty"`
}

// ongoing is the open event.
type ongoing struct {
	Start  int64              `json:"start_ns"`
	End    int64              `json:"end_ns"`
	Peak   float64            `json:"peak"`
	PeakAt int64              `json:"peak_at_ns"`
	Rows   int                `json:"rows"`
	Shared int                `json:"shared"` // rows with shares
	Sums   map[string]float64 `json:"sums,omitempty"`
}

// MarshalJSON gives the state.
func (m *Merger) MarshalJSON() ([]byte, error) { return json.Marshal(m.state) }

// UnmarshalJSON takes the state up and keeps the rule. What no Merger can have
// written is refused, and the state stays what it was.
func (m *Merger) UnmarshalJSON(text []byte) error {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Event != nil && (!s.Seen || s.Event.End > s.Last || !s.Event.sound()) {
		return errors.New("the state of an event contradicts itself")
	}
	m.state = s
	return nil
}

// sound tells whether rows can have led here; means can be made of it then.
func (o *ongoing) sound() bool {
	return o.Rows >= 1 && o.Start <= o.End && o.Shared >= 0 && o.Shared <= o.Rows && (o.Shared > 0) == (len(o.Sums) > 0)
}
