package take

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
)

// plantFile is a drop of about 50 KB: 18 sensors at 1 Hz for 5 minutes.
func plantFile(n int) string {
	var b strings.Builder
	b.WriteString("Timestamp")
	for c := range 18 {
		fmt.Fprintf(&b, ",sensor%02d", c)
	}
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 5 * time.Minute)
	for i := range 300 {
		b.WriteString("\n" + start.Add(time.Duration(i+1)*time.Second).Format("2006-01-02T15:04:05"))
		for c := range 18 {
			fmt.Fprintf(&b, ",%.3f", 20+float64(c)*10+math.Sin(float64(n*300+i)/17*float64(c+1)))
		}
	}
	return b.String() + "\n"
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// One settled drop of 50 KB per operation, in batches of 256, with the segment
// durable; the ledger is in memory.
func BenchmarkTake(b *testing.B) {
	s := newSite(b, nil)
	s.taker.log = zap.NewNop()
	const files = 1024
	var bytes int64
	old := time.Now().Add(-time.Hour)
	for i := range files {
		text := plantFile(i)
		bytes += int64(len(text))
		if err := os.WriteFile(s.path(fmt.Sprintf("%04d.csv", i)), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(s.path(fmt.Sprintf("%04d.csv", i)), old, old.Add(time.Duration(i))); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(bytes / files)
	b.ReportAllocs()
	b.ResetTimer()
	var used time.Duration
	for done := 0; done < b.N; {
		b.StopTimer()
		s.ledger = newMemory()
		s.restart()
		s.taker.log = zap.NewNop()
		left := s.list().Candidates
		before := cpu()
		b.StartTimer()
		for len(left) > 0 && done < b.N {
			n := min(256, len(left), b.N-done)
			if _, _, err := s.taker.Take(b.Context(), left[:n]); err != nil {
				b.Fatal(err)
			}
			left, done = left[n:], done+n
		}
		b.StopTimer()
		used += cpu() - before
		if err := os.RemoveAll(filepath.Join(s.state, "segments")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.StopTimer()
	b.ReportMetric(float64(used.Microseconds())/float64(b.N), "cpu-us/drop")
}

// A pass over folders with 100,000 known files.
func BenchmarkList(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s := newSite(b, nil)
			s.taker.log = zap.NewNop()
			for i := range n {
				dir := filepath.Join(s.drops, fmt.Sprintf("pump-%d", i%5))
				if i < 5 {
					if err := os.Mkdir(dir, 0o750); err != nil {
						b.Fatal(err)
					}
				}
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("drop-%06d.csv", i)), nil, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			s.taker.loaded = true
			s.list()
			s.pass(time.Hour)
			for _, c := range s.list().Candidates {
				s.taker.files.done(s.taker.files.path(0, c.Name), s.taker.files.stat(c.Size, c.ModTime))
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if l := s.list(); len(l.Candidates)+l.Unsettled != 0 || l.Files != n {
					b.Fatal(l)
				}
			}
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(n), "B/file")
		})
	}
}
