// Package wire holds what the operations of the API take and give, as plain
// structs named like the API's shapes. It checks nothing: requests were held
// against the shapes before they came into these types. What is optional and not
// given is the zero value; where that could also be meant, the field is a pointer.
package wire

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// Time is an instant, on the wire a number of seconds since 1970 with milliseconds
// as its fraction. The zero value is none.
type Time struct{ time.Time }

// At makes a Time of t, in UTC and cut to milliseconds. Of the zero time it is none.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Millisecond)}
}

// The first and the last millisecond of the years 1 to 9999; nothing is said of others.
const (
	first = -62135596800_000
	last  = 253402300799_999
)

// Seconds makes a Time of seconds since 1970, rounded to milliseconds. It is not
// ok outside the years 1 to 9999.
func Seconds(s float64) (t Time, ok bool) {
	ms := math.Round(s * 1000)
	if !(ms > first && ms <= last) { // the first one is the zero Time
		return Time{}, false
	}
	return Time{time.UnixMilli(int64(ms)).UTC()}, true
}

// MarshalJSON writes seconds; null for none.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return strconv.AppendFloat(nil, float64(t.UnixMilli())/1000, 'f', -1, 64), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Time) UnmarshalJSON(text []byte) error {
	var s *float64
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if *t = (Time{}); s == nil {
		return nil
	}
	var ok bool
	if *t, ok = Seconds(*s); !ok {
		return &json.UnsupportedValueError{Str: string(text)}
	}
	return nil
}
