package e2e

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"millwright/e2e/harness"
	"millwright/e2e/oracle"
)

// flood is a logger with many sensors. Its values follow from sensor and time, so
// its windows can be computed without keeping them.
type flood struct {
	component string
	sensors   int
	step      time.Duration
}

// value is a multiple of an eighth: sums of such are exact in any order.
func (f flood) value(sensor int, tick int64) float64 {
	return float64((tick*7+int64(sensor)*13)%1000) / 8
}

func (f flood) header() string {
	var b strings.Builder
	b.WriteString("Timestamp")
	for s := range f.sensors {
		fmt.Fprintf(&b, ",s%03d", s)
	}
	return b.String() + "\n"
}

// file gives the rows after from up to and with to.
func (f flood) file(from, to time.Time) []byte {
	var texts [1000]string
	for i := range texts {
		texts[i] = "," + strconv.FormatFloat(float64(i)/8, 'f', -1, 64)
	}
	b := bytes.NewBufferString(f.header())
	for at := from.Add(f.step); !at.After(to); at = at.Add(f.step) {
		b.WriteString(at.Format(time.RFC3339Nano))
		tick := int64(at.Sub(begin()) / f.step)
		for s := range f.sensors {
			b.WriteString(texts[(tick*7+int64(s)*13)%1000])
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// object gives the window (start, start+frequency] with the means at a rate.
func (f flood) object(start time.Time, frequency, rate time.Duration) []byte {
	b := bytes.NewBufferString(f.header())
	for label := start.Add(rate); !label.After(start.Add(frequency)); label = label.Add(rate) {
		b.WriteString(label.Format("2006-01-02T15:04:05.000000"))
		last := int64(label.Sub(begin()) / f.step)
		n := int64(rate / f.step)
		for s := range f.sensors {
			sum := 0.0
			for tick := last - n + 1; tick <= last; tick++ {
				sum += f.value(s, tick)
			}
			b.WriteString("," + strconv.FormatFloat(sum/float64(n), 'f', -1, 64))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// drops cuts windows into files, each of one window.
func (f flood) drops(window, file time.Duration, windows int) []drop {
	var all []drop
	for end := begin().Add(file); !end.After(begin().Add(time.Duration(windows) * window)); end = end.Add(file) {
		all = append(all, drop{
			Path:      fmt.Sprintf("%s/%s.csv", f.component, end.Format("20060102T150405Z")),
			Component: f.component, At: end.Add(2 * time.Second), Content: f.file(end.Add(-file), end),
		})
	}
	return all
}

// flooded is a scene of one flood. Nothing is held, so that windows whose files
// wait for room are not sealed without them.
func flooded(t *testing.T, f flood, s oracle.Scheduler, file time.Duration, windows int, change func(*harness.Setup)) *scene {
	t.Helper()
	s.Components, s.Default = []string{f.component}, oracle.Treatment{Aggregate: "mean", NoFill: true}
	plan := f.drops(s.Frequency, file, windows)
	end := begin().Add(time.Duration(windows+3)*s.Frequency + s.Delay)
	sc := bare(t, s, plan, 1, end, change)
	for i := range windows {
		start := begin().Add(time.Duration(i) * s.Frequency)
		sc.want[s.Key(f.component, start)] = f.object(start, s.Frequency, s.Rate)
	}
	return sc
}

// TestMemoryIsBounded has 300 sensors at 10 Hz for two windows of an hour, one as
// twelve files and one as a single file of 70 MB. What counts is the process's own
// peak, so all that it ever held: limits.memory (64 MiB) and the pages of the binary
// that are in memory, which the kernel counts too but can drop at any time.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	f := flood{component: "mill", sensors: 300, step: 100 * time.Millisecond}
	s := pump()
	s.Frequency, s.Delay, s.Rate = time.Hour, time.Hour, time.Second
	sc := flooded(t, f, s, 5*time.Minute, 2, func(c *harness.Setup) {
		c.Top = map[string]any{"limits": map[string]any{"memory": "64MiB"}}
	})
	hour := begin().Add(time.Hour)
	sc.plan = append(sc.plan[:12:12], drop{
		Path: "mill/hour.csv", Component: "mill", At: hour.Add(time.Hour), Content: f.file(hour, hour.Add(time.Hour)),
	})
	sc.begin()
	sc.play(nothing)
	sc.agent.Await("all objects", func() string { return sc.bucket.Missing(t, sc.want) })
	peak, file := sc.agent.Memory("VmHWM"), sc.agent.Memory("RssFile")
	t.Logf("peak %.1f MiB, of which %.1f MiB are the binary's pages", mib(peak), mib(file))
	if peak-file > 64<<20 {
		t.Errorf("the peak is %.1f MiB beside the binary's %.1f MiB", mib(peak-file), mib(file))
	}
	sc.finish()
}

func mib(n int64) float64 { return math.Round(float64(n)/(1<<20)*10) / 10 }

// used is how many bytes a tree's files have.
func used(t *testing.T, dir string) int64 {
	t.Helper()
	var n int64
	for _, path := range files(t, dir) {
		if st, err := os.Stat(path); err == nil { // it may be gone again
			n += st.Size()
		}
	}
	return n
}
