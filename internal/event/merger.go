package event

import (
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// maxSensors bounds what an open event remembers: names beyond it are left out.
const maxSensors = 4096

// Merger makes events of one scheduler's rows as they come. Its JSON is its
// whole state apart from the rule: a Merger that New gave and that was unmarshalled
// goes on where the marshalled one was. It is for one goroutine.
type Merger struct {
	rule  Rule
	state state
}

// New gives a Merger that has seen nothing.
func New(rule Rule) *Merger { return &Merger{rule: rule} }

// Add takes the next row and gives the events that it changed, as they are now:
// opened, extended, closed. A row that is not newer than the newest one changes
// nothing: what is past stays as it was told.
func (m *Merger) Add(row resultline.Row) []Event {
	s := &m.state
	if s.Seen && row.Time <= s.Last {
		return nil
	}
	changed := m.Gone(row.Time)
	step := m.step(row.Time)
	s.Last, s.Seen = row.Time, true
	switch {
	case row.Anomalous():
		m.extend(row)
		return append(changed, s.Event.event(Open))
	case s.Event == nil || row.Reason == resultline.MachineOff:
		return changed
	}
	s.Normal += step
	if s.Normal >= int64(m.rule.Close) {
		return append(changed, m.end(Closed))
	}
	return changed
}

// Gone tells that no rows are to be had up to until, Unix ns, and gives the event
// that this closes. Rows that come nonetheless are taken, and may begin another event.
func (m *Merger) Gone(until int64) []Event {
	if m.state.Event == nil || until <= m.state.Last || until-m.state.Last <= int64(m.rule.Gap) {
		return nil
	}
	return []Event{m.end(Unknown)}
}

// Open gives the event that has not ended yet.
func (m *Merger) Open() (Event, bool) {
	if m.state.Event == nil {
		return Event{}, false
	}
	return m.state.Event.event(Open), true
}

// Last is the newest row's time, Unix ns, UTC; false before the first row.
func (m *Merger) Last() (int64, bool) { return m.state.Last, m.state.Seen }

// step is how much running time a row at t stands for.
func (m *Merger) step(t int64) int64 {
	if !m.state.Seen {
		return int64(m.rule.Step)
	}
	since := t - m.state.Last
	if m.rule.Step > 0 {
		return min(since, int64(m.rule.Step))
	}
	return since
}

func (m *Merger) extend(row resultline.Row) {
	s := &m.state
	s.Normal = 0
	if s.Event == nil {
		s.Event = &ongoing{Start: row.Time, PeakAt: row.Time}
	}
	e := s.Event
	e.End = row.Time
	e.Rows++
	if row.HasScore && row.Score > e.Peak {
		e.Peak, e.PeakAt = row.Score, row.Time
	}
	if len(row.Diagnostics) == 0 {
		return
	}
	e.Shared++
	if e.Sums == nil {
		e.Sums = make(map[string]float64, len(row.Diagnostics))
	}
	for _, d := range row.Diagnostics {
		if _, known := e.Sums[d.Name]; known || len(e.Sums) < maxSensors {
			e.Sums[d.Name] += d.Value
		}
	}
}

// end closes the open event.
func (m *Merger) end(how State) Event {
	e := m.state.Event.event(how)
	m.state.Event, m.state.Normal = nil, 0
	return e
}

func (o *ongoing) event(s State) Event {
	return Event{ID: window.CompactStamp(o.Start), Start: o.Start, End: o.End, Peak: o.Peak, PeakAt: o.PeakAt, Rows: o.Rows, Top: o.top(), State: s}
}

func (o *ongoing) top() []resultline.Share {
	means := make([]resultline.Share, 0, len(o.Sums))
	for name, sum := range o.Sums {
		means = append(means, resultline.Share{Name: name, Value: sum / float64(o.Shared)})
	}
	return resultline.Largest(means, TopSensors)
}
