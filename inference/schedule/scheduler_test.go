package schedule

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/window"
)

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04:05", "2026-01-05 "+text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestFirstRunsAfterNine is the service's own table.
func TestFirstRunsAfterNine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ frequency, delay, started, wake, from int }{
		{5, 0, 0, 5, 0},
		{10, 0, 0, 10, 0},
		{15, 0, 0, 15, 0},
		{30, 0, 0, 30, 0},
		{60, 0, 0, 60, 0},
		{5, 5, 0, 10, 0},
		{10, 5, 0, 15, 0},
		{15, 5, 0, 20, 0},
		{30, 5, 0, 35, 0},
		{60, 5, 0, 65, 0},
		{10, 5, 8, 15, 0},
		{10, 0, 8, 10, 0},
	} {
		nine := at("09:00:00")
		started := nine.Add(time.Duration(c.started) * time.Minute)
		s := Scheduler{ID: "s", Frequency: time.Duration(c.frequency) * time.Minute, Delay: time.Duration(c.delay) * time.Minute, Ran: []Span{{From: started}}}
		var first Wake
		for now := started; first.Start == 0; now = now.Add(time.Second) {
			first, _ = s.Due(now, nil)
		}
		if want := nine.Add(time.Duration(c.wake) * time.Minute); !first.At.Equal(want) {
			t.Errorf("%+v: woke at %s, want %s", c, first.At, want)
		}
		if want := nine.Add(time.Duration(c.from) * time.Minute).UnixNano(); first.Start != want {
			t.Errorf("%+v: data from %s", c, time.Unix(0, first.Start).UTC())
		}
	}
}

func drawScheduler(t *rapid.T) Scheduler {
	s := Scheduler{
		ID: "s", Frequency: rapid.SampledFrom(window.Frequencies()).Draw(t, "frequency"),
		Delay: time.Duration(rapid.IntRange(0, 60).Draw(t, "delay")) * time.Minute,
	}
	from := at("00:00:00").Add(time.Duration(rapid.IntRange(-2880, 2880).Draw(t, "from")) * time.Minute)
	for range rapid.IntRange(0, 3).Draw(t, "stops") {
		to := from.Add(time.Duration(rapid.IntRange(1, 30_000).Draw(t, "ran")) * time.Second)
		s.Ran = append(s.Ran, Span{from, to})
		from = to.Add(time.Duration(rapid.IntRange(1, 30_000).Draw(t, "stopped")) * time.Second)
	}
	s.Ran = append(s.Ran, Span{From: from})
	return s
}

// TestEveryWindowHasItsTurnOnce holds Due, as a clock asks it that misses nothing,
// against Missed after an outage at any moment.
func TestEveryWindowHasItsTurnOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScheduler(t)
		end := at("12:00:00").Add(time.Duration(rapid.IntRange(0, 86_400*2).Draw(t, "end")) * time.Second)
		catchUp := time.Duration(rapid.IntRange(0, 28).Draw(t, "catch up")) * time.Hour
		var always []Wake // what a service that never stops would run
		for now := end.Add(-30 * time.Hour).Truncate(time.Minute); !now.After(end); now = now.Add(time.Minute) {
			var have []Stretch
			if n := len(always); n > 0 {
				have = []Stretch{{always[n-1].Start, always[n-1].End}}
			}
			if w, ok := s.Due(now, have); ok {
				if w.At.After(now) || now.Sub(w.At) >= s.Frequency || w.End-w.Start != int64(s.Frequency) || w.Start%int64(s.Frequency) != 0 || w.MadeUp {
					t.Fatalf("at %s: %+v", now, w)
				}
				always = append(always, w)
			}
		}
		have := make([]Stretch, 0, len(always))
		var lost []Wake
		due, _ := s.Due(end, nil)
		for _, w := range always {
			switch {
			case w.Start == due.Start:
			case rapid.IntRange(0, 3).Draw(t, "lost") == 0 && w.At.Compare(end.Add(-catchUp)) >= 0:
				w.MadeUp = true
				lost = append(lost, w)
			default:
				have = append(have, Stretch{w.Start, w.End})
			}
		}
		rand := rapid.Permutation(have).Draw(t, "order")
		got := s.Missed(end, catchUp, rand)
		got = slices.DeleteFunc(got, func(w Wake) bool { return w.At.Before(always1(always, end)) })
		if !slices.Equal(got, lost) {
			t.Fatalf("missed %v, want %v", got, lost)
		}
	})
}

// always1 is the first wake-up that the oracle saw.
func always1(all []Wake, end time.Time) time.Time {
	if len(all) == 0 {
		return end
	}
	return all[0].At
}

func TestFormerFrequencyCounts(t *testing.T) {
	t.Parallel()
	s := Scheduler{ID: "s", Frequency: 5 * time.Minute, Ran: []Span{{From: at("09:00:00")}}}
	have := []Stretch{{at("09:00:00").UnixNano(), at("09:10:00").UnixNano()}} // of PT10M
	if got := s.Missed(at("09:21:00"), time.Hour, have); len(got) != 1 || got[0].Start != at("09:10:00").UnixNano() {
		t.Error(got)
	}
}
