package series

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSorterKeepsEveryRowInTimeOrder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		g, sensors, specs, o, rows := drawCase(t)
		rows = withRepeats(t, rows, sensors)
		rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		want := text(naive(rows, sensors, g, specs))
		for _, batches := range [][]*Batch{wideBatches(t, rows, sensors), longBatches(t, rows)} {
			s := NewSorter(dir, rapid.IntRange(64, 8000).Draw(t, "memory"))
			for _, b := range batches {
				if err := s.Add(b); err != nil {
					t.Fatal(err)
				}
			}
			var sorted []*Batch
			n := 0
			err := s.Each(func(b *Batch) error {
				n += b.Len()
				sorted = append(sorted, cloneBatch(b))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			got, report := resampled(t, o, sensors, sorted)
			if got != want || report.TooLate != 0 {
				t.Fatalf("%d too late; got\n%swant\n%s", report.TooLate, got, want)
			}
		}
	})
}

func cloneBatch(b *Batch) *Batch {
	c := &Batch{Times: append([]int64(nil), b.Times...), Sorted: b.Sorted}
	if b.Sensor != nil {
		c.Sensor = append([]int32{}, b.Sensor...)
	}
	for _, col := range b.Columns {
		c.Columns = append(c.Columns, append([]float64(nil), col...))
	}
	return c
}

func TestSorterMergesMoreRunsThanFitAtOnce(t *testing.T) {
	t.Parallel()
	const rows = 20_000
	s := NewSorter(t.TempDir(), 256) // 8 rows a run, two runs a merge
	b := &Batch{Columns: [][]float64{nil, nil, nil}}
	for i := range rows {
		at := int64(i*7919%rows) * int64(time.Second)
		b.Times = append(b.Times, at)
		for c := range b.Columns {
			b.Columns[c] = append(b.Columns[c], float64(at)+float64(c))
		}
	}
	if err := s.Add(b); err != nil {
		t.Fatal(err)
	}
	next := int64(0)
	err := s.Each(func(b *Batch) error {
		for i, at := range b.Times {
			if at != next*int64(time.Second) || b.Columns[2][i] != float64(at)+2 {
				t.Fatalf("row %d has time %d and value %v", next, at, b.Columns[2][i])
			}
			next++
		}
		if !b.Sorted {
			t.Error("a batch is not marked as sorted")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if next != rows {
		t.Errorf("%d rows, want %d", next, rows)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestMediansBeyondMemoryAreExact(t *testing.T) {
	t.Parallel()
	m := medians{dir: t.TempDir(), limit: 1000}
	for bin := range 3 {
		var all [2][]float64
		for i := range 4000 {
			s := i % 2
			v := float64((i*7919 + bin) % 4001)
			all[s] = append(all[s], v)
			if n := m.add(s, []float64{v, math.NaN()}); n != 1 {
				t.Fatalf("%d values counted", n)
			}
		}
		for s := range all {
			got, err := m.take(s)
			if err != nil || got != naiveCell(all[s], AggregateMedian) {
				t.Errorf("bin %d sensor %d: %v, %v", bin, s, got, err)
			}
		}
		if err := m.reset(); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.close(); err != nil {
		t.Fatal(err)
	}
}
