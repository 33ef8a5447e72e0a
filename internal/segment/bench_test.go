package segment

import (
	"path/filepath"
	"testing"
)

// One drop of 300 rows of 18 sensors per operation.
func BenchmarkWrite(b *testing.B) {
	for _, kind := range []string{"decimals", "floats"} {
		b.Run(kind, func(b *testing.B) {
			g := sampleGroup(0, 300, 18)
			if kind == "floats" {
				for _, v := range g.Values {
					for i := range v {
						v[i] /= 3
					}
				}
			}
			w, err := Create(b.TempDir(), "a.seg")
			if err != nil {
				b.Fatal(err)
			}
			defer w.Abort()
			b.SetBytes(300 * 18 * 8)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := w.Block("pump-7", 0, []Group{g}); err != nil {
					b.Fatal(err)
				}
				if err := w.Drop([]byte(`{"Name":"a.csv"}`)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(w.Size())/float64(b.N), "B/drop")
		})
	}
}

// One sensor of a block of 300 sensors at 10 Hz.
func BenchmarkColumn(b *testing.B) {
	dir := b.TempDir()
	w, err := Create(dir, "a.seg")
	if err != nil {
		b.Fatal(err)
	}
	defer w.Abort()
	ref, err := w.Block("pump-7", 0, []Group{sampleGroup(0, 3000, 300)})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Drop(nil); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	f, err := Open(filepath.Join(dir, "a.seg"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	block, err := f.Block(ref)
	if err != nil {
		b.Fatal(err)
	}
	var times []int64
	var values []float64
	s := block.Groups()[0]
	b.SetBytes(3000 * 16)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if times, err = s.Times(times[:0]); err != nil {
			b.Fatal(err)
		}
		if values, err = s.Column(i%300, values[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScan(b *testing.B) {
	path, _ := sample(b, 1000, 1)
	b.ReportAllocs()
	for b.Loop() {
		if err := Scan(path, func([]byte, []Ref) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "us/drop")
}
