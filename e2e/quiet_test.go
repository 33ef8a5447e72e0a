package e2e

import (
	"testing"
	"time"

	"millwright/e2e/oracle"
)

// TestWindowsArriveInTime is the plain run: every window is in the bucket at its
// latest time, byte for byte, whatever the scheduler's settings.
func TestWindowsArriveInTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*oracle.Scheduler)
	}{
		{"as most people have it", func(*oracle.Scheduler) {}},
		{"label start", func(s *oracle.Scheduler) { s.LabelStart = true }},
		{"an offset in the names", func(s *oracle.Scheduler) { s.Offset, s.Format = 330*time.Minute, "yyyy-MM-dd-HH-mm-ss" }},
		{"names in Unix seconds without delimiter", func(s *oracle.Scheduler) { s.Format, s.Delimiter = "EPOCH", "" }},
		{"a schema with a silent sensor", func(s *oracle.Scheduler) {
			columns := []string{"vibration", "flow", "absent"}
			s.Schema = map[string][]string{"pump-7": columns, "motor-7": columns}
		}},
		{"sums, last values held for ever, nothing filled", func(s *oracle.Scheduler) {
			s.Default.Aggregate = "median"
			s.Sensors = map[string]oracle.Treatment{
				"flow": {Aggregate: "sum"}, "speed": {Aggregate: "last", MaxGap: -1}, "vibration": {Aggregate: "max", NoFill: true},
			}
		}},
		{"a fast grid in slow windows", func(s *oracle.Scheduler) {
			s.Frequency, s.Rate, s.Delay, s.Margin = 15*time.Minute, 5*time.Second, 5*time.Minute, time.Minute
		}},
		{"the last value wins", func(s *oracle.Scheduler) { s.LastWins = true }},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := pump()
			tt.change(&s)
			sc := set(t, s, untidy(uint64(i), s), nil)
			sc.begin()
			sc.play(nothing)
			sc.finish()
		})
	}
}
