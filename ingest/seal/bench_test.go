package seal

import (
	"math"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/ledger"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// plantRows makes drops of 300 rows at 1 Hz and 18 sensors with values as plants
// have them: two or three decimals, some that hardly move.
func plantRows(from time.Time, windows int) []file {
	sensors := []string{
		"flow", "head", "inlet_p", "inlet_t", "level", "load", "motor_a", "motor_t", "outlet_p",
		"outlet_t", "power", "seal_p", "speed", "torque", "valve", "vib_x", "vib_y", "vib_z",
	}
	var out []file
	for i := range windows {
		f := file{path: strconv.Itoa(i) + ".csv", component: "pump", sensors: sensors}
		for k := 1; k <= 300; k++ {
			x := row{at: from.Add(time.Duration(i)*5*time.Minute + time.Duration(k)*time.Second).UnixNano()}
			for c := range sensors {
				v := 1000 + 500*math.Sin(float64(i*300+k)/50+float64(c))
				digits := math.Pow(10, float64(1+c%4))
				x.values = append(x.values, math.Round(v*digits)/digits)
			}
			f.rows = append(f.rows, x)
		}
		out = append(out, f)
	}
	return out
}

func second() Stream {
	return stream(func(s *Stream) {
		s.Cadence = window.Cadence{Frequency: 5 * time.Minute, Delay: time.Hour, Margin: time.Minute, Rate: time.Second}
	})
}

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSealWindow is one window of 300 rows and 18 sensors, one row a
// second: everything from the blocks to the shelf, or to the temp file without
// fsync.
func BenchmarkSealWindow(b *testing.B) {
	b.Run("shelf", func(b *testing.B) { sealWindow(b, shelf.New(8<<20)) })
	b.Run("file", func(b *testing.B) { sealWindow(b, nil) })
}

func sealWindow(b *testing.B, held *shelf.Shelf) {
	from := clock(b, "10:00:00")
	r := newRig(b, b.TempDir(), newMemory(), from, second())
	r.sealer.settings.Shelf = held
	r.take(plantRows(from, 8)...)
	if err := r.sealer.ready(bg, r.now, r.wait); err != nil {
		b.Fatal(err)
	}
	l, w := r.sealer.components[0].lanes[0], r.sealer.workers[0]
	var size int64
	b.ReportAllocs()
	before := cpu()
	for i := 0; b.Loop(); i++ {
		start := from.UnixNano() + int64(i%8)*int64(5*time.Minute)
		var o outcome
		if err := w.window(bg, r.now, job{lane: l, live: &live{start: start, own: 1}, wake: r.now, seq: 100}, &o); err != nil {
			b.Fatal(err)
		}
		size = o.record.Size
		held.Remove(o.record.ID, o.record.Generation, true)
		if o.temp != nil {
			if err := o.temp.Close(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(size), "bytes/window")
	b.ReportMetric(float64((cpu()-before).Nanoseconds())/1e3/float64(b.N), "cpu-us/window")
}

// BenchmarkSealBacklog is 512 such windows from drops taken to records
// committed, with fsync: over the ledger of maps and over the real one.
func BenchmarkSealBacklog(b *testing.B) {
	b.Run("maps", func(b *testing.B) { sealBacklog(b, func() book { return newMemory() }) })
	b.Run("ledger", func(b *testing.B) {
		sealBacklog(b, func() book {
			l, err := ledger.Open(bg, b.TempDir(), zap.NewNop())
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = l.Close() })
			return l
		})
	})
}

func sealBacklog(b *testing.B, open func() book) {
	const windows = 512
	from := clock(b, "10:00:00").Add(-48 * time.Hour)
	files := plantRows(from, windows)
	var busy time.Duration
	for b.Loop() {
		b.StopTimer()
		r := newRig(b, b.TempDir(), open(), clock(b, "10:00:00"), second())
		r.take(files...)
		r.now = r.now.Add(6 * time.Minute)
		b.StartTimer()
		before := cpu()
		if n := r.seal(); n < windows {
			b.Fatalf("sealed %d windows", n)
		}
		busy += cpu() - before
	}
	b.ReportMetric(float64(busy.Microseconds())/windows/float64(b.N), "cpu-us/window")
}

// BenchmarkSealLargest is the largest window there is: 300 sensors at 10 Hz for
// an hour, resampled to seconds.
func BenchmarkSealLargest(b *testing.B) {
	r := largest(b)
	for b.Loop() {
		sealLargest(b, r)
	}
}

func largest(tb testing.TB) *rig {
	tb.Helper()
	from := clock(tb, "10:00:00")
	r := newRig(tb, tb.TempDir(), newMemory(), from, stream(func(s *Stream) {
		s.Cadence = window.Cadence{Frequency: time.Hour, Delay: time.Hour, Rate: time.Second}
	}))
	f := file{path: "a", component: "pump"}
	for c := range 300 {
		f.sensors = append(f.sensors, "sensor_"+string(rune('a'+c/26))+string(rune('a'+c%26)))
	}
	for k := 1; k <= 36000; k++ {
		x := row{at: from.Add(time.Duration(k) * 100 * time.Millisecond).UnixNano(), values: make([]float64, 300)}
		for c := range x.values {
			x.values[c] = math.Round(1e4*math.Sin(float64(k)/100+float64(c))) / 100
		}
		f.rows = append(f.rows, x)
	}
	r.take(f)
	r.taken, f = nil, file{}
	runtime.GC()
	return r
}

func sealLargest(tb testing.TB, r *rig) {
	tb.Helper()
	if err := r.sealer.ready(bg, r.now, r.wait); err != nil {
		tb.Fatal(err)
	}
	l, w := r.sealer.components[0].lanes[0], r.sealer.workers[0]
	var o outcome
	j := job{lane: l, live: &live{start: clock(tb, "10:00:00").UnixNano(), own: 1}, wake: r.now, seq: 100}
	if err := w.window(bg, r.now, j, &o); err != nil {
		tb.Fatal(err)
	}
	if o.record.RealRows != 3600 {
		tb.Fatalf("%d rows", o.record.RealRows)
	}
	if err := o.temp.Close(); err != nil {
		tb.Fatal(err)
	}
}

// Memory must not grow with sensors times rows: 300 at 10 Hz for an hour are
// 86 MB of values.
func TestTheLargestWindowFitsInMemory(t *testing.T) {
	r := largest(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sealLargest(t, r)
	runtime.ReadMemStats(&after)
	if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 32 {
		t.Errorf("allocated %d MiB for one window", used)
	}
}
