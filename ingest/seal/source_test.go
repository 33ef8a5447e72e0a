package seal

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAWindowMayBeSpreadOverManySegments(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:30", stream(func(s *Stream) { s.Cadence.Frequency = time.Hour }))
	begin := clock(t, "10:00:00")
	for i := range 60 { // a drop a minute, each taken by itself
		from := begin.Add(time.Duration(i) * time.Minute)
		r.now = from.Add(62 * time.Second)
		r.take(file{path: fmt.Sprintf("%02d.csv", i), component: "pump", sensors: []string{"flow"}, rows: rowsOf(from, from.Add(time.Minute), time.Minute, 1, float64(i))})
	}
	if n := r.seal(); n != 1 {
		t.Fatalf("sealed %d windows", n)
	}
	text := r.csv("s", "pump", begin.UnixNano())
	if lines := strings.Split(strings.TrimSpace(text), "\n"); len(lines) != 61 || lines[60] != "2026-01-05T11:00:00.000000,59" {
		t.Errorf("got\n%s", text)
	}
}
