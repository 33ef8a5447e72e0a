package frame

import (
	"math"
	"slices"
	"testing"
	"time"
)

const minute = int64(time.Minute)

func TestTrackerHoldsMarksAndSkips(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	tr := NewTracker(Rules{
		Rate: time.Minute, Hold: []time.Duration{2 * time.Minute, time.Minute},
		Off: Off{Sensor: Name{"c", "speed"}, Bound: 10}, OffAt: 0, Restart: 2 * time.Minute,
	})
	type got struct {
		minute int64
		state  State
		fresh  bool
		a, b   float64
	}
	var rows []got
	keep := func(r Row) error {
		rows = append(rows, got{r.Label / minute, r.State, r.Fresh, r.Values[0], r.Values[1]})
		return nil
	}
	for _, in := range []struct {
		at   int64
		a, b float64
	}{{1, 50, 1}, {2, nan, 2}, {5, 5, nan}, {6, 60, 3}, {7, 60, 3}, {8, 60, 3}, {20, nan, 4}} {
		if err := tr.Add(in.at*minute, []float64{in.a, in.b}, keep); err != nil {
			t.Fatal(err)
		}
	}
	want := []got{
		{1, Running, true, 50, 1},
		{2, Running, false, 50, 2},
		{3, Running, false, 50, 2}, // 4: nothing is held any more
		{5, Stopped, true, 5, nan},
		{6, Restarting, false, 60, 3},
		{7, Restarting, false, 60, 3},
		{8, Running, false, 60, 3},
		{9, Running, false, 60, 3},
		{10, Running, false, 60, nan},
		{20, Running, true, nan, 4},
	}
	equal := func(x, y float64) bool { return x == y || x != x && y != y }
	if !slices.EqualFunc(rows, want, func(g, w got) bool {
		return g.minute == w.minute && g.state == w.state && g.fresh == w.fresh && equal(g.a, w.a) && equal(g.b, w.b)
	}) {
		t.Errorf("got  %v\nwant %v", rows, want)
	}
}

// TestMachinesThatComeBackAfterSilenceRestart has an off machine of which nothing is
// told until it runs again.
func TestMachinesThatComeBackAfterSilenceRestart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		back int64 // minute
		want []State
	}{
		{3, []State{Stopped, Stopped, Restarting, Restarting, Running}},
		{300, []State{Stopped, Stopped, Restarting, Restarting, Running}},
		{1 + 25*60, []State{Stopped, Stopped, Running, Running, Running}}, // nobody knows whether it was
	} {
		tr := NewTracker(Rules{Rate: time.Minute, Hold: []time.Duration{time.Minute}, Off: Off{Sensor: Name{"c", "speed"}, Bound: 10}, Restart: 2 * time.Minute})
		var states []State
		for _, in := range []struct {
			at int64
			v  float64
		}{{1, 0}, {c.back, 50}, {c.back + 1, 50}, {c.back + 2, 50}} {
			if err := tr.Add(in.at*minute, []float64{in.v}, func(r Row) error { states = append(states, r.State); return nil }); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(states, c.want) {
			t.Errorf("back at %d: %v, want %v", c.back, states, c.want)
		}
	}
}

func TestOffConditions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Off{
		"":                              {},
		`AssetX\Sensor1 < 10.0`:         {Sensor: Name{"AssetX", "Sensor1"}, Bound: 10},
		`centrifugal-pump\Sensor13<4e3`: {Sensor: Name{"centrifugal-pump", "Sensor13"}, Bound: 4000},
		` a\b > -1 `:                    {Sensor: Name{"a", "b"}, Above: true, Bound: -1},
	} {
		got, err := ParseOff(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
		if again, err := ParseOff(got.String()); err != nil || again != got {
			t.Errorf("%q comes back as %+v, %v", got.String(), again, err)
		}
	}
	for _, text := range []string{"speed < 10", `a\b`, `a\b < x`, `a\b < NaN`, `\b < 1`, `a\b < `} {
		if _, err := ParseOff(text); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func FuzzParseOff(f *testing.F) {
	f.Add(`a\b < 1`)
	f.Add(`a\b>1e400`)
	f.Fuzz(func(t *testing.T, text string) {
		o, err := ParseOff(text)
		if err != nil {
			return
		}
		if again, err := ParseOff(o.String()); err != nil || again != o {
			t.Errorf("%q: %q comes back as %+v, %v", text, o.String(), again, err)
		}
	})
}
