package files

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

// noisy writes a minute's rows, every fiftieth flow and every fortieth level not a reading.
func noisy(t *testing.T, long bool, code, other string) File {
	t.Helper()
	var b strings.Builder
	if b.WriteString("Timestamp,flow,level\n"); long {
		b.Reset()
		b.WriteString("Timestamp,tag,value\n")
	}
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for i := range 5000 {
		flow, level := fmt.Sprint(40+float64(i%17)/10), fmt.Sprint(3+float64(i%13)/10)
		if i%50 == 3 {
			flow = code
		}
		if i%40 == 7 {
			level = other
		}
		stamp := at.Add(time.Duration(i) * time.Minute).Format(time.RFC3339)
		if long {
			fmt.Fprintf(&b, "%[1]s,flow,%[2]s\n%[1]s,level,%[3]s\n", stamp, flow, level)
		} else {
			fmt.Fprintf(&b, "%s,%s,%s\n", stamp, flow, level)
		}
	}
	path := filepath.Join(t.TempDir(), "pump.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return File{Path: path, Component: "pump"}
}

// lowest is the lowest mean of each sensor.
func lowest(t *testing.T, s *Source) []float64 {
	t.Helper()
	f, err := frame.Collect(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	low := slices.Repeat([]float64{math.Inf(1)}, len(s.Names()))
	for i := range f.Labels {
		for j, v := range f.Row(i) {
			low[j] = min(low[j], v)
		}
	}
	return low
}

// TestCodesAreNoPartOfAMean has a sentinel in every fiftieth value, five values to a row.
func TestCodesAreNoPartOfAMean(t *testing.T) {
	t.Parallel()
	for _, long := range []bool{false, true} {
		file := noisy(t, long, "-9999", "-7777")
		o := Options{Rate: 5 * time.Minute}
		if long {
			o.CSV.Layout = "long"
		}
		s, err := Open(t.Context(), []File{file}, o)
		if err != nil {
			t.Fatal(err)
		}
		if c := s.Coded(); len(c) != 1 || c[0].Sensor.Sensor != "flow" || c[0].Readings != 100 || !slices.Equal(c[0].Codes, []float64{-9999}) {
			t.Errorf("codes %+v", c)
		}
		if low := lowest(t, s); low[0] < 40 || low[1] > -1000 {
			t.Errorf("lowest means %v", low)
		}
		if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, `pump\level: -7777 comes about `) || strings.Contains(notes, "9999") {
			t.Errorf("notes %q", notes)
		}
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		o.Faults = []frame.Range{{Start: at.UnixNano(), End: at.AddDate(1, 0, 0).UnixNano()}}
		if s, err = Open(t.Context(), []File{file}, o); err != nil || len(s.Coded()) != 0 {
			t.Errorf("in a fault: %v, %v", s.Coded(), err)
		}
		o.Columns, o.Codes = s.Names(), [][]float64{{-9999}, {-7777}}
		if s, err = Open(t.Context(), []File{file}, o); err != nil {
			t.Fatal(err)
		}
		if low := lowest(t, s); low[0] < 40 || low[1] < 3 || len(s.Coded()) != 0 || len(s.Notes()) != 0 {
			t.Errorf("with codes that are known: lowest means %v, %v, %q", low, s.Coded(), s.Notes())
		}
	}
}

func TestReadingsThatLookLikeCodesStay(t *testing.T) {
	t.Parallel()
	at := func(n int, v float64, more ...float64) []float64 {
		return append(slices.Repeat([]float64{v}, n), more...)
	}
	ramp := func(n int, more ...float64) []float64 {
		for i := range n {
			more = append(more, float64(i%1000))
		}
		return more
	}
	var slope []float64
	for i := range 50 {
		slope = append(slope, 8000+40*float64(i))
	}
	for name, c := range map[string]struct {
		all            []float64
		codes, suspect int
	}{
		"within":        {ramp(8000, at(50, 999)...), 0, 0},
		"far":           {ramp(8000, at(50, -99999)...), 1, 0},
		"near":          {ramp(8000, at(50, 9998)...), 0, 1},
		"less far":      {ramp(8000, at(50, -9999)...), 1, 0},
		"a slope to it": {ramp(8000, append(at(50, 9999), slope...)...), 0, 0},
		"once":          {ramp(8000, -99999), 0, 0},
		"mostly codes":  {ramp(100, at(100, -99999)...), 0, 0},
		"at rest":       {append(at(100, 0), 1200, 1201, 1202), 0, 0},
		"two levels":    {at(1000, 5, at(50, 999)...), 0, 0},
		"nothing":       {nil, 0, 0},
		"unknown value": {ramp(8000, at(200, 1e7)...), 0, 1},
	} {
		var v values
		for _, x := range c.all {
			v.add(x)
		}
		codes, _ := v.found()
		_, n := v.suspect()
		if len(codes) != c.codes || (n > 0) != (c.suspect > 0) {
			t.Errorf("%s: codes %v, %d suspects", name, codes, n)
		}
	}
}
