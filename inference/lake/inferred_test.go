package lake_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
)

var machine = []frame.Name{{Component: "fan", Sensor: "x"}, {Component: "pump", Sensor: "a"}, {Component: "pump", Sensor: "b"}}

const windowLength = int64(5 * time.Minute)

// windowRows are the rows that an execution took, a minute apart; the pump has one
// stamp twice.
func windowRows(start int64) []lake.Rows {
	fan, pump := lake.Rows{Component: "fan", Sensors: []string{"x"}, Cells: make([][]float64, 1)}, lake.Rows{Component: "pump", Sensors: []string{"a", "b"}, Cells: make([][]float64, 2)}
	for t := start + int64(time.Minute); t <= start+windowLength; t += int64(time.Minute) {
		v := float64(t / int64(time.Minute) % 1000)
		fan.Times, fan.Cells[0] = append(fan.Times, t+1e9), append(fan.Cells[0], v)
		pump.Times, pump.Cells[0], pump.Cells[1] = append(pump.Times, t), append(pump.Cells[0], v+.5), append(pump.Cells[1], math.NaN())
		if t == start+2*int64(time.Minute) {
			pump.Times, pump.Cells[0], pump.Cells[1] = append(pump.Times, t), append(pump.Cells[0], -1), append(pump.Cells[1], v+.25)
		}
	}
	return []lake.Rows{pump, fan}
}

func (r *rig) frame(t interface{ Fatal(...any) }, rate time.Duration, tiers ...[]lake.Object) []row {
	src, err := r.lake().Rows(lake.Selection{Tiers: tiers, Names: machine, From: math.MinInt64, Rate: rate})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f, err := frame.Collect(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for i, label := range f.Labels {
		all = append(all, row{label, fmt.Sprint(f.Row(i))})
	}
	return all
}

func TestWindowsReadTheSameCompactedOrNot(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		model := fmt.Sprint("m", n)
		day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC).UnixNano()
		var objects []lake.Object
		count := rapid.IntRange(2, 12).Draw(t, "windows")
		for i := range count {
			start := day + int64(i*24*3600/count)*1e9/windowLength*windowLength
			made, err := r.lake().PutWindow(context.Background(), model, start, windowRows(start))
			if err != nil {
				t.Fatal(err)
			}
			if len(made) != 2 || made[0].Key != made[1].Key || !strings.HasPrefix(made[0].Key, "inference/"+model+"/windows/2024-05-01/") {
				t.Fatalf("%+v", made)
			}
			objects = append(objects, made...)
		}
		want := r.frame(t, time.Minute, objects)
		if len(want) != 6*count { // the fan's last row is in a bin of its own
			t.Fatalf("%d rows of %d windows", len(want), count)
		}
		// Some of the day is compacted first, the rest with it later.
		early := 2 * rapid.IntRange(1, count-1).Draw(t, "early")
		first := compact(t, r, model, objects[:early])
		second := compact(t, r, model, append(slices.Clone(first.Objects), objects[early:]...))
		if len(second.Objects) != 2 || second.Objects[0].Component != "fan" || second.Objects[0].Rows != int64(5*count) || second.Objects[1].Rows != int64(6*count) {
			t.Fatalf("%+v", second)
		}
		if err := r.lake().Remove(context.Background(), append(first.Inputs, second.Inputs...)...); err != nil {
			t.Fatal(err)
		}
		same(t, "rows", r.frame(t, time.Minute, second.Objects), want)
	})
}

// compact does it with kills, and looks whether the manifest comes last.
func compact(t *rapid.T, r *rig, model string, objects []lake.Object) *lake.Compaction {
	day := objects[0].Day
	for range 20 {
		k := &killer{Store: r.client, after: rapid.Bool().Draw(t, "after")}
		k.left.Store(rapid.Int64Range(1, 5).Draw(t, "writes"))
		c, err := lake.New(k, r.o, nopLog()).Compact(context.Background(), model, day, objects, machine)
		if err != nil {
			continue
		}
		again, err := r.lake().Compact(context.Background(), model, day, objects, machine)
		if err != nil || !slices.Equal(again.Objects, c.Objects) || !slices.Equal(again.Inputs, c.Inputs) {
			t.Fatalf("%v\n%+v\n%+v", err, again, c)
		}
		return c
	}
	c, err := r.lake().Compact(context.Background(), model, day, objects, machine)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheDatasetWinsWhereItHasAValue(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC).UnixNano()
	windows, err := r.lake().PutWindow(t.Context(), "m", start, windowRows(start))
	if err != nil {
		t.Fatal(err)
	}
	m := r.must(r.put("p.csv", "pump", "Timestamp,a,b\n2024-05-01T00:02:00,100,200\n2024-05-01T00:02:30,300,\n2024-05-01T00:09:00,7,8\n"))
	got := r.frame(t, time.Minute, m.Objects, windows)
	min := int64(time.Minute)
	want := []row{
		{start + 1*min, "[NaN 441.5 NaN]"},
		{start + 2*min, "[441 100 200]"},
		{start + 3*min, "[442 300 NaN]"},
		{start + 4*min, "[443 444.5 NaN]"},
		{start + 5*min, "[444 445.5 NaN]"},
		{start + 6*min, "[445 NaN NaN]"},
		{start + 9*min, "[NaN 7 8]"},
	}
	base := float64(start / min % 1000)
	for i := range want { // the minute's number stands in for the sensors' values
		for n := range 6 {
			want[i].cells = strings.ReplaceAll(want[i].cells, fmt.Sprint(440+n), fmt.Sprint(base+float64(n)))
		}
	}
	same(t, "rows", got, want)
}

func TestWindowsOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if _, err := r.lake().PutWindow(t.Context(), "m", 0, []lake.Rows{{Component: "pump", Sensors: []string{"a"}, Times: []int64{2, 1}, Cells: [][]float64{{1, 2}}}}); err == nil {
		t.Error("no error")
	}
	if all, err := r.lake().PutWindow(t.Context(), "m", 0, []lake.Rows{{Component: "pump", Sensors: []string{"a"}, Cells: [][]float64{nil}}}); err != nil || all != nil {
		t.Errorf("%v %v", all, err)
	}
}
