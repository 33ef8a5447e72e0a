package sink

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"millwright/internal/atomicfile"
	"millwright/internal/outbox"
)

const (
	refusedFor   = 24 * time.Hour
	refusedTries = 8
)

// strikes is the patience with messages that the other side does not want. It
// lasts over restarts. Waiting is added up, not read off a clock that may step.
type strikes struct {
	file string

	Message string        `json:"message"`   // the id of the message that is refused
	Tries   int           `json:"tries"`     // of that message
	Waited  time.Duration `json:"waited_ns"` // since the first refusal after the last message that was taken
}

// load reads what an earlier process left. Without it patience begins anew.
func (s *strikes) load() {
	if text, err := os.ReadFile(s.file); err == nil {
		_ = json.Unmarshal(text, s)
	}
}

func (s *strikes) save() error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return atomicfile.Write(s.file, text, 0o640)
}

// refused counts a refusal after waited of waiting, and tells whether patience
// is at an end: the same message was refused often, and nothing was taken for
// long. After that each further message has one try until one is taken.
func (s *strikes) refused(id string, waited time.Duration) bool {
	s.Waited += waited
	if s.Message != id {
		s.Message, s.Tries = id, 0
		if s.Waited >= refusedFor {
			s.Tries = refusedTries
		}
	}
	s.Tries++
	return s.Tries >= refusedTries && s.Waited >= refusedFor
}

// taken ends a row of refusals; it tells whether there was one.
func (s *strikes) taken() bool {
	had := s.Message != "" || s.Waited != 0
	s.Message, s.Tries, s.Waited = "", 0, 0
	return had
}

// aside is a message that is not sent any more, as it lies in quarantine.
type aside struct {
	Reason  string         `json:"reason"`
	Remedy  string         `json:"remedy,omitempty"`
	Target  string         `json:"target"`
	At      time.Time      `json:"set_aside_at"`
	Message outbox.Message `json:"message"`
}

// quarantine is where messages of all sinks are set aside.
func quarantine(state, sink string) string {
	return filepath.Join(state, "quarantine", "sinks", sink)
}

// countAside is how many messages lie there: people may take them out.
func countAside(state, sink string) int64 {
	entries, err := os.ReadDir(quarantine(state, sink))
	if err != nil {
		return 0 // there is none as a rule
	}
	return int64(len(entries))
}

// setAside keeps a message with the reason why it is not sent. The same message
// is the same file, so that a crash after it changes nothing.
func setAside(state string, s Sink, m outbox.Message, f *Fault) (string, error) {
	text, err := json.MarshalIndent(aside{f.What, f.Remedy, s.Target(), time.Now().UTC().Truncate(time.Second), m}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("set message %s aside: %w", m.ID, err)
	}
	path := filepath.Join(quarantine(state, s.Name()), strings.ReplaceAll(m.ID, "/", "_")+".json")
	if err := atomicfile.Write(path, append(text, '\n'), 0o640); err != nil {
		return "", fmt.Errorf("set message %s aside: %w", m.ID, err)
	}
	return path, nil
}
