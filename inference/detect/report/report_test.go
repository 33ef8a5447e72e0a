package report

import (
	"bytes"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"millwright/inference/detect"
	"millwright/inference/detect/frame"
	"millwright/inference/detect/metrics"
	"millwright/internal/resultline"
)

const step = int64(5 * time.Minute)

// machine is rows of two sensors, the second of which breaks for a while in the end.
func machine(rows int) *frame.Frame {
	r := rand.New(rand.NewPCG(3, 4))
	f := &frame.Frame{Columns: []frame.Name{{Component: "a<b", Sensor: "x"}, {Component: "a<b", Sensor: "y"}}}
	at := 0.0
	for i := range rows {
		at = 0.9*at + r.NormFloat64()
		y := 2*at + 0.1*r.NormFloat64()
		if i > rows*9/10 && i < rows*19/20 {
			y += 20
		}
		f.Append(int64(i+1)*step, []float64{at, y})
	}
	return f
}

func page(t *testing.T, f *frame.Frame, labels []frame.Range) string {
	t.Helper()
	m, err := detect.Train(t.Context(), f.Between(0, f.Labels[len(f.Labels)*8/10]), detect.Settings{Rate: time.Duration(step)}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	c, found := New(m, labels), metrics.New(m.Rate(), labels)
	s := m.NewSession()
	err = f.Each(t.Context(), func(label int64, cells []float64) error {
		return s.Add(label, cells, func(r resultline.Row, k detect.Remark) error {
			found.Add(r, metrics.Condition{Restarting: k.State == frame.Restarting, Unseen: k.Unseen})
			c.Add(r, k, cells)
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := c.Write(&b, m, found); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var elsewhere = regexp.MustCompile(`(?i)https?:|//[a-z]|<script|<link|<img|\bsrc=|\bhref=|@import|url\((?:[^#])`)

func TestThePageNeedsNothingBesideIt(t *testing.T) {
	t.Parallel()
	f := machine(3000)
	text := page(t, f, []frame.Range{{Start: f.Labels[2701], End: f.Labels[2849]}, {Start: f.Labels[100], End: f.Labels[110]}})
	if found := elsewhere.FindString(text); found != "" {
		t.Errorf("it has %q", found)
	}
	for _, want := range []string{"1 of 2 labelled events found", "not found", "Event 1", `a&lt;b\y`, "Sensors in and out of events", "</html>"} {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q", want)
		}
	}
	for _, never := range []string{"a<b", "NaN", "Inf", "ZgotmplZ", "<no value>"} {
		if strings.Contains(text, never) {
			t.Errorf("it has %q", never)
		}
	}
}

func TestALongHistoryMakesNoLargerPage(t *testing.T) {
	t.Parallel()
	short, long := page(t, machine(3000), nil), page(t, machine(60_000), nil)
	if len(long) > 2*len(short)+100<<10 {
		t.Errorf("%d bytes for 3,000 rows, %d for 60,000", len(short), len(long))
	}
	if !strings.Contains(long, "There are no labels") || strings.Contains(long, "Precision") || strings.Contains(long, "<span>labels</span>") || strings.Contains(long, "labelled as") {
		t.Error("it speaks of labels without any")
	}
}

func TestAPageSaysWhatThereIsNothingOf(t *testing.T) {
	t.Parallel()
	f := machine(3000)
	end := f.Labels[len(f.Labels)-1]
	text := page(t, f, []frame.Range{{Start: end + 10*step, End: end + 20*step}})
	if !strings.Contains(text, "All labels of anomalies, 1, lie outside this time") || strings.Contains(text, "Precision") {
		t.Error("it does not tell of labels outside the data")
	}
	if text = page(t, f, []frame.Range{{Start: 0, End: 2 * end}}); !strings.Contains(text, "<dt>AUC</dt><dd>–<small>") {
		t.Error("it has an AUC, though all rows are in a label")
	}
}

func TestAPageWithLabelsHasTheirRow(t *testing.T) {
	t.Parallel()
	f := machine(3000)
	text := page(t, f, []frame.Range{{Start: f.Labels[2701], End: f.Labels[2849]}})
	if !strings.Contains(text, "<span>labels</span>") || !strings.Contains(text, "labelled as an anomaly") {
		t.Error("it does not show labels")
	}
}

func TestAPageOfNothing(t *testing.T) {
	t.Parallel()
	m, err := detect.Train(t.Context(), machine(1000), detect.Settings{Rate: time.Duration(step)}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	for name, rows := range map[string]int{"no row": 0, "one that is off": 1} {
		c, found := New(m, nil), metrics.New(m.Rate(), nil)
		for i := range rows {
			r := resultline.Row{Time: int64(i+1) * step, Reason: resultline.MachineOff}
			found.Add(r, metrics.Condition{})
			c.Add(r, detect.Remark{}, nil)
		}
		var b bytes.Buffer
		if err := c.Write(&b, m, found); err != nil || strings.Contains(b.String(), "NaN") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEnvelopeKeepsExtremes holds whatever stretches were joined.
func TestEnvelopeKeepsExtremes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := envelope{width: 1}
		low, high, n := math.Inf(1), math.Inf(-1), 0
		at := int64(1000)
		for _, gap := range rapid.SliceOfN(rapid.Int64Range(1, 5000), 1, 200).Draw(t, "gaps") {
			at += gap
			v := rapid.Float64Range(0, 1).Draw(t, "score")
			e.add(at, v)
			low, high, n = math.Min(low, v), math.Max(high, v), n+1
		}
		part := e.between(e.from, at, rapid.IntRange(1, 1200).Draw(t, "cells"))
		got := cell{}
		for _, c := range part.cells {
			got.join(c)
		}
		if got.low != low || got.high != high || got.n != n || len(e.cells) > maxCells {
			t.Fatalf("%+v in %d cells, want %v to %v of %d", got, len(e.cells), low, high, n)
		}
		if part.from > e.from || part.to() <= at {
			t.Fatalf("%d to %d does not hold %d to %d", part.from, part.to(), e.from, at)
		}
	})
}

func TestSamplesAreSpread(t *testing.T) {
	t.Parallel()
	s := newSamples(1)
	const rows = 100_000
	for i := range rows {
		s.add([]int{0}, []float64{float64(i)})
	}
	v := s.values[0]
	if len(v) < maxSample/2 || len(v) > maxSample || v[0] != 0 || v[len(v)-1] < rows-2*float32(s.every) {
		t.Fatalf("%d values from %v to %v", len(v), v[0], v[len(v)-1])
	}
	for i := range v {
		if v[i] != float32(i*s.every) {
			t.Fatalf("value %d is %v, every %d", i, v[i], s.every)
		}
	}
}

func TestTicksAreFewAndRound(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 5, 3, 7, 0, 0, time.UTC)
	for span, want := range map[time.Duration]string{
		time.Minute: "15:04:05", 5 * time.Hour: "15:04", 3 * 24 * time.Hour: "2 Jan", 60 * 24 * time.Hour: "2 Jan", 3 * 365 * 24 * time.Hour: "Jan 2006",
	} {
		all := ticks(from.UnixNano(), from.Add(span).UnixNano(), 9)
		if len(all) < 2 || len(all) > 9 {
			t.Errorf("%s: %d ticks", span, len(all))
			continue
		}
		if _, err := time.Parse(want, all[0].Text); err != nil && span != 3*24*time.Hour {
			t.Errorf("%s: %q is not like %q", span, all[0].Text, want)
		}
	}
}
