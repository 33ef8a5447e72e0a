package config

import (
	"math"
	"strconv"
	"strings"
	"time"

	"millwright/internal/window"
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
	return invalid("is no duration", "write a number and a unit, such as 500ms, 30s, 10m, 72h or 30d, or none where that is allowed")
}

// Offset is an input time zone offset. The zero value is +00:00.
type Offset time.Duration

// Duration is the offset to the east.
func (o Offset) Duration() time.Duration { return time.Duration(o) }

func (o Offset) String() string { return window.FormatOffset(time.Duration(o)) }

// MarshalText writes what UnmarshalText reads.
func (o Offset) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads a sign, hours and minutes.
func (o *Offset) UnmarshalText(text []byte) error {
	d, err := window.ParseOffset(string(text))
	if err != nil {
		return invalid("is no offset", `write a sign, hours and minutes in quotes, such as "+05:30"`)
	}
	*o = Offset(d)
	return nil
}

// Frequency is a data upload frequency. The zero value is one that is not given.
type Frequency time.Duration

// Duration is the length of a window.
func (f Frequency) Duration() time.Duration { return time.Duration(f) }

func (f Frequency) String() string { return window.FormatDuration(time.Duration(f)) }

// MarshalText writes what UnmarshalText reads.
func (f Frequency) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the service's form, such as PT5M.
func (f *Frequency) UnmarshalText(text []byte) error {
	d, err := window.ParseFrequency(string(text))
	if err != nil {
		return notOneOf(string(text), f.Values())
	}
	*f = Frequency(d)
	return nil
}

// Values are the frequencies that the service knows.
func (Frequency) Values() []string { return written(window.Frequencies()) }

// Rate is a target sampling rate. The zero value is one that is not given.
type Rate time.Duration

// Duration is the time between rows.
func (r Rate) Duration() time.Duration { return time.Duration(r) }

func (r Rate) String() string { return window.FormatDuration(time.Duration(r)) }

// MarshalText writes what UnmarshalText reads.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the service's form, such as PT1M.
func (r *Rate) UnmarshalText(text []byte) error {
	d, err := window.ParseRate(string(text))
	if err != nil {
		return notOneOf(string(text), r.Values())
	}
	*r = Rate(d)
	return nil
}

// Values are the rates that the service knows.
func (Rate) Values() []string { return written(window.Rates()) }

func written(durations []time.Duration) []string {
	texts := make([]string, len(durations))
	for i, d := range durations {
		texts[i] = window.FormatDuration(d)
	}
	return texts
}
