package main

import (
	"strings"
	"testing"
	"unicode"

	"millwright/agent/status"
	"millwright/backfill"
)

// A file's name may clear the screen, or write lines of its own.
func TestNamesOfOthersDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const name = "a\x1b[2J\u009b31m\r.csv\nnothing needs attention"
	var out strings.Builder
	printSnapshot(&out, status.Snapshot{Attention: []status.Attention{{About: name, What: name, Remedy: name}}})
	printDrops(&out, []status.Drop{{Path: name, Why: name}})
	printBackfill(&out, &backfill.Summary{Files: []backfill.File{{Path: name, Reason: name, Faults: []backfill.Fault{{Column: name, Reason: name, Text: name}}}}, Notes: []string{name}})
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "nothing needs attention") {
			t.Errorf("a line of a file's own: %q", line)
		}
		if i := strings.IndexFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl); i >= 0 {
			t.Errorf("%q", line)
		}
	}
}
