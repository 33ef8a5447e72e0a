package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/e2e/drops"
	"millwright/e2e/harness"
)

// TestClocksChange has loggers that write Berlin's local time over both changes of
// 2026, with the modification times that files have, and kills.
func TestClocksChange(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	changes := []struct {
		name string
		at   time.Time
	}{
		{"spring", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		{"autumn", time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC)},
	}
	kinds := []struct {
		name      string
		file      time.Duration
		newest    bool // first
		perSensor bool
	}{
		{"5 minutes", 5 * time.Minute, false, false},
		{"hourly", time.Hour, false, false},
		{"5 minutes, newest first", 5 * time.Minute, true, false},
		{"hourly, newest first", time.Hour, true, false},
		{"5 minutes per sensor", 5 * time.Minute, false, true},
		{"hourly per sensor", time.Hour, false, true},
	}
	for _, change := range changes {
		for i, kind := range kinds {
			t.Run(change.name+" "+kind.name, func(t *testing.T) {
				t.Parallel()
				s := pump()
				s.Components = s.Components[:1]
				s.Frequency = kind.file
				from := change.at.Add(-2 * time.Hour)
				rows := drops.Plan{
					Seed: uint64(i), Components: s.Components, Sensors: []string{"flow", "speed"},
					From: from, For: 4 * time.Hour, Step: 30 * time.Second, File: kind.file, Delay: 2 * time.Second,
				}
				if kind.newest {
					// No row at the change itself: a file that begins with the second pass and goes
					// back into the first one is ambiguous.
					rows.Step = 35 * time.Second
				}
				plan := rows.Drops()
				if kind.perSensor {
					plan = perSensor(plan)
				}
				sc := stage(t, s, plan, uint64(i), from.Add(4*time.Hour), func(c *harness.Setup) {
					c.Drops = map[string]any{"csv": map[string]any{"time_zone": "Europe/Berlin"}}
				})
				sc.from = from
				sc.mask = func(content []byte) []byte { return local(content, berlin, kind.newest) }
				sc.clock.Until(from)
				sc.begin()
				sc.play(func() {
					if sc.rng.IntN(12) == 0 {
						sc.killed()
					}
				})
				sc.finish()
			})
		}
	}
}

// local writes a drop's stamps as a clock on a wall shows them, and the newest row
// first if it is wanted.
func local(content []byte, loc *time.Location, newest bool) []byte {
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i, line := range lines[1:] {
		stamp, cells, _ := strings.Cut(line, ",")
		at, err := time.Parse(time.RFC3339Nano, stamp)
		if err != nil {
			panic(err) // the plan writes no other stamps
		}
		lines[i+1] = at.In(loc).Format("2006-01-02 15:04:05") + "," + cells
	}
	if newest {
		slices.Reverse(lines[1:])
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// perSensor gives each drop's columns files of their own.
func perSensor(plan []drop) []drop {
	var all []drop
	for _, d := range plan {
		rows := strings.Split(strings.TrimSuffix(string(d.Content), "\n"), "\n")
		for i, sensor := range strings.Split(rows[0], ",")[1:] {
			var b strings.Builder
			for _, row := range rows {
				cells := strings.Split(row, ",")
				b.WriteString(cells[0] + "," + cells[i+1] + "\n")
			}
			one := d
			one.Path = strings.TrimSuffix(d.Path, ".csv") + "." + sensor + ".csv"
			one.Content = []byte(b.String())
			all = append(all, one)
		}
	}
	return all
}
