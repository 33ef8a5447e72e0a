package yamlfile

import (
	"strconv"
	"strings"

	"millwright/internal/diskspace"
)

// Size is a number of bytes, or a share of a disk. The zero value is one that is
// not given.
type Size struct {
	bytes   int64
	percent float64
	given   bool
}

// Bytes makes a Size of n bytes.
func Bytes(n int64) Size { return Size{bytes: n, given: true} }

// Percent makes a Size that is a share of a disk.
func Percent(p float64) Size { return Size{percent: p, given: true} }

// Given tells whether the file, or a default, says something.
func (s Size) Given() bool { return s.given }

// Share tells whether it is a share of a disk.
func (s Size) Share() bool { return s.percent > 0 }

// Bytes is the number of bytes; 0 for a share.
func (s Size) Bytes() int64 { return s.bytes }

// Of is the number of bytes on a disk of total bytes.
func (s Size) Of(total int64) int64 {
	if s.Share() {
		return int64(float64(total) * s.percent / 100)
	}
	return s.bytes
}

func (s Size) String() string {
	switch {
	case !s.given:
		return ""
	case s.Share():
		return strconv.FormatFloat(s.percent, 'g', -1, 64) + "%"
	}
	return diskspace.Exact(s.bytes)
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads bytes with a unit (4GiB, 5MB, 1.5GiB, 1024) or percent.
func (s *Size) UnmarshalText(text []byte) error {
	t := strings.TrimSpace(string(text))
	if p, ok := strings.CutSuffix(t, "%"); ok {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || !(v > 0 && v <= 100) {
			return Invalid("is no share of a disk", "write more than 0% and at most 100%")
		}
		*s = Percent(v)
		return nil
	}
	n, ok := diskspace.Parse(t)
	if !ok {
		return Invalid("is no size", "write a number and a unit, such as 64MiB, 4GiB, 5MB or 5%")
	}
	*s = Bytes(n)
	return nil
}

// Switch is true or false. The zero value is one that is not given.
type Switch struct{ given, on bool }

// On makes a Switch.
func On(on bool) Switch { return Switch{given: true, on: on} }

// Given tells whether the file, or a default, says something.
func (s Switch) Given() bool { return s.given }

// On tells whether it is true.
func (s Switch) On() bool { return s.on }

// MarshalText writes what UnmarshalText reads.
func (s Switch) MarshalText() ([]byte, error) {
	if !s.given {
		return nil, nil
	}
	return strconv.AppendBool(nil, s.on), nil
}

// UnmarshalText reads true or false.
func (s *Switch) UnmarshalText(text []byte) error {
	switch string(text) {
	case "true", "false":
		*s = On(string(text) == "true")
		return nil
	}
	return Invalid("is neither true nor false", "write true or false")
}
