package sink

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"

	"millwright/internal/atomicfile"
	"millwright/internal/event"
	"millwright/internal/outbox"
)

// latest is what a broker retains of each scheduler. It is a fold over the
// messages that went out, kept in a file, since a broker that starts empty wants
// all of it again.
type latest struct {
	file   string
	states map[string]*state
	fresh  map[string]bool // schedulers whose state the broker does not have
	dirty  bool            // the file is behind
}

// state is the retained document of a scheduler.
type state struct {
	Instance    string          `json:"instance"`
	Scheduler   string          `json:"scheduler"`
	At          string          `json:"at"`                     // of the newest message in it
	WindowStart string          `json:"window_start,omitempty"` // of the newest window with a result
	Generation  int64           `json:"generation,omitempty"`
	Result      *result         `json:"result,omitempty"` // its summary and last row
	Event       json.RawMessage `json:"event"`            // the open one, or null
	Alarm       json.RawMessage `json:"alarm"`            // the last one that was raised, or null

	Start int64 `json:"window_start_ns,omitempty"`
}

// openLatest reads what an earlier process knew; a damaged file is as good as none.
func openLatest(file string) *latest {
	l := &latest{file: file, states: map[string]*state{}, fresh: map[string]bool{}}
	text, err := os.ReadFile(file)
	if err == nil && json.Unmarshal(text, &l.states) != nil || l.states == nil {
		l.states = map[string]*state{}
	}
	for name, s := range l.states {
		if s == nil {
			delete(l.states, name)
		}
	}
	l.forgotten()
	return l
}

// forgotten says that the broker may have nothing.
func (l *latest) forgotten() {
	for name := range l.states {
		l.fresh[name] = true
	}
}

// learn takes a message in that the broker has, and r, what was said there of its
// result. One that comes again changes nothing, an older window's result neither.
func (l *latest) learn(instance string, m outbox.Message, r *result) {
	s := l.states[m.Scheduler]
	if s == nil {
		s = &state{Instance: instance, Scheduler: m.Scheduler}
		l.states[m.Scheduler] = s
	}
	switch m.Kind {
	case outbox.Result:
		if m.Start < s.Start {
			return
		}
		s.Start, s.WindowStart, s.Generation, s.Result = m.Start, stamp(m.Start), m.Generation, r
	case outbox.Change:
		s.event(m.Body)
	case outbox.Alert:
		s.Alarm = m.Body
	}
	s.At = stamp(m.At.UnixNano())
	l.fresh[m.Scheduler], l.dirty = true, true
}

// event keeps an open event, and forgets it when it has ended.
func (s *state) event(body json.RawMessage) {
	var now, kept event.Document
	if json.Unmarshal(body, &now) != nil {
		return
	}
	if now.State == event.Open {
		s.Event = body
		return
	}
	if s.Event != nil && json.Unmarshal(s.Event, &kept) == nil && kept.ID == now.ID {
		s.Event = nil
	}
}

// save makes what was learnt durable.
func (l *latest) save() error {
	if !l.dirty {
		return nil
	}
	text, err := json.Marshal(l.states)
	if err != nil {
		return fmt.Errorf("write %s: %w", l.file, err)
	}
	if err := atomicfile.Write(l.file, text, 0o640); err != nil {
		return err
	}
	l.dirty = false
	return nil
}

// news are the schedulers whose state the broker does not have, sorted.
func (l *latest) news() []string { return slices.Sorted(maps.Keys(l.fresh)) }

// told says that the broker has a scheduler's state.
func (l *latest) told(scheduler string) { delete(l.fresh, scheduler) }

// document is what is retained for a scheduler.
func (l *latest) document(scheduler string) ([]byte, error) {
	text, err := json.Marshal(l.states[scheduler])
	if err != nil {
		return nil, fmt.Errorf("write the state of %s: %w", scheduler, err)
	}
	return text, nil
}
