package main

import (
	"maps"
	"slices"
	"time"
)

// stamp is how tables write an instant; a dash for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func sortedStates[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
