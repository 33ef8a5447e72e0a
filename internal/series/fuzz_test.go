package series

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// Whatever a file holds: no panic, counts that add up, and the scanner and the
// general path read the same.
func FuzzReader(f *testing.F) {
	for _, c := range dialectSamples() {
		f.Add([]byte(c.text), byte(0))
		f.Add([]byte(c.text), byte(1))
	}
	f.Add(gzipped(gzipSample), byte(2))
	loc := berlin(f)
	f.Fuzz(func(t *testing.T, text []byte, how byte) {
		o := Options{MaxRow: 4096, MaxColumns: 64, MaxBytes: 1 << 20, Zone: loc, WholeLines: how&1 > 0, Lines: true}
		if how&2 > 0 {
			o.Layout = Long
		}
		r, err := NewReader(strings.NewReader(string(text)), o)
		if err != nil {
			return
		}
		rows, err := drain(r)
		var h *HopelessError
		if err != nil && !errors.As(err, &h) {
			t.Fatal(err)
		}
		rep := r.Report()
		faulty := rep.Bad[BadStamp] + rep.Bad[GapStamp] + rep.Bad[Ambiguous] + rep.Bad[BadRow]
		if rep.Used != int64(len(rows)) || rep.Rows != rep.Used+faulty || rep.Values < 0 {
			t.Fatalf("the counts do not add up: %+v", rep)
		}
		if r.Resumable() && err == nil {
			off, line := r.Consumed()
			if off > int64(len(text)) || r.dialect.LineEnd != "cr" && off > 0 && text[off-1] != '\n' || line < 0 {
				t.Fatalf("consumed %d of %d bytes, %d lines", off, len(text), line)
			}
		}
		slow, _ := NewReader(strings.NewReader(string(text)), o)
		slow.careful = true
		again, _ := drain(slow)
		if !slices.Equal(rows, again) {
			t.Fatalf("the fast path reads\n%s\nthe general one\n%s", strings.Join(rows, "\n"), strings.Join(again, "\n"))
		}
		if a, b := r.Report(), slow.Report(); a.Values != b.Values || a.Empty != b.Empty || a.Marked != b.Marked || a.Text != b.Text || a.Skipped != b.Skipped || a.OutOfOrder != b.OutOfOrder {
			t.Fatalf("the fast path counts %+v, the general one %+v", a, b)
		}
	})
}
