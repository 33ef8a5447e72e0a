package window

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Frequencies are the data upload frequencies that the service knows.
func Frequencies() []time.Duration {
	return []time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
}

// Rates are the target sampling rates that the service knows.
func Rates() []time.Duration {
	return []time.Duration{
		time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour,
	}
}

// ParseFrequency reads a data upload frequency such as PT5M.
func ParseFrequency(s string) (time.Duration, error) { return parse(s, Frequencies()) }

// ParseRate reads a target sampling rate such as PT1S.
func ParseRate(s string) (time.Duration, error) { return parse(s, Rates()) }

// FormatDuration writes a frequency or rate as the service does: PT30S, PT5M,
// PT1H. It is exact for whole seconds.
func FormatDuration(d time.Duration) string {
	switch {
	case d%time.Hour == 0 && d != 0:
		return fmt.Sprintf("PT%dH", d/time.Hour)
	case d%time.Minute == 0 && d != 0:
		return fmt.Sprintf("PT%dM", d/time.Minute)
	default:
		return fmt.Sprintf("PT%dS", d/time.Second)
	}
}

func parse(s string, known []time.Duration) (time.Duration, error) {
	for _, d := range known {
		if FormatDuration(d) == s {
			return d, nil
		}
	}
	return 0, fmt.Errorf("read duration %q: use one of %s", s, list(known))
}

func member(known []time.Duration, d time.Duration) bool { return slices.Contains(known, d) }

func list(known []time.Duration) string {
	texts := make([]string, len(known))
	for i, d := range known {
		texts[i] = FormatDuration(d)
	}
	return strings.Join(texts, " ")
}
