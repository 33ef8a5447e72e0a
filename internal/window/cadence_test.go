package window

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/segment"
)

func at(t *testing.T, s string) int64 {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return v.UnixNano()
}

// The service's own table: first run after 09:00 by frequency and offset.
func TestWakeFollowsTheServicesTable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minutes    int
		at0, at5   string
		runsAnHour int
	}{
		{5, "09:05", "09:10", 12},
		{10, "09:10", "09:15", 6},
		{15, "09:15", "09:20", 4},
		{30, "09:30", "09:35", 2},
		{60, "10:00", "10:05", 1},
	} {
		cadence := Cadence{Frequency: time.Duration(c.minutes) * time.Minute, Rate: time.Minute}
		start := cadence.Start(at(t, "2026-03-01T09:00:01Z"))
		if got := cadence.Wake(start).Format("15:04"); got != c.at0 {
			t.Errorf("frequency %d, offset 0: wakes %s, want %s", c.minutes, got, c.at0)
		}
		cadence.Delay = 5 * time.Minute
		if got := cadence.Wake(start).Format("15:04"); got != c.at5 {
			t.Errorf("frequency %d, offset 5: wakes %s, want %s", c.minutes, got, c.at5)
		}
		if got := int(time.Hour / cadence.Frequency); got != c.runsAnHour {
			t.Errorf("frequency %d: %d runs an hour, want %d", c.minutes, got, c.runsAnHour)
		}
	}
}

// The half-open window of the service's failure text: (12:10, 12:15].
func TestRowsAtTheEdgesBelongToOneWindow(t *testing.T) {
	t.Parallel()
	end := Cadence{Frequency: 5 * time.Minute, Rate: time.Minute}
	start := end
	start.Label = LabelStart
	for _, c := range []struct{ row, byEnd, byStart string }{
		{"2022-05-13T12:10:00Z", "2022-05-13T12:05:00Z", "2022-05-13T12:10:00Z"},
		{"2022-05-13T12:10:00.000000001Z", "2022-05-13T12:10:00Z", "2022-05-13T12:10:00Z"},
		{"2022-05-13T12:14:59.999999999Z", "2022-05-13T12:10:00Z", "2022-05-13T12:10:00Z"},
		{"2022-05-13T12:15:00Z", "2022-05-13T12:10:00Z", "2022-05-13T12:15:00Z"},
		{"1969-12-31T23:58:00Z", "1969-12-31T23:55:00Z", "1969-12-31T23:55:00Z"},
	} {
		if got := end.Start(at(t, c.row)); got != at(t, c.byEnd) {
			t.Errorf("label end: row %s is in %s, want %s", c.row, time.Unix(0, got).UTC(), c.byEnd)
		}
		if got := start.Start(at(t, c.row)); got != at(t, c.byStart) {
			t.Errorf("label start: row %s is in %s, want %s", c.row, time.Unix(0, got).UTC(), c.byStart)
		}
	}
}

// A five-minute run at one row a minute gave :06 :07 :08 :09 :10.
func TestLabels(t *testing.T) {
	t.Parallel()
	c := Cadence{Frequency: 5 * time.Minute, Rate: time.Minute}
	first, n := c.Labels(at(t, "2021-08-31T10:05:00Z"))
	if first != at(t, "2021-08-31T10:06:00Z") || n != 5 {
		t.Errorf("label end: first %s, %d labels", time.Unix(0, first).UTC(), n)
	}
	c.Label = LabelStart
	if first, _ = c.Labels(at(t, "2021-08-31T10:05:00Z")); first != at(t, "2021-08-31T10:05:00Z") {
		t.Errorf("label start: first %s", time.Unix(0, first).UTC())
	}
}

func TestLatestAndCutoff(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		delay, margin  time.Duration
		slowest        time.Duration
		latest, cutoff time.Duration // after the window's end
	}{
		{"margin fits", 2 * time.Minute, 30 * time.Second, 0, 90 * time.Second, 115 * time.Second},
		{"margin is cut to half the offset", time.Minute, 50 * time.Second, 0, 30 * time.Second, 55 * time.Second},
		{"offset 0", 0, 30 * time.Second, 0, 0, -5 * time.Second},
		{"slow link", 5 * time.Minute, 30 * time.Second, 20 * time.Second, 270 * time.Second, 260 * time.Second},
	} {
		cadence := Cadence{Frequency: 5 * time.Minute, Rate: time.Minute, Delay: c.delay, Margin: c.margin}
		end := time.Unix(0, cadence.End(0)).UTC()
		if got := cadence.Latest(0).Sub(end); got != c.latest {
			t.Errorf("%s: latest %s after the end, want %s", c.name, got, c.latest)
		}
		if got := cadence.Cutoff(0, c.slowest).Sub(end); got != c.cutoff {
			t.Errorf("%s: cut-off %s after the end, want %s", c.name, got, c.cutoff)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := Cadence{Frequency: 15 * time.Minute, Rate: 5 * time.Minute, Delay: time.Hour, Margin: time.Minute}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Cadence){
		"frequency":       func(c *Cadence) { c.Frequency = 20 * time.Minute },
		"rate":            func(c *Cadence) { c.Rate = 2 * time.Second },
		"rate of nothing": func(c *Cadence) { c.Rate = 0 },
		"does not divide": func(c *Cadence) { c.Rate = 10 * time.Minute },
		"delay":           func(c *Cadence) { c.Delay = 61 * time.Minute },
		"margin":          func(c *Cadence) { c.Margin = -time.Second },
	} {
		c := good
		change(&c)
		if c.Validate() == nil {
			t.Errorf("%s: accepted %+v", name, c)
		}
	}
}

func drawCadence(t *rapid.T) Cadence {
	c := Cadence{
		Frequency: rapid.SampledFrom(Frequencies()).Draw(t, "frequency"),
		Delay:     time.Duration(rapid.IntRange(0, 60).Draw(t, "delay")) * time.Minute,
		Margin:    time.Duration(rapid.IntRange(0, 7200).Draw(t, "margin")) * time.Second,
		Label:     rapid.SampledFrom([]Label{LabelEnd, LabelStart}).Draw(t, "label"),
	}
	c.Rate = rapid.SampledFrom(Rates()).Filter(func(r time.Duration) bool { return c.Frequency%r == 0 }).Draw(t, "rate")
	return c
}

// instants within the years that fit in Unix ns with room to spare
func drawInstant(t *rapid.T) int64 {
	return rapid.Int64Range(-1<<62, 1<<62).Draw(t, "t")
}

func TestEveryInstantIsInExactlyOneWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, row := drawCadence(t), drawInstant(t)
		f := int64(c.Frequency)
		s := c.Start(row)
		if s%f != 0 {
			t.Fatalf("start %d is no multiple of %d", s, f)
		}
		holds := 0
		for _, start := range []int64{s - 2*f, s - f, s, s + f, s + 2*f} {
			if from, to := c.Rows(start); from < row && row <= to {
				holds++
			}
		}
		if from, to := c.Rows(s); holds != 1 || row <= from || row > to {
			t.Fatalf("%d is in %d windows, not only in %d", row, holds, s)
		}
		if _, to := c.Rows(s); to != mustFrom(c, s+f) {
			t.Fatalf("a hole or overlap after window %d", s)
		}
	})
}

func mustFrom(c Cadence, start int64) int64 {
	from, _ := c.Rows(start)
	return from
}

func TestLabelsPartitionIntoWindows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, row := drawCadence(t), drawInstant(t)
		s := c.Start(row)
		first, n := c.Labels(s)
		if next, _ := c.Labels(s + int64(c.Frequency)); next != first+int64(n)*int64(c.Rate) {
			t.Fatalf("the labels after window %d do not go on: %d, %d", s, first, next)
		}
		bin := c.Bin(row)
		if bin < first || bin >= first+int64(n)*int64(c.Rate) || (bin-first)%int64(c.Rate) != 0 {
			t.Fatalf("row %d has bin %d, which is no label of its window %d", row, bin, s)
		}
		if c.Start(bin) != s {
			t.Fatalf("label %d lies in window %d, its rows in %d", bin, c.Start(bin), s)
		}
	})
}

func TestSlotsHoldTheWindowsRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, row := drawCadence(t), drawInstant(t)
		from, to := c.Slots(c.Start(row))
		slot := segment.SlotOf(row)
		if slot < from || slot >= to {
			t.Fatalf("row %d is in slot %d, the window reads %d to %d", row, slot, from, to)
		}
		if n := (to - from) / int64(segment.Slot); n > int64(c.Frequency/segment.Slot)+1 {
			t.Fatalf("%d slots for a window of %s", n, c.Frequency)
		}
	})
}

func TestNextHasTheFirstWakeUpToCome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, now := drawCadence(t), time.Unix(0, drawInstant(t)).UTC()
		if rapid.Bool().Draw(t, "at a wake-up") {
			now = c.Wake(c.Floor(now))
		}
		s := c.Next(now)
		if c.Floor(time.Unix(0, s)) != s || !c.Wake(s).After(now) || c.Wake(s-int64(c.Frequency)).After(now) {
			t.Fatalf("at %s the next window is %d, which wakes at %s", now, s, c.Wake(s))
		}
	})
}

func TestMarginNeverPassesTheWindow(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, row := drawCadence(t), drawInstant(t)
		s := c.Start(row)
		latest, wake := c.Latest(s), c.Wake(s)
		if latest.After(wake) || latest.UnixNano() < c.End(s) || wake.Sub(latest) > c.Delay/2 {
			t.Fatalf("latest %s, wake %s, end %d", latest, wake, c.End(s))
		}
	})
}
