package config

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"millwright/internal/window"
)

// location is the zone that a time_zone names.
func location(name string) (*time.Location, error) {
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		d, err := window.ParseOffset(name)
		if err != nil {
			return nil, invalid("is no zone", `write a sign, hours and minutes in quotes, such as "+01:00"`)
		}
		return time.FixedZone(name, int(d.Seconds())), nil
	}
	if name == "Local" {
		return nil, invalid("depends on the machine", "name the zone, such as Europe/Berlin")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, invalid("is no zone", "write an IANA name such as Europe/Berlin, or +hh:mm in quotes")
	}
	return zone, nil
}

// stampPattern checks the form of timestamps.
func stampPattern(s string) error {
	switch s {
	case Auto, "iso", "epoch", "epoch_ms", "epoch_us", "epoch_ns":
		return nil
	}
	letters := regexp.MustCompile(`'[^']*'`).ReplaceAllString(s, "")
	if i := strings.IndexFunc(letters, func(r rune) bool {
		return (r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') && !strings.ContainsRune("yMdHhmsSaXTZ", r)
	}); i >= 0 {
		return invalid("has the letter "+letters[i:i+1]+", which means nothing in a pattern", "use y M d H h m s S a X, and quotes around other text")
	}
	for _, need := range []string{"y", "M", "d", "Hh"} {
		if !strings.ContainsAny(letters, need) {
			return invalid("is no form of a timestamp", "use iso, epoch, epoch_ms, epoch_us, epoch_ns or a pattern with year, month, day and hour such as M/d/yyyy HH:mm")
		}
	}
	return nil
}

func validSensor(name string) bool {
	return regexp.MustCompile(`^[0-9A-Za-z:#$._-]{1,200}$`).MatchString(name)
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
