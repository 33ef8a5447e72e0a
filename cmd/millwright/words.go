package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
)

// say prints for people. Names of files and columns are written by others:
// what would move a terminal's cursor or begin a line of its own is made plain.
func say(w io.Writer, format string, args ...any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = plain(s)
		}
	}
	fmt.Fprintf(w, format, args...)
}

func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, strings.ReplaceAll(s, "\n", "; "))
}

// stamp is how tables write an instant; a dash for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// sayJSON prints what a verb found as JSON.
func sayJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}

// present is what --at takes for the present, or else wall time.
func present(at string) (time.Time, error) {
	if at == "" {
		return time.Now(), nil
	}
	t, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return t, exit(exitUsage, fmt.Errorf("read --at %q: write it like 2026-01-05T00:00:00Z", at))
	}
	return t, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func sortedStates[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
