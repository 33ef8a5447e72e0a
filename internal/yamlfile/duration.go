package yamlfile

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, or none. The zero value is one that is not given.
type Duration struct {
	d     time.Duration
	given bool
	none  bool
}

// For makes a Duration of d.
func For(d time.Duration) Duration { return Duration{d: d, given: true} }

// Endless makes the Duration that is written none.
func Endless() Duration { return Duration{given: true, none: true} }

// Given tells whether the file, or a default, says something.
func (d Duration) Given() bool { return d.given }

// None tells whether it is written none: no bound.
func (d Duration) None() bool { return d.none }

// Duration is the length, the longest there is (292 years) for none, and 0 when
// nothing is given.
func (d Duration) Duration() time.Duration {
	if d.none {
		return math.MaxInt64
	}
	return d.d
}

func (d Duration) String() string {
	switch {
	case d.none:
		return "none"
	case !d.given:
		return ""
	default:
		return d.d.String()
	}
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads Go's form with days in front (30d, 1d12h, 90s) or none.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "none" {
		*d = Endless()
		return nil
	}
	rest, total := s, time.Duration(0)
	if days, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return badDuration()
		}
		rest, total = after, time.Duration(n)*24*time.Hour
	}
	if rest != "" {
		more, err := time.ParseDuration(rest)
		if err != nil || strings.ContainsAny(rest, "+-") || total > math.MaxInt64-more {
			return badDuration()
		}
		total += more
	} else if s == "" {
		return badDuration()
	}
	*d = For(total)
	return nil
}

func badDuration() error {
	return Invalid("is no duration", "write a number and a unit, such as 500ms, 30s, 10m, 72h or 30d, or none where that is allowed")
}
