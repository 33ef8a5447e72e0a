package event

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestDamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	m := New(RuleFor(5*time.Minute, time.Minute, 0))
	m.Add(rowsOf("A")[0])
	before, _ := m.Open()
	for _, text := range []string{
		``, `[]`, `{"event": 1}`, `{"last_ns": 1.5}`,
		`{"seen": true, "last_ns": 5, "event": {"start_ns": 1, "end_ns": 6, "rows": 1}}`,
		`{"seen": true, "last_ns": 9, "event": {"start_ns": 7, "end_ns": 6, "rows": 1}}`,
		`{"seen": true, "last_ns": 9, "event": {"start_ns": 1, "end_ns": 6, "rows": 0}}`,
		`{"seen": true, "last_ns": 9, "event": {"start_ns": 1, "end_ns": 6, "rows": 1, "sums": {"a\\b": 1}}}`,
		`{"seen": true, "last_ns": 9, "event": {"start_ns": 1, "end_ns": 6, "rows": 1, "shared": 2, "sums": {"a\\b": 1}}}`,
		`{"event": {"start_ns": 0, "end_ns": 0, "rows": 1}}`,
	} {
		if err := m.UnmarshalJSON([]byte(text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if after, open := m.Open(); !open || after.ID != before.ID {
		t.Error("a refused state has changed what was")
	}
}

// Whatever state is taken, what is told of it can be written down.
func FuzzState(f *testing.F) {
	rule := RuleFor(5*time.Minute, time.Minute, 0)
	m := New(rule)
	for _, r := range rowsOf("NAANOA_A") {
		if text, err := json.Marshal(m); err == nil {
			f.Add(text)
		}
		m.Add(r)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m := New(rule)
		if m.UnmarshalJSON(text) != nil {
			return
		}
		state, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		last, _ := m.Last()
		if last > math.MaxInt64-100*minute {
			return
		}
		rows := rowsOf("AN")
		rows[0].Time, rows[1].Time = last+minute, last+99*minute
		for _, e := range append(told(m, rows), m.Gone(math.MaxInt64)...) {
			if _, err := json.Marshal(e.Document()); err != nil {
				t.Fatalf("%v of %s", err, state)
			}
		}
	})
}
