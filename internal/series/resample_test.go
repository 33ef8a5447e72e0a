package series

import (
	"math"
	"slices"
	"testing"
	"time"

	"millwright/internal/window"
	"pgregory.net/rapid"
)

// resampled runs batches through a Resampler and gives the lines it puts out.
func resampled(t interface {
	Helper()
	Fatalf(string, ...any)
}, o ResampleOptions, sensors int, batches []*Batch,
) (string, ResampleReport) {
	t.Helper()
	var out []byte
	before := int64(math.MinInt64)
	r := NewResampler(o, func(label int64, cells []float64) error {
		if label <= before {
			t.Fatalf("label %d after %d", label, before)
		}
		before = label
		padded := slices.Clone(cells)
		for len(padded) < sensors {
			padded = append(padded, math.NaN())
		}
		out = appendRow(out, label, padded)
		return nil
	})
	for _, b := range batches {
		if err := r.Add(b); err != nil {
			t.Fatalf("add: %v", err)
		}
		for _, c := range b.Columns { // the batch is the reader's: nothing may be kept of it
			for i := range c {
				c[i] = -12345
			}
		}
	}
	if err := r.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	return string(out), r.Report()
}

func drawCase(t *rapid.T) (Grid, int, []Spec, ResampleOptions, []row) {
	g := drawGrid(t)
	sensors := rapid.IntRange(1, 9).Draw(t, "sensors")
	specs := make([]Spec, sensors)
	common := drawSpec(t)
	mixed := rapid.Bool().Draw(t, "mixed")
	for s := range specs {
		specs[s] = common
		if mixed {
			specs[s] = drawSpec(t)
		}
	}
	o := ResampleOptions{Grid: g, SpecOf: func(s int) Spec { return specs[s] }}
	return g, sensors, specs, o, drawRows(t, sensors, g)
}

func TestSortedRowsGiveTheNaiveCells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, specs, o, rows := drawCase(t)
		want := text(naive(rows, sensors, g, specs))
		got, report := resampled(t, o, sensors, wideBatches(t, rows, sensors))
		if got != want {
			t.Fatalf("got\n%swant\n%s", got, want)
		}
		if report.TooLate != 0 || report.Rows != int64(len(rows)) || report.Repeats != (Repeats{}) {
			t.Fatalf("report %+v", report)
		}
	})
}

// shuffled moves rows about without putting any more than reorder bins behind.
func shuffled(t *rapid.T, rows []row, g Grid, reorder int64) []row {
	rows = slices.Clone(rows)
	for range rapid.IntRange(0, 60).Draw(t, "swaps") {
		i := rapid.IntRange(0, len(rows)-1).Draw(t, "i")
		j := rapid.IntRange(0, len(rows)-1).Draw(t, "j")
		rows[i], rows[j] = rows[j], rows[i]
		if !withinHorizon(rows, g, reorder) {
			rows[i], rows[j] = rows[j], rows[i]
		}
	}
	return rows
}

func withinHorizon(rows []row, g Grid, reorder int64) bool {
	newest := int64(math.MinInt64 / 2)
	for _, r := range rows {
		label := naiveLabel(r.time, g)
		newest = max(newest, label)
		if label < newest-reorder*int64(g.Rate) {
			return false
		}
	}
	return true
}

// withRepeats adds rows whose timestamps occur already.
func withRepeats(t *rapid.T, rows []row, sensors int) []row {
	for range rapid.IntRange(0, 10).Draw(t, "repeats") {
		at := rapid.IntRange(0, len(rows)-1).Draw(t, "at")
		again := row{time: rows[at].time, cells: make([]float64, sensors)}
		for s := range again.cells {
			again.cells[s] = drawValue(t)
		}
		rows = slices.Insert(rows, at+1, again)
	}
	return rows
}

func TestOrderInsideTheHorizonMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, specs, o, rows := drawCase(t)
		o.Reorder = rapid.IntRange(1, 12).Draw(t, "reorder")
		rows = shuffled(t, withRepeats(t, rows, sensors), g, int64(o.Reorder))
		want := text(naive(rows, sensors, g, specs))
		for _, batches := range [][]*Batch{wideBatches(t, rows, sensors), longBatches(t, rows)} {
			got, report := resampled(t, o, sensors, batches)
			if report.TooLate != 0 {
				t.Fatalf("%d rows too late", report.TooLate)
			}
			if got != want {
				t.Fatalf("got\n%swant\n%s", got, want)
			}
		}
	})
}

func TestLittleMemoryChangesNoCellOfSortedRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, specs, o, rows := drawCase(t)
		g.Rate *= 20 // many rows in a bin
		o.Grid, o.Memory, o.Scratch = g, rapid.IntRange(1, 4000).Draw(t, "memory"), ""
		want := text(naive(rows, sensors, g, specs))
		for _, batches := range [][]*Batch{wideBatches(t, rows, sensors), longBatches(t, rows)} {
			if got, _ := resampled(t, o, sensors, batches); got != want {
				t.Fatalf("got\n%swant\n%s", got, want)
			}
		}
	})
}

func TestRowsBeyondTheHorizonAreCountedNotUsed(t *testing.T) {
	t.Parallel()
	g := Grid{Rate: time.Second}
	sec := int64(time.Second)
	b := &Batch{
		Times:   []int64{20 * sec, 10 * sec, 9 * sec, 30 * sec, 19 * sec},
		Columns: [][]float64{{1, 2, 3, 4, 5}},
	}
	got, report := resampled(t, ResampleOptions{Grid: g, Spec: Spec{Fill: FillNone}}, 1, []*Batch{b})
	if report.TooLate != 2 || report.Rows != 5 || report.Bins != 3 {
		t.Errorf("report %+v", report)
	}
	want := "1970-01-01T00:00:10.000000,2\n1970-01-01T00:00:20.000000,1\n1970-01-01T00:00:30.000000,4\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestRepeatsAreCountedByWhetherTheyDiffer(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	b := &Batch{Times: []int64{5, 5, 5, 6}, Columns: [][]float64{{1, 1, 2, 9}, {nan, 7, 8, nan}}}
	got, report := resampled(t, ResampleOptions{Grid: Grid{Rate: time.Second, Label: window.LabelStart}}, 2, []*Batch{b})
	if want := (Repeats{Same: 1, Differing: 2}); report.Repeats != want {
		t.Errorf("repeats %+v, want %+v", report.Repeats, want)
	}
	if want := "1970-01-01T00:00:00.000000,5,7\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestColumnsMayComeLater(t *testing.T) {
	t.Parallel()
	sec := int64(time.Second)
	batches := []*Batch{
		{Times: []int64{sec}, Columns: [][]float64{{1}}, Sorted: true},
		{Times: []int64{sec + 1, 2 * sec}, Columns: [][]float64{{2, 3}, {4, 5}}, Sorted: true},
		{Times: []int64{3 * sec}, Columns: [][]float64{{6}}, Sorted: true},
	}
	got, _ := resampled(t, ResampleOptions{Grid: Grid{Rate: time.Minute}}, 2, batches)
	if want := "1970-01-01T00:01:00.000000,3,4.5\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestExtremeInstantsEnd(t *testing.T) {
	t.Parallel()
	b := &Batch{
		Times:   []int64{math.MinInt64, math.MaxInt64, math.MinInt64 + 1, math.MaxInt64 - 1, 0},
		Columns: [][]float64{{1, 2, 3, 4, 5}},
	}
	r := NewResampler(ResampleOptions{Grid: Grid{Rate: time.Hour}, Spec: Spec{Fill: FillHold}}, func(int64, []float64) error { return nil })
	if err := r.Add(b); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkResampler(b *testing.B) {
	const sensors, rows = 30, 4096
	batch := &Batch{Times: make([]int64, rows), Columns: make([][]float64, sensors), Sorted: true}
	for s := range batch.Columns {
		batch.Columns[s] = make([]float64, rows)
		for i := range batch.Columns[s] {
			batch.Columns[s][i] = float64((i*7919+s)%1000) / 10
			if (i*31+s)%100 == 0 {
				batch.Columns[s][i] = math.NaN()
			}
		}
	}
	for _, c := range []struct {
		name string
		rate time.Duration
		agg  Aggregate
	}{
		{"mean/1m", time.Minute, AggregateMean},
		{"mean/1h", time.Hour, AggregateMean},
		{"mean/1s", time.Second, AggregateMean},
		{"max/1m", time.Minute, AggregateMax},
		{"median/1m", time.Minute, AggregateMedian},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := NewResampler(ResampleOptions{Grid: Grid{Rate: c.rate}, Spec: Spec{Aggregate: c.agg}}, func(int64, []float64) error { return nil })
			at := int64(0)
			for b.Loop() {
				for i := range batch.Times {
					at += int64(time.Second)
					batch.Times[i] = at
				}
				if err := r.Add(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(sensors*rows), "ns/value")
		})
	}
}
