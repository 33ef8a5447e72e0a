package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"millwright/agent/status"
	"millwright/agent/status/example"
	"millwright/backfill"
	"millwright/config"
	"millwright/internal/drop"
	"millwright/internal/window"
)

// plantNames are schedulers with their components, short and long.
func plantNames() [][]string {
	return [][]string{
		{"pump-7", "pump-7", "motor-7"},
		{"mill-2-line-north", "gearbox-mill-2-north", "mill-2"},
		{"compressor-hall-3-gb", "compressor-hall-3-gb"},
		{"kiln-main-drive", "kiln-main-drive-left", "kiln-main-drive-right"},
		{"fan-12", "fan-12"},
	}
}

// largePlant is the example's gateway with more and longer names, of which some
// are silent, late or still of yesterday.
func largePlant(schedulers int) status.Snapshot {
	s := example.Snapshot()
	some := s.Schedulers
	s.Schedulers = nil
	for i, names := range plantNames()[:schedulers] {
		sc := some[i%len(some)]
		sc.Name, sc.Components = names[0], nil
		for k, name := range names[1:] {
			c := some[i%len(some)].Components[k%len(some[i%len(some)].Components)]
			c.Name = name
			if i == 3 {
				c.LastVerified = s.Time.Add(-20 * time.Hour)
				c.Backlog, c.Overdue, c.HeldOnly, c.Silent, c.LateRows = 231, 230, 12, 4, 12345
			}
			sc.Components = append(sc.Components, c)
		}
		s.Schedulers = append(s.Schedulers, sc)
	}
	s.Clock.Rehearsal = &status.Rehearsal{From: s.Time, Pace: 60}
	return s
}

func largeDrops() []status.Drop {
	at := example.Now()
	peak := 0.94
	windows := []status.Window{{
		Scheduler: "mill-2-line-north", Component: "gearbox-mill-2-north", Start: at, End: at.Add(5 * time.Minute), Wake: at.Add(7 * time.Minute),
		State: "unverified", Why: "uploaded, but the bucket's policy forbids the check; sealed after the wake-up, so it was not scored; it holds nothing but held values",
		Remedy: "allow s3:GetObject on the prefix, and look whether the logger still writes", Generation: 3, Bucket: "plant", Key: "in/gearbox-mill-2-north_20260105142000.csv", Size: 12345,
		Result: &status.Result{State: window.Delivered, Since: at, Rows: 5, Anomalous: 3, Peak: &peak, Path: "/var/lib/millwright/results/mill-2/2026-01-05/142000.jsonl"},
	}}
	return []status.Drop{{
		Path: "/srv/drop/gearbox-mill-2-north/gearbox_20260105T142000Z.csv", Version: 2, State: drop.Archived, Component: "gearbox-mill-2-north", First: at, Last: at, TakenAt: at,
		Why:    "all rows are accounted for; the file is /var/lib/millwright/archive/2026-01-05/gearbox-mill-2-north/gearbox_20260105T142000Z.csv.gz",
		Counts: drop.Counts{Rows: 123456, Windowed: 123400, Late: 20, Older: 20, Bad: 16, Values: 999999}, Windows: windows,
	}}
}

// TestTablesFitATerminal: a plant's names are 7 to 20 characters long, a terminal
// has 80 columns. Only what is one word, as a path, may be longer.
func TestTablesFitATerminal(t *testing.T) {
	t.Parallel()
	for name, print := range map[string]func(*bytes.Buffer){
		"status of two":  func(b *bytes.Buffer) { printSnapshot(b, largePlant(2)) },
		"status of five": func(b *bytes.Buffer) { printSnapshot(b, largePlant(5)) },
		"status drop":    func(b *bytes.Buffer) { printDrops(b, largeDrops()) },
		"status window":  func(b *bytes.Buffer) { printWindows(b, largeDrops()[0].Windows) },
		"backfill": func(b *bytes.Buffer) {
			printBackfill(b, &backfill.Summary{
				DryRun: true, List: []backfill.Object{{State: "would be sent", Bucket: "plant", Key: "in/gearbox-mill-2-north_20260105142000.csv", Rows: 12345, Bytes: 1234567}},
				Files:       []backfill.File{{Path: "/srv/history/2025/gearbox-mill-2-north-december.csv", State: "partly", Reason: "the clock ran back in it, more than once", Faults: []backfill.Fault{{Line: 12345, Column: "vibration_axial", Reason: "no number", Text: "I/O Timeout"}}}},
				Differences: []backfill.Difference{{Bucket: "plant", Key: "in/gearbox-mill-2-north_20260105142000.csv", Bytes: 1234, SHA256: strings.Repeat("0a", 32), MD5: strings.Repeat("0a", 16), TheirHash: strings.Repeat("0a", 32), TheirInstance: "gw-16"}},
				Notes:       []string{"rows before 2025-12-01T00:00:00Z are in no window of a scheduler, and are left where they are: give --from to choose others"},
				Windows:     &backfill.Windows{Sealed: 12345, HeldOnly: 678, Silent: 90, Ahead: 12, Outside: 34},
			})
		},
		"config check": func(b *bytes.Buffer) {
			_ = (&configReport{File: "/etc/millwright/agent.yaml", Faults: []config.Fault{{
				File: "/etc/millwright/agent.yaml", Line: 31, Column: 9, Key: "schedulers[3].data_delay_offset_in_minutes", Value: "0",
				Problem: "with offset 0 a window is sealed when it ends, so rows of its last seconds are late", Remedy: "the smallest safe offset is 1",
			}}}).write(b, false)
		},
	} {
		var b bytes.Buffer
		print(&b)
		if testing.Verbose() {
			t.Logf("%s:\n%s", name, b.String())
		}
		for line := range strings.Lines(b.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 && strings.Contains(strings.TrimSpace(line), " ") {
				t.Errorf("%s: %d characters: %s", name, n, line)
			}
		}
	}
}

func TestARehearsalIsMarked(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	s := largePlant(1)
	printSnapshot(&b, s)
	if !strings.Contains(b.String(), "rehearsal: business time from 2026-01-05T14:22:40Z on, at 60 times the pace") {
		t.Error(b.String())
	}
	text, err := json.Marshal(s.Clock)
	if err != nil || !strings.Contains(string(text), `"pace":60`) {
		t.Errorf("%s %v", text, err)
	}
}
