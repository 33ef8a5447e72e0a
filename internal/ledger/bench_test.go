package ledger

import (
	"context"
	"fmt"
	"testing"
	"time"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// manyTakings makes a batch of drops of 30 sensors with two blocks each.
func manyTakings(batch, n int) []drop.Taking {
	out := make([]drop.Taking, n)
	for i := range out {
		k := aTaking(fmt.Sprintf("pump/%06d_%03d.csv", batch, i), fmt.Sprintf("seg-%d", batch), 150, (batch*n+i)*2%1000, (batch*n+i)*2%1000+1)
		for b := range k.Blocks {
			ref := &k.Blocks[b]
			ref.Tails = nil
			for s := range 30 {
				name := fmt.Sprintf("sensor-%02d", s)
				ref.Tails = append(ref.Tails, segment.Tail{Sensor: name, Time: ref.Last, Value: float64(s*i) / 100})
				k.Latest["pump"][name] = ref.Last
			}
		}
		out[i] = k
	}
	return out
}

func BenchmarkCommitTaken(b *testing.B) {
	for _, n := range []int{1, 256} {
		b.Run(fmt.Sprintf("batch=%d", n), func(b *testing.B) {
			l := openTest(b, b.TempDir())
			batch := 0
			for b.Loop() {
				b.StopTimer()
				work := manyTakings(batch, n)
				batch++
				b.StartTimer()
				commit(b, l, work...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/drop")
		})
	}
}

func BenchmarkSealUploadClose(b *testing.B) {
	const n = 256
	ctx := context.Background()
	l := openTest(b, b.TempDir())
	var seal, upload, closed time.Duration
	round := 0
	for b.Loop() {
		b.StopTimer()
		drops := commit(b, l, manyTakings(round, n/2)...)
		records := make([]window.Record, n)
		results := make([]window.Result, n)
		steps := make([]window.Closing, n)
		for i := range records {
			records[i] = record(round*n+i, 1)
			results[i] = window.Result{ID: records[i].ID, Generation: 1, Verified: true, ETag: "abc", At: t0, Took: time.Millisecond}
			steps[i] = window.Closing{ID: records[i].ID, Lost: map[int64]window.Lost{drops[i/2].ID: {Repeated: 1}}, Appends: []window.Append{{Path: "repeats/pump/20260105.csv", Length: int64(i)}}}
			k := (round*n/2+i/2)*2%1000 + i%2
			steps[i].Release = []window.Release{{Drop: drops[i/2].ID, Component: "pump", Slot: t0.UnixNano() + int64(k)*slot, Windowed: 150}}
		}
		round++
		b.StartTimer()
		at := time.Now()
		must(b, l.CommitSealed(ctx, records))
		seal += time.Since(at)
		at = time.Now()
		must(b, l.Uploaded(ctx, results))
		upload += time.Since(at)
		at = time.Now()
		must(b, l.CommitClosed(ctx, steps))
		closed += time.Since(at)
	}
	per := float64(b.N * n)
	b.ReportMetric(float64(seal.Nanoseconds())/per, "ns/sealed")
	b.ReportMetric(float64(upload.Nanoseconds())/per, "ns/uploaded")
	b.ReportMetric(float64(closed.Nanoseconds())/per, "ns/closed")
}

func BenchmarkPendingNone(b *testing.B) {
	ctx := context.Background()
	l := openTest(b, b.TempDir())
	var records []window.Record
	var results []window.Result
	for i := range 5000 {
		records = append(records, record(i, 1))
		results = append(results, window.Result{ID: records[i].ID, Generation: 1, Verified: true})
	}
	must(b, l.CommitSealed(ctx, records))
	must(b, l.Uploaded(ctx, results))
	for b.Loop() {
		if p, err := l.Pending(ctx, 0); err != nil || len(p) != 0 {
			b.Fatal(p, err)
		}
	}
}

// BenchmarkStart reads what the daemon reads at its start, with 10,000 drops.
func BenchmarkStart(b *testing.B) {
	ctx := context.Background()
	l := openTest(b, b.TempDir())
	for batch := range 40 {
		commit(b, l, manyTakings(batch, 250)...)
	}
	for b.Loop() {
		seen, live := 0, 0
		must(b, l.EachSeen(ctx, "/srv/drop", func(string, int64, time.Time, drop.State) error { seen++; return nil }))
		must(b, l.LiveBlocks(ctx, func(string, int64, int64, time.Time, int64) error { live++; return nil }))
		if seen != 10000 || live != 20000 {
			b.Fatal(seen, live)
		}
	}
}
