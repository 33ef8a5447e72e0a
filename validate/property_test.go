package validate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWakeUpsAgainstEveryRow counts the rows of random files one by one.
func TestWakeUpsAgainstEveryRow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newSite(t)
		f := rapid.SampledFrom([]time.Duration{5, 15, 60}).Draw(rt, "frequency") * time.Minute
		offset := rapid.IntRange(0, 60).Draw(rt, "offset")
		label := rapid.SampledFrom([]string{"end", "start"}).Draw(rt, "label")
		after := time.Duration(rapid.IntRange(0, 40).Draw(rt, "after")) * time.Minute
		inTime, late := map[time.Time]int64{}, map[time.Time]int64{}
		for i := range rapid.IntRange(1, 5).Draw(rt, "files") {
			var text strings.Builder
			text.WriteString("Time,a\n")
			var rows []time.Time
			at := monday(0, rapid.IntRange(0, 120).Draw(rt, "from"))
			for range rapid.IntRange(1, 40).Draw(rt, "rows") {
				at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "step")) * time.Second)
				rows = append(rows, at)
				fmt.Fprintf(&text, "%s,1\n", at.Format("2006-01-02 15:04:05"))
			}
			s.file(fmt.Sprintf("pump-7/%d.csv", i), text.String())
			whole := at.Add(after + 2*time.Second)
			for _, row := range rows {
				if label == "end" {
					row = row.Add(-1)
				}
				start := row.Truncate(f)
				wake := start.Add(f + time.Duration(offset)*time.Minute)
				if whole.Add(time.Second).After(wake.Add(-5 * time.Second)) {
					late[start]++
				} else {
					inTime[start]++
				}
			}
		}
		cfg := s.config("", fmt.Sprintf("    data_upload_frequency: PT%s\n    data_delay_offset_in_minutes: %d\n    resample: {label: %s, fill: none}",
			map[time.Duration]string{5 * time.Minute: "5M", 15 * time.Minute: "15M", time.Hour: "1H"}[f], offset, label))
		r := s.run(Options{Config: cfg, Arrival: Arrival{After: after}})
		for _, x := range r.Schedulers[0].Ranges {
			var a, b int64
			for at := x.From; at.Before(x.To); at = at.Add(f) {
				a, b = a+inTime[at], b+late[at]
				want := InTime
				switch {
				case inTime[at]+late[at] == 0:
					want = Missing
				case inTime[at] == 0:
					want = Late
				case late[at] > 0:
					want = PartlyLate
				}
				if x.Verdict != want || x.RunFails != (inTime[at] == 0) {
					rt.Fatalf("window %s is %s, want %s", at, x.Verdict, want)
				}
				delete(inTime, at)
				delete(late, at)
			}
			if x.InTime != a || x.Late != b {
				rt.Fatalf("%s: %d rows in time and %d late, want %d and %d", x.From, x.InTime, x.Late, a, b)
			}
		}
		if len(inTime)+len(late) > 0 {
			rt.Fatalf("windows left out: %v %v", inTime, late)
		}
	})
}

// TestCuresCure runs every cure that is offered.
func TestCuresCure(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := newSite(t)
		for i := range rapid.IntRange(1, 4).Draw(rt, "files") {
			s.file(fmt.Sprintf("pump-7/%d.csv", i), rows(monday(0, rapid.IntRange(0, 90).Draw(rt, "from")), rapid.IntRange(1, 70).Draw(rt, "rows")))
		}
		after := time.Duration(rapid.IntRange(0, 30).Draw(rt, "after")) * time.Minute
		run := func(frequency string, offset int) Scheduler {
			cfg := s.config("", fmt.Sprintf("    data_upload_frequency: %s\n    data_delay_offset_in_minutes: %d", frequency, offset))
			return s.run(Options{Config: cfg, Arrival: Arrival{After: after}}).Schedulers[0]
		}
		for _, c := range run("PT5M", 0).Cures {
			if got := run(c.Frequency, c.Offset); got.Verdicts[Late]+got.Verdicts[PartlyLate] > 0 {
				rt.Fatalf("%s with offset %d is no cure: %v", c.Frequency, c.Offset, got.Verdicts)
			}
		}
	})
}
