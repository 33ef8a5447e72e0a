package schedule

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"millwright/inference/detect/frame"
	"millwright/internal/simulate"
)

// TestWindowsOfManyRows runs PT15M over rows of a minute, named and cut without
// regard for windows, from files alone and with History.
func TestWindowsOfManyRows(t *testing.T) {
	t.Parallel()
	const windows, quarter = 24, 3 * five
	r := newRig(t)
	r.e.Frequency = quarter
	rnd := rand.New(rand.NewPCG(1, 1))
	start := time.Date(2026, 1, 5, 4, 0, 0, 0, time.UTC)
	raw := plantRows(simulate.Options{Seed: 5, Rate: time.Minute}, start.Add(-2*time.Hour), start.Add(windows*quarter))
	for _, c := range simulate.Components() {
		for from := start.Add(-2 * time.Hour); from.Before(start.Add(windows * quarter)); {
			to := from.Add(time.Duration(1+rnd.IntN(9)) * time.Minute)
			r.upload(raw, c, from.UnixNano(), to.UnixNano())
			from = to
		}
	}
	r.record.hide = func(s int64) bool { return s%(7*int64(quarter)) < 2*int64(quarter) }
	for i := range windows {
		r.run(start.Add(time.Duration(i) * quarter))
	}
	binned := &frame.Frame{Columns: raw.Columns}
	for i := 0; i < len(raw.Labels); i += 5 {
		cells := make([]float64, len(raw.Columns))
		for j := range cells {
			for k := range 5 {
				cells[j] += raw.Row(i + k)[j]
			}
			cells[j] /= 5
		}
		binned.Append(raw.Labels[i+4], cells)
	}
	want := r.oneGo(binned, start.Add(windows*quarter).UnixNano())
	for i := range windows {
		s := start.Add(time.Duration(i) * quarter)
		out := r.record.all[s.UnixNano()].out
		if out.Status != Success || out.Rows == nil || len(out.Rows.Labels) != 3 {
			t.Fatalf("%+v", out)
		}
		var lines strings.Builder
		for k := 1; k <= 3; k++ {
			lines.WriteString(want[s.Add(time.Duration(k)*five).UnixNano()])
		}
		if got := r.get(out.Result); got != lines.String() {
			t.Fatalf("window %d:\n%s\nin one go:\n%s", i, got, lines.String())
		}
	}
}

// TestContextIsBounded has more files before the window than a run reads.
func TestContextIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows := plantRows(simulate.Options{Seed: 5, Rate: five}, noon().Add(-4*time.Hour), noon().Add(five))
	for i := range int64(49) {
		from := noon().UnixNano() - i*int64(five)
		for _, c := range simulate.Components() {
			r.upload(rows, c, from, from+int64(five))
		}
	}
	for files, c := range map[int]struct{ context, windows int }{20: {16, 8}, 21: {16, 8}, 2000: {96, 48}} {
		w := &work{Runner: NewRunner(r.record, models{r.model}, r.record, r.store, RunnerOptions{ContextFiles: files}, zap.NewNop()), e: r.at(noon()), m: r.model, parts: partsOf(r.model.Columns())}
		in, d, err := w.look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(in.Context) > c.context || len(d.context.Labels) != c.windows || d.context.Labels[0] <= in.From {
			t.Errorf("%d files: %d files, %d rows from %s", files, len(in.Context), len(d.context.Labels), instant(in.From))
		}
		if full := in.From == w.lookback(); full != (files == 2000) || full != (len(w.notes) == 0) {
			t.Errorf("%d files: from %s, notes %q", files, instant(in.From), w.notes)
		}
		again, err := w.again(t.Context(), in)
		if err != nil || fmt.Sprint(again.context) != fmt.Sprint(d.context) {
			t.Errorf("another attempt sees other rows: %v", err)
		}
	}
}

// memory is a History.
type memory struct {
	f     *frame.Frame
	asked int
}

func (m *memory) Rows(_ context.Context, _ string, from, to int64) (*frame.Frame, error) {
	m.asked++
	return m.f.Between(from+1, to+1), nil
}

func TestTailsAreOnlyFaster(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		behind := &memory{f: &frame.Frame{Columns: names()[:2]}}
		tails := NewTails(behind, int64(rapid.IntRange(100, 4000).Draw(t, "limit"))*8)
		label := int64(five)
		for range rapid.IntRange(1, 80).Draw(t, "windows") {
			n := rapid.IntRange(0, 3).Draw(t, "rows")
			w := Stretch{label, label + int64(five)}
			rows := &frame.Frame{Columns: behind.f.Columns}
			for i := range n {
				rows.Append(label+int64(i+1)*int64(time.Minute), []float64{float64(label), float64(i)})
			}
			for i := range rows.Labels {
				behind.f.Append(rows.Labels[i], rows.Row(i))
			}
			if rapid.IntRange(0, 5).Draw(t, "other node") > 0 {
				tails.Keep(fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "model")), w, rows, w.From-int64(30*five))
			}
			label = w.To
			from := label - int64(rapid.IntRange(0, 40).Draw(t, "back"))*int64(five)
			got, err := tails.Rows(t.Context(), fmt.Sprint(rapid.IntRange(0, 1).Draw(t, "whose")), from, label)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := behind.Rows(t.Context(), "", from, label)
			if fmt.Sprint(got.Labels, got.Cells) != fmt.Sprint(want.Labels, want.Cells) {
				t.Fatalf("got %v\nwant %v", got, want)
			}
		}
		sum := 0
		for _, m := range tails.models {
			for _, f := range m.windows {
				sum += size(f)
			}
		}
		if sum != tails.cells || sum > tails.limit {
			t.Fatalf("%d cells counted, %d kept, limit %d", tails.cells, sum, tails.limit)
		}
	})
}

func TestTailsSpareTheHistory(t *testing.T) {
	t.Parallel()
	behind := &memory{f: line(2, five, noon(), 10)}
	tails := NewTails(behind, 0)
	for i := range 10 {
		s := noon().Add(time.Duration(i) * five).UnixNano()
		tails.Keep("m", Stretch{s, s + int64(five)}, behind.f.Between(s+1, s+int64(five)+1), 0)
	}
	got, err := tails.Rows(t.Context(), "m", noon().UnixNano(), noon().Add(50*time.Minute).UnixNano())
	if err != nil || behind.asked != 0 || len(got.Labels) != 10 {
		t.Errorf("%d questions, %d rows, %v", behind.asked, len(got.Labels), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("Timestamp,flow,speed\n2026-01-05T12:00:00.000000,1,2\n"))
	f.Add([]byte("t;flow\n05.01.2026 12:00;1,5\n"))
	f.Add([]byte("\x1f\x8b\x08\x00"))
	f.Fuzz(func(t *testing.T, body []byte) {
		sensors := []string{"flow", "speed"}
		read := parse(body, sensors, 1<<20, always())
		for _, c := range read.cols {
			if c != nil && len(c) != len(read.times) {
				t.Fatalf("%d rows, %d cells", len(read.times), len(c))
			}
		}
		g := newGrid(five, time.Minute, []frame.Name{{Component: "c", Sensor: "flow"}, {Component: "c", Sensor: "speed"}}, map[int64]bool{noon().UnixNano(): true})
		g.add(partsOf(g.columns)[0], []File{{Component: "c", Stamp: noon().UnixNano()}}, []*table{read})
		for _, label := range g.frame().Labels {
			if label <= noon().UnixNano() || label > noon().Add(five).UnixNano() {
				t.Fatalf("a row at %d", label)
			}
		}
	})
}
