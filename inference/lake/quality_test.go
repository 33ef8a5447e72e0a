package lake_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/internal/sensorstat"
	"millwright/internal/series"
)

var kinds = []string{"noise", "modes", "valve", "counter", "falling", "static", "gaps", "sparse", "text", "empty", "dirty"}

// history is the rows of a CSV with a sensor of every kind, hourly.
func history(seed uint64, n int, repeats bool) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var lines []string
	for i := range n {
		cells := []string{
			fmt.Sprintf("%.4f", 50+r.NormFloat64()),
			fmt.Sprintf("%.4f", float64(10+80*(i/50%2))+r.NormFloat64()),
			fmt.Sprint(i / 30 % 3),
			fmt.Sprintf("%.2f", float64(i)/3),
			fmt.Sprintf("%.2f", 1000-float64(i)/3),
			"7.5",
			"", "", "broken", "", fmt.Sprintf("%.3f", r.Float64()),
		}
		if i/60%2 == 0 {
			cells[6] = fmt.Sprintf("%.3f", r.Float64())
		}
		if i%4 == 1 {
			cells[7] = fmt.Sprintf("%.3f", r.Float64())
		}
		if i > 0 && i%97 == 0 {
			cells[10] = "n.a.!"
		}
		stamp := at.Add(time.Duration(i) * time.Hour).Format("2006-01-02T15:04:05")
		if i%211 == 210 {
			stamp = "yesterday"
		}
		lines = append(lines, stamp+","+strings.Join(cells, ","))
		if repeats && i%50 == 3 {
			lines = append(lines, lines[len(lines)-1])
		}
	}
	return lines
}

func csvOf(lines []string) string {
	return "Timestamp," + strings.Join(kinds, ",") + "\n" + strings.Join(lines, "\n") + "\n"
}

// bySensorstat is what the agent's validation says of a CSV.
func bySensorstat(t testing.TB, text string) map[string]sensorstat.Statistics {
	t.Helper()
	set := sensorstat.NewSet()
	rows := set.Rows(series.Wide)
	bad := map[string]int64{}
	r, err := series.NewReader(strings.NewReader(text), series.Options{OnFault: func(f series.Fault) {
		if f.Kind == series.BadCell {
			bad[f.Column]++
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	rows.Name(r.Names())
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows.Add(b)
	}
	for name, n := range bad {
		set.Invalid(name, n)
	}
	for _, name := range r.Names() {
		set.InvalidDates(name, r.Report().Bad[series.BadStamp])
	}
	all := map[string]sensorstat.Statistics{}
	for _, st := range set.Sensors() {
		all[st.Sensor] = st
	}
	return all
}

func TestStatisticsAreThoseOfValidate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, n := range []int{200, 3000} {
		text := csvOf(history(uint64(n), n, true))
		f := r.put(fmt.Sprintf("s%d.csv", n), "pump", text)
		var sum lake.Summary
		sum.Add(r.must(f))
		want := bySensorstat(t, text)
		for _, st := range sum.Sensors() {
			w := want[st.Sensor]
			w.Reasons, st.Reasons = nil, nil
			if st.Sensor == "text" { // no sensor at all there
				w.Invalid, w.Missing = sensorstat.Share{Count: w.Cells, Percentage: 100}, sensorstat.Share{}
			}
			if !reflect.DeepEqual(st.Statistics, w) {
				t.Errorf("%d rows, %s:\n got %+v\nwant %+v", n, st.Sensor, st.Statistics, w)
			}
		}
	}
}

// TestStatisticsDoNotDependOnHowRowsLieInFiles deals the rows of a history to
// files, of any part size and in any order.
func TestStatisticsDoNotDependOnHowRowsLieInFiles(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		lines := history(rapid.Uint64().Draw(t, "seed"), rapid.IntRange(100, 400).Draw(t, "rows"), true)
		whole := r.put(fmt.Sprintf("w%d.csv", n), "pump", csvOf(lines))
		whole.Ingestion = fmt.Sprint("whole", n)
		r.o.Part = 1 << 20
		m, err := r.ingest(whole)
		if err != nil {
			t.Fatal(err)
		}
		var want lake.Summary
		want.Add(m)

		r.o.Part = rapid.SampledFrom([]int64{5000, 12000}).Draw(t, "part")
		var manifests []*lake.Manifest
		var objects []lake.Object
		for i := 0; len(lines) > 0; i++ {
			k := min(len(lines), rapid.IntRange(60, 250).Draw(t, "cut"))
			f := r.put(fmt.Sprintf("p%d/%d.csv", n, i), "pump", csvOf(lines[:k]))
			f.Ingestion, f.Seq = fmt.Sprint("parts", n), int64(i)
			m, err := r.ingest(f)
			if err != nil {
				t.Fatal(err)
			}
			manifests, objects = append(manifests, m), append(objects, m.Objects...)
			lines = lines[k:]
		}
		var got lake.Summary
		for _, i := range rapid.Permutation(indices(len(manifests))).Draw(t, "order") {
			got.Add(manifests[i])
		}
		for _, o := range lake.Overlaps(objects) {
			more, err := r.lake().Repeats(context.Background(), o, kinds)
			if err != nil {
				t.Fatal(err)
			}
			got.Repeat(o.Component, more)
		}
		if g, w := got.Sensors(), want.Sensors(); !reflect.DeepEqual(g, w) {
			for i := range w {
				if !reflect.DeepEqual(g[i], w[i]) {
					t.Fatalf("%s:\n got %+v\nwant %+v", w[i].Sensor, g[i], w[i])
				}
			}
		}
		if g, w := got.Quality(), want.Quality(); g != w {
			t.Fatalf("%+v, want %+v", g, w)
		}
	})
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestQualityCountsSensors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var sum lake.Summary
	lines := history(3, 600, true)
	sum.Add(r.must(r.put("q.csv", "pump", csvOf(lines))))
	sum.Expect([]frame.Name{{Component: "pump", Sensor: "noise"}, {Component: "fan", Sensor: "gone"}})
	var want lake.Quality
	want.InsufficientSensorData.MissingCompleteSensorData.AffectedSensorCount = 3 // text, empty, gone
	want.MissingSensorData.AffectedSensorCount = 3                                // gaps, sparse, empty
	want.InvalidSensorData.AffectedSensorCount = 2                                // text, dirty
	want.UnsupportedTimestamps.TotalNumberOfUnsupportedTimestamps = 2
	want.DuplicateTimestamps.TotalNumberOfDuplicateTimestamps = 12
	got := sum.Quality()
	want.MissingSensorData.TotalNumberOfMissingValues = got.MissingSensorData.TotalNumberOfMissingValues
	want.InvalidSensorData.TotalNumberOfInvalidValues = got.InvalidSensorData.TotalNumberOfInvalidValues
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n := got.InvalidSensorData.TotalNumberOfInvalidValues; n != 610+6 {
		t.Errorf("%d invalid values", n)
	}
	if sum.Rows != 610 || sum.End-sum.Start != int64(599*time.Hour) {
		t.Errorf("%d rows, %d to %d", sum.Rows, sum.Start, sum.End)
	}
}
