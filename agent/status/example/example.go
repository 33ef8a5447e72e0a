// Package example makes the status of a plant that never was, for tests and
// screenshots. It is in no binary.
package example

import (
	"math"
	"time"

	"millwright/agent/status"
	"millwright/internal/drop"
	"millwright/internal/event"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// Now is the instant of the example.
func Now() time.Time { return time.Date(2026, 1, 5, 14, 22, 40, 0, time.UTC) }

// Snapshot is a gateway with two schedulers: a mill whose results came back with
// an event in the night and whose uplink is ill, and a pump whose runs fail.
func Snapshot() status.Snapshot {
	now := Now()
	return status.Snapshot{
		Instance: "gw-17", StateDir: "/var/lib/millwright", Running: true, Time: now, FirstStart: now.AddDate(0, -2, -3),
		LastTaken:  now.Add(-38 * time.Second),
		Drops:      map[drop.State]int64{drop.Archived: 18342, drop.Taken: 6, drop.Quarantined: 1, drop.Refused: 1},
		Rows:       status.Rows{Read: 5_513_220, Windowed: 5_512_391, Open: 410, Late: 324, Quarantined: 95, BadCells: 12, Repeated: 60},
		Quarantine: status.Quarantine{Bad: 31, Ambiguous: 60, Ahead: 4, Files: 1},
		Disk:       status.Disk{Used: 1_430_000_000, Quota: 4 << 30, Free: 9_200_000_000, Keep: 1_490_000_000, Total: 29_800_000_000},
		Clock:      status.Clock{Settled: true},
		Schedulers: []status.Scheduler{mill(now), pump(now)},
		Attention: []status.Attention{
			{About: "store", What: "the store at https://s3.eu-west-1.amazonaws.com does not answer", Remedy: "check the uplink and s3.proxy; uploads go on by themselves", Since: now.Add(-4 * time.Minute)},
			{About: "pump-7", What: "3 windows' runs failed: ModelVersion 4 could not be loaded", Remedy: "look at the model version that the scheduler uses", Since: now.Add(-17 * time.Minute)},
			{About: "/srv/drop/pump-7/export (2).csv", What: "not taken: 05.01.2026 has two meanings, day first or month first", Remedy: "set csv.timestamp_format for this folder", Since: now.Add(-3 * time.Hour)},
		},
		Live: &status.Live{
			Build: status.Build{Version: "1.4.0", Commit: "0123456789abcdef", Go: "go1.26.0", Kind: "agent"}, Started: now.AddDate(0, 0, -12),
			Uploads: status.Uploads{
				Flying: 2, Sent: 13_911, Bytes: 12_800_000, Adopted: 3, Failed: map[string]int64{"timeout": 7, "dns": 2, "busy": 1, "other": 0},
				Trouble: []status.Trouble{{Where: "store", What: "does not answer", Remedy: "check the uplink", Since: now.Add(-4 * time.Minute)}},
			},
			Sinks: []status.Sink{
				{Name: "csv-0f3a91c2", Target: "csv /srv/historian", Sent: 281},
				{Name: "mqtt-77b0d1e4", Target: "mqtt tls://broker.plant:8883", Sent: 590, Waiting: 14, Oldest: now.Add(-9 * time.Minute), Error: "connection refused", Since: now.Add(-9 * time.Minute)},
			},
			Process: status.Process{Resident: 17_900_000, CPU: 402.7, Files: 23},
		},
	}
}

func mill(now time.Time) status.Scheduler {
	const f = 5 * time.Minute
	current := now.Truncate(f)
	s := status.Scheduler{
		Name: "mill-2", Frequency: int64(f / time.Second), Delay: 120, NextWindow: current, NextWake: current.Add(7 * time.Minute),
		LastDrop: now.Add(-38 * time.Second), LastRow: now.Add(-71 * time.Second), LastWindow: current.Add(-2 * f), LastUpload: current.Add(-f + 3*time.Second),
		LastResult: current.Add(-110 * time.Second), Backlog: 2,
		Outcomes: map[window.Scoring]int64{window.Delivered: 281, window.Missing: 2, window.Unscored: 4, window.Awaited: 1},
		Components: []status.Component{
			{Name: "mill-2", LastDrop: now.Add(-38 * time.Second), LastRow: now.Add(-80 * time.Second), LastSealed: current.Add(-f), LastVerified: current.Add(-2 * f), VerifiedAt: current.Add(-f), Backlog: 1, BacklogBytes: 2210, Oldest: current.Add(-f), LateRows: 290, Overdue: 1},
			{Name: "gearbox-2", LastDrop: now.Add(-42 * time.Second), LastRow: now.Add(-80 * time.Second), LastSealed: current.Add(-f), LastVerified: current.Add(-2 * f), VerifiedAt: current.Add(-f), Backlog: 1, BacklogBytes: 1740, Oldest: current.Add(-f), LateRows: 34, Repeated: 60},
		},
	}
	begin := current.Add(-7*time.Hour - 25*time.Minute)
	end := begin.Add(95 * time.Minute)
	var highest float64
	var highestAt time.Time
	for i := 288; i >= 2; i-- {
		start := current.Add(-time.Duration(i) * f)
		if i == 180 || i == 181 || i > 216 && i < 221 { // missing, and an outage
			continue
		}
		p := status.Score{Start: start, End: start.Add(f), Rows: 5}
		peak := 0.1 + 0.05*math.Sin(float64(i)/9) + 0.12*noise(i)
		switch {
		case i >= 236 && i < 262:
			p.Off = 5
			s.Scores = append(s.Scores, p)
			continue
		case !start.Before(begin) && start.Before(end):
			into := start.Sub(begin).Minutes() / end.Sub(begin).Minutes()
			peak = 0.55 + 0.38*math.Sin(math.Pi*into) + 0.05*noise(i)
			p.Anomalous = 4
		case !start.Before(begin.Add(-40*time.Minute)) && start.Before(begin):
			peak += 0.3 * (1 - begin.Sub(start).Minutes()/40)
		}
		if peak > highest {
			highest, highestAt = peak, start.Add(3*time.Minute)
		}
		p.Peak = &peak
		s.Scores = append(s.Scores, p)
	}
	e := event.Document{
		ID: begin.Format("20060102T150405Z"), State: event.Closed, Start: begin, End: end, Duration: int64(end.Sub(begin) / time.Second), Rows: 76, Peak: highest, PeakAt: highestAt,
		Top: []resultline.Share{
			{Name: `gearbox-2\bearing_temperature_drive_end`, Value: 0.314},
			{Name: `gearbox-2\vibration_axial`, Value: 0.227},
			{Name: `mill-2\motor_current`, Value: 0.131},
			{Name: `gearbox-2\oil_temperature`, Value: 0.092},
			{Name: `mill-2\feed_rate`, Value: 0.061},
			{Name: `mill-2\inlet_pressure`, Value: 0.044},
		},
	}
	s.Events, s.Latest = []event.Document{e}, &e
	s.Windows = strip(current, f, func(i int, c *status.Cell) {
		switch {
		case i == 0:
			c.Stage = status.Received
		case i == 1:
			c.Stage = status.Sealed
		case i == 2:
			c.Stage = status.Uploaded
		case i == 9:
			c.LateRows = 34
		case i == 14 || i == 15:
			high := 0.56
			c.Anomalous, c.Peak = 2, &high
		case i == 21:
			c.Stage, c.Overdue, c.Why = status.Unscored, true, "its rows came after the wake-up"
		case i == 30 || i == 31:
			c.Stage, c.Why = status.Missing, "no result 10 minutes after the wake-up"
		}
	})
	return s
}

func pump(now time.Time) status.Scheduler {
	const f = 5 * time.Minute
	current := now.Truncate(f)
	s := status.Scheduler{
		Name: "pump-7", Frequency: int64(f / time.Second), Delay: 240, NextWindow: current, NextWake: current.Add(4 * time.Minute),
		LastDrop: now.Add(-52 * time.Second), LastRow: now.Add(-80 * time.Second), LastWindow: current.Add(-f), LastUpload: current.Add(4 * time.Second),
		LastResult: current.Add(-21 * time.Minute), Unscored: 3,
		Outcomes: map[window.Scoring]int64{window.Delivered: 284, window.Failed: 3, window.Awaited: 1},
		Components: []status.Component{
			{Name: "pump-7", LastDrop: now.Add(-52 * time.Second), LastRow: now.Add(-80 * time.Second), LastSealed: current.Add(-f), LastVerified: current.Add(-f), VerifiedAt: current.Add(4 * time.Second)},
		},
		Events: []event.Document{},
	}
	for i := 288; i >= 5; i-- {
		start := current.Add(-time.Duration(i) * f)
		peak := 0.05 + 0.03*math.Sin(float64(i)/14) + 0.08*noise(i)*noise(i+7)
		s.Scores = append(s.Scores, status.Score{Start: start, End: start.Add(f), Rows: 5, Peak: &peak})
	}
	s.Windows = strip(current, f, func(i int, c *status.Cell) {
		switch {
		case i == 0:
			c.Stage = status.Received
		case i == 1:
			c.Stage = status.Uploaded
		case i >= 2 && i <= 4:
			c.Stage, c.Why, c.Remedy = status.Failed, "ModelVersion 4 could not be loaded", "look at the model version that the scheduler uses"
		case i == 17:
			c.Stage, c.Why = status.Silent, "pump-7 has no file: it had no rows and nothing to hold"
		case i >= 40:
			c.Stage = status.Nothing
		}
	})
	return s
}

// noise is a number from 0 to 1 that looks like chance and is the same each time.
func noise(i int) float64 {
	_, part := math.Modf(math.Abs(math.Sin(float64(i)*12.9898) * 43758.5453))
	return part
}

// strip makes delivered windows and lets set change the i-th before the current.
func strip(current time.Time, f time.Duration, set func(i int, c *status.Cell)) []status.Cell {
	var cells []status.Cell
	for i := status.StripLength - 1; i >= 0; i-- {
		start := current.Add(-time.Duration(i) * f)
		peak := 0.11
		c := status.Cell{Start: start, End: start.Add(f), Stage: status.Delivered, Peak: &peak}
		set(i, &c)
		if c.Stage != status.Delivered {
			c.Peak = nil
		}
		cells = append(cells, c)
	}
	return cells
}
