package config

import (
	"time"

	"millwright/internal/window"
	"millwright/internal/yamlfile"
)

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
		return yamlfile.Invalid("is no offset", `write a sign, hours and minutes in quotes, such as "+05:30"`)
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
		return yamlfile.NotOneOf(string(text), f.Values())
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
		return yamlfile.NotOneOf(string(text), r.Values())
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
