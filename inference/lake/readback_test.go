package lake_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/inference/detect/frame"
	"millwright/inference/lake"
	"millwright/internal/series"
)

// row is a row of a component; cells that are missing are not in it.
type row struct {
	at    int64
	cells string
}

// drawCSV gives a CSV with sensors a, b, c.
func drawCSV(t *rapid.T, label string) string {
	var b strings.Builder
	b.WriteString("Timestamp,a,b,c\n")
	at := time.Date(2024, 3, 1, rapid.IntRange(0, 23).Draw(t, label+"hour"), 0, 0, 0, time.UTC).Unix()
	disorder := rapid.Bool().Draw(t, label+"disorder")
	step := rapid.SampledFrom([]int64{1, 60, 3600, 40000}).Draw(t, label+"step")
	for i := range rapid.IntRange(1, 120).Draw(t, label+"rows") {
		b.WriteString(time.Unix(at, 0).UTC().Format("2006-01-02T15:04:05"))
		for k := range 3 {
			switch (i*7 + k*3 + int(at)) % 11 {
			case 0:
				b.WriteString(",")
			case 1:
				b.WriteString(",oops")
			default:
				fmt.Fprintf(&b, ",%d.%d5", i%17, k)
			}
		}
		b.WriteString("\n")
		switch rapid.IntRange(0, 19).Draw(t, label+"next") {
		case 0: // the same stamp again
		case 1:
			if disorder {
				at -= 5 * step
			}
		case 2:
			at += 100 * step
		default:
			at += step
		}
	}
	return b.String()
}

// bySeries reads files as series does and puts their rows in the order of time; of
// equal stamps those of the first file come first.
func bySeries(t interface{ Fatal(...any) }, files []string) (times []int64, columns [][]float64) {
	type line struct {
		at    int64
		cells [3]float64
	}
	var all []line
	for _, text := range files {
		r, err := series.NewReader(strings.NewReader(text), series.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for {
			b, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, at := range b.Times {
				all = append(all, line{at, [3]float64{b.Columns[0][i], b.Columns[1][i], b.Columns[2][i]}})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b line) int { return int(min(1, max(-1, a.at-b.at))) })
	columns = make([][]float64, 3)
	for _, l := range all {
		times = append(times, l.at)
		for k := range columns {
			columns[k] = append(columns[k], l.cells[k])
		}
	}
	return times, columns
}

func rowOf(at int64, columns [][]float64, i int) row {
	var b strings.Builder
	for k := range columns {
		fmt.Fprintf(&b, "%v ", columns[k][i])
	}
	return row{at, b.String()}
}

func rows(times []int64, columns [][]float64) []row {
	var all []row
	for i, t := range times {
		all = append(all, rowOf(t, columns, i))
	}
	return all
}

func TestReadBackIsWhatSeriesReads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		r.o.Part = rapid.SampledFrom([]int64{200, 1000, 1 << 20}).Draw(t, "part")
		var files []string
		var objects []lake.Object
		for i := range rapid.IntRange(1, 3).Draw(t, "files") {
			text := drawCSV(t, fmt.Sprint(i))
			files = append(files, text)
			f := r.put(fmt.Sprintf("in%d/%d.csv", n, i), "pump", text)
			f.Seq, f.Ingestion = int64(i), fmt.Sprint("i", n)
			m, err := r.ingest(f)
			if err != nil {
				t.Fatal(err)
			}
			objects = append(objects, m.Objects...)
		}
		times, columns := bySeries(t, files)
		want := rows(times, columns)
		var got []row
		if err := r.lake().Raw(context.Background(), objects, "pump", []string{"a", "b", "c"}, math.MinInt64, math.MaxInt64, func(b *series.Batch) error {
			got = append(got, rows(b.Times, b.Columns)...)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		same(t, "rows", got, want)
		grid(t, r, objects, times, columns)
	})
}

// grid compares what training gets with series' own resampling of all rows.
func grid(t *rapid.T, r *rig, objects []lake.Object, times []int64, columns [][]float64) {
	rate := rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(t, "rate")
	from := times[rapid.IntRange(0, len(times)-1).Draw(t, "from")]
	to := times[len(times)-1] + rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "to")
	var want []row
	rs := series.NewResampler(series.ResampleOptions{Grid: series.Grid{Rate: rate}, Spec: series.Spec{Fill: series.FillNone}}, func(label int64, cells []float64) error {
		line := [][]float64{{cells[2]}, {cells[0]}, {math.NaN()}}
		if label >= from && label < to && (cells[0] == cells[0] || cells[2] == cells[2]) {
			want = append(want, rowOf(label, line, 0))
		}
		return nil
	})
	if err := rs.Add(&series.Batch{Times: times, Columns: columns}); err != nil {
		t.Fatal(err)
	}
	if err := rs.Close(); err != nil {
		t.Fatal(err)
	}
	src, err := r.lake().Rows(lake.Selection{
		Tiers: [][]lake.Object{objects}, Names: []frame.Name{{Component: "pump", Sensor: "c"}, {Component: "pump", Sensor: "a"}, {Component: "other", Sensor: "x"}},
		From: from, To: to, Rate: rate,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	for range 2 { // the second pass is from the scratch file
		var got []row
		if err := src.Each(context.Background(), func(label int64, cells []float64) error {
			got = append(got, rowOf(label, [][]float64{{cells[0]}, {cells[1]}, {cells[2]}}, 0))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		same(t, "grid", got, want)
	}
}

func TestKilledAtAnyWriteTheObjectsAreTheSame(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.o.Part = 700
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		f := r.put(fmt.Sprintf("kill%d/a.csv", n), "pump", drawCSV(t, ""))
		f.Ingestion = fmt.Sprint("clean", n)
		clean, err := r.ingest(f)
		if err != nil {
			t.Fatal(err)
		}
		f.Ingestion = fmt.Sprint("killed", n)
		var at lake.Checkpoint
		for range 50 {
			k := &killer{Store: r.client, after: rapid.Bool().Draw(t, "after")}
			k.left.Store(rapid.Int64Range(1, 12).Draw(t, "writes"))
			forget := rapid.IntRange(0, 5).Draw(t, "forget") == 0
			m, err := lake.New(k, r.o, nopLog()).Ingest(context.Background(), f, at, func(_ context.Context, c lake.Checkpoint) error {
				if !forget {
					at = c
				}
				return nil
			})
			if err == nil {
				if m.Rows != clean.Rows || len(m.Objects) != len(clean.Objects) {
					t.Fatalf("%d rows in %d objects, not %d in %d", m.Rows, len(m.Objects), clean.Rows, len(clean.Objects))
				}
				break
			}
		}
		if _, err := lake.New(r.client, r.o, nopLog()).Ingest(context.Background(), f, at, func(context.Context, lake.Checkpoint) error { return nil }); err != nil {
			t.Fatal(err)
		}
		strip := func(all []string) []string {
			var out []string
			for _, line := range all {
				if key, _, _ := strings.Cut(line, " "); strings.HasSuffix(key, ".json") {
					line = key // has the ingestion's id in its keys
				}
				out = append(out, line)
			}
			return out
		}
		same(t, "objects", strip(r.listing("datasets/ds/killed"+fmt.Sprint(n)+"/")), strip(r.listing("datasets/ds/clean"+fmt.Sprint(n)+"/")))
	})
}
