package seal

import (
	"testing"
	"time"

	"millwright/internal/series"
)

// One window, 10:00 to 10:05, latest 10:06:30, W 10:07, cut-off 10:06:55.
func TestDue(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		return clock(t, s)
	}
	file := func(sealedAt, lastRow string, seq, own int64) live {
		return live{known: true, recorded: true, generation: 1, seq: seq, own: own, sealedAt: at(sealedAt), lastRow: at(lastRow)}
	}
	fresh := func(lastRow string, own int64) live { return live{known: true, own: own, lastRow: at(lastRow)} }
	overdue := file("12:00:00", "12:00:05", 1, 2)
	overdue.overdue = true
	uploaded := overdue
	uploaded.uploaded = true
	held := file("10:05:01", "10:04:00", 1, 1)
	held.reach = 2
	silent := live{known: true, recorded: true, lastRow: at("10:06:30")}
	spoke := silent
	spoke.own, spoke.lastRow = 3, at("10:06:58")
	for _, c := range []struct {
		name      string
		live      live
		mark      string // watermark
		now       string
		slowest   time.Duration
		unsettled bool
		yes       bool
		next      string
	}{
		{name: "rows, watermark behind", live: fresh("10:04:00", 1), mark: "10:04:00", now: "10:04:30", next: "10:06:30"},
		{name: "rows, watermark at the end", live: fresh("10:05:00", 1), mark: "10:05:00", now: "10:05:02", yes: true},
		{name: "watermark past, but no rows: a drop may fill the gap", live: fresh("10:00:01", 0), mark: "10:20:00", now: "10:05:02", next: "10:06:30"},
		{name: "no rows at the latest time", live: fresh("10:00:01", 0), mark: "10:04:00", now: "10:06:30", yes: true},
		{name: "rows, pass between the latest time and W", live: fresh("10:04:00", 1), mark: "10:04:00", now: "10:06:59", yes: true},
		{name: "overdue, a row came a minute ago", live: fresh("10:06:58", 1), mark: "10:30:00", now: "10:08:00", next: "10:11:58"},
		{name: "overdue, quiet for F", live: fresh("10:06:58", 1), mark: "10:30:00", now: "10:11:58", yes: true},
		{name: "overdue, last row from a clock that stood ahead", live: fresh("18:00:00", 1), mark: "10:30:00", now: "10:08:00", next: "10:13:00"},
		{name: "unsettled: the watermark", live: fresh("10:04:00", 1), mark: "10:05:00", now: "18:00:00", unsettled: true, yes: true},
		{name: "unsettled: nothing forced", live: fresh("10:04:00", 1), mark: "10:04:00", now: "18:00:00", unsettled: true},
		{name: "silent, nothing came", live: silent, mark: "10:04:00", now: "10:08:00"},
		{name: "silent, rows just before W", live: spoke, mark: "10:04:00", now: "10:06:59", yes: true},
		{name: "silent, rows after W", live: spoke, mark: "10:04:00", now: "10:07:01", next: "10:11:58"},

		{name: "sealed, nothing new", live: file("10:05:01", "10:05:00", 2, 2), now: "10:05:30"},
		{name: "sealed, a row at once", live: file("10:05:01", "10:05:03", 1, 2), now: "10:05:03", next: "10:05:11"},
		{name: "sealed, ten seconds later", live: file("10:05:01", "10:05:03", 1, 2), now: "10:05:11", yes: true},
		{name: "sealed, a held value changed", live: held, now: "10:05:11", yes: true},
		{name: "sealed anew just before the latest time", live: file("10:06:25", "10:06:28", 1, 2), now: "10:06:28", next: "10:06:30"},
		{name: "once at the latest time", live: file("10:06:25", "10:06:28", 1, 2), now: "10:06:30", yes: true},
		{name: "sealed after it", live: file("10:06:31", "10:06:33", 1, 2), now: "10:06:33", next: "10:06:41"},
		{name: "the last ten seconds do not wait", live: file("10:06:44", "10:06:46", 1, 2), now: "10:06:46", yes: true},
		{name: "row in time, pass just after the cut-off", live: file("10:06:50", "10:06:54", 1, 2), now: "10:06:55", yes: true},
		{name: "row after the cut-off", live: file("10:06:50", "10:06:55", 1, 2), now: "10:06:56"},
		{name: "row in time, pass after W", live: file("10:06:50", "10:06:54", 1, 2), now: "10:07:00"},
		{name: "slow uploads", live: file("10:05:01", "10:05:31", 1, 2), now: "10:05:32", slowest: time.Minute},
		{name: "unsettled: before what looks like the cut-off", live: file("10:05:01", "10:05:03", 1, 2), now: "10:05:11", unsettled: true, yes: true},
		{name: "unsettled: after what looks like the cut-off", live: file("10:05:01", "10:05:03", 1, 2), now: "10:06:56", unsettled: true},
		{name: "clock set back behind the sealing", live: file("18:00:00", "10:05:03", 1, 2), now: "10:05:04", yes: true},
		{name: "overdue, not uploaded, row at once", live: overdue, now: "12:00:05", next: "12:00:10"},
		{name: "overdue, not uploaded, ten seconds later", live: overdue, now: "12:00:10", yes: true},
		{name: "overdue, uploaded", live: uploaded, now: "12:00:10"},
		{name: "closed", live: live{known: true, closed: true, own: 9}, now: "10:05:30", mark: "10:05:00"},
		{name: "its record was not looked for", live: live{own: 9}, now: "10:05:30", mark: "10:05:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLane(stream(), newComponent("pump"))
			c.live.start = ns(t, "10:00:00")
			if c.mark != "" {
				l.mark = ns(t, c.mark)
			}
			yes, next := l.due(&c.live, at(c.now), Waiting{ClockSettled: !c.unsettled, Slowest: c.slowest})
			if yes != c.yes {
				t.Errorf("due %v, want %v", yes, c.yes)
			}
			if !yes && !next.Equal(at(c.next)) {
				t.Errorf("next %s, want %s", next, c.next)
			}
		})
	}
}

func TestWatermarkIsTheLowestOfSensorsThatGoOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		schema []string
		latest map[string]string
		want   string
	}{
		{"the lowest", nil, map[string]string{"a": "10:05:00", "b": "10:04:00"}, "10:04:00"},
		{"just within two windows", nil, map[string]string{"a": "10:10:00", "b": "10:00:01"}, "10:00:01"},
		{"two windows behind", nil, map[string]string{"a": "10:10:00", "b": "10:00:00"}, "10:10:00"},
		{"the schema's sensors only", []string{"a"}, map[string]string{"a": "10:05:00", "b": "10:04:00"}, "10:05:00"},
		{"a sensor of the schema that never spoke", []string{"a", "z"}, map[string]string{"a": "10:05:00"}, "10:05:00"},
	} {
		l := newLane(stream(func(s *Stream) { s.Schema = c.schema }), newComponent("pump"))
		l.of.sensors = map[string]int64{}
		for name, at := range c.latest {
			l.of.sensors[name] = ns(t, at)
		}
		if got := l.watermark(); got != ns(t, c.want) {
			t.Errorf("%s: %s, want %s", c.name, time.Unix(0, got).UTC(), c.want)
		}
	}
}

// Windows with W ahead come first, the earliest first; then overdue ones, the
// newest first.
func TestPlanPutsDeadlinesFirst(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "12:00:00", stream(func(s *Stream) { s.Spec.Fill = series.FillNone }))
	for _, from := range []string{"10:00:00", "11:00:00", "11:50:00", "11:55:00", "12:00:00"} {
		r.take(file{path: from, component: "pump", sensors: []string{"flow"}, rows: rowsOf(clock(t, from), clock(t, from).Add(5*time.Minute), time.Minute, 1, 1)})
	}
	if err := r.sealer.ready(bg, r.now, r.wait); err != nil {
		t.Fatal(err)
	}
	now := clock(t, "12:06:00")
	var got []string
	for _, j := range r.sealer.plan(now, r.wait) {
		if j.live.own > 0 {
			got = append(got, time.Unix(0, j.live.start).UTC().Format("15:04"))
		}
	}
	want := []string{"12:00", "11:55", "11:50", "11:00", "10:00"}
	if len(got) != len(want) {
		t.Fatalf("planned %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("planned %v, want %v", got, want)
		}
	}
}
