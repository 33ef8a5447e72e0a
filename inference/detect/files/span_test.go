package files

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestStraysAreLeftOut(t *testing.T) {
	t.Parallel()
	order := make([]int, 2880)
	for i := range order {
		order[i] = i
	}
	plain := rows(order)
	want := table(t, source(t, plain, Options{Rate: 5 * time.Minute}))
	for name, odd := range map[string]string{
		"future": "2099-01-05T00:00:00,1\n", "past": "1970-01-01T00:00:10,1\n", "both": "1970-01-01T00:00:10,1\n2099-01-05T00:00:00,1\n", "next year": "2026-01-05T00:00:00,1\n",
	} {
		at := strings.Index(plain, "2025-01-02")
		s := source(t, plain[:at]+odd+plain[at:], Options{Rate: 5 * time.Minute})
		if got := table(t, s); got != want {
			t.Errorf("%s: got\n%.300s\nwant\n%.300s", name, got, want)
		}
		if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, "rows of "+odd[:10]+" are left out") {
			t.Errorf("%s: %s", name, notes)
		}
		first, last := s.Span()
		if first < time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC).UnixNano() || last > time.Date(2025, 1, 3, 1, 0, 0, 0, time.UTC).UnixNano() {
			t.Errorf("%s: %d to %d", name, first, last)
		}
	}
	// Of more of them somebody should know.
	boot := strings.ReplaceAll(strings.TrimPrefix(rows(order[:60]), "Timestamp,flow\n"), "2025-", "1970-")
	s := source(t, plain+boot, Options{Rate: 5 * time.Minute})
	if notes := strings.Join(s.Notes(), "\n"); table(t, s) == want || !strings.Contains(notes, "its oldest rows, from 1970-01-01 on, are far from most others, which begin on 2025-01-01") {
		t.Error(notes)
	}
	// A day after a pause is none, nor is one of two rows.
	later := strings.ReplaceAll(strings.TrimPrefix(rows(order[:1440]), "Timestamp,flow\n"), "2025-01", "2026-07")
	for _, text := range []string{plain + later, "Timestamp,flow\n2025-01-01T00:00:00,1\n2099-01-01T00:00:00,2\n"} {
		if s := source(t, text, Options{Rate: 5 * time.Minute}); strings.Contains(fmt.Sprint(s.Notes()), "left out") {
			t.Error(s.Notes())
		}
	}
}

func TestTextIsNoSensor(t *testing.T) {
	t.Parallel()
	s := source(t, "Timestamp,flow,state\n2025-01-01T00:01:00,1,open\n2025-01-01T00:02:00,2,shut\n", Options{Rate: time.Minute})
	if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, "columns that hold text are no sensors: state") {
		t.Error(notes)
	}
}
