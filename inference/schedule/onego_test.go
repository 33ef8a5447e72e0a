package schedule

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"millwright/inference/detect/frame"
	"millwright/internal/event"
	"millwright/internal/resultline"
	"millwright/internal/simulate"
)

// TestRunsSayWhatOneGoSays runs windows of one row each, with the process killed
// anywhere, rows that History has lost, components that are missing and a stretch
// that is made up for, and holds every line against a session over all rows.
func TestRunsSayWhatOneGoSays(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			t.Parallel()
			oneGo(t, seed)
		})
	}
}

func oneGo(t *testing.T, seed uint64) {
	const before, windows = 40, 60
	r := newRig(t)
	rnd := rand.New(rand.NewPCG(seed, 5))
	start := time.Date(2026, 1, 5, 2+3*int(seed), 0, 0, 0, time.UTC) // the machine starts in the morning
	rows := plantRows(simulate.Options{Seed: seed, Rate: five, Fault: simulate.Fault{From: start.Add(3 * time.Hour), Over: 2 * time.Hour}}, start.Add(-before*five), start.Add(windows*five))
	for i := range rows.Cells {
		if rnd.IntN(30) == 0 {
			rows.Cells[i] = math.NaN()
		}
	}
	absent := map[int64]bool{} // windows without a file of motor-7
	for i, label := range rows.Labels {
		from := label - int64(five)
		r.upload(rows, "pump-7", from, label)
		if absent[from] = rnd.IntN(25) == 0; absent[from] {
			for j, c := range rows.Columns {
				if c.Component == "motor-7" {
					rows.Row(i)[j] = math.NaN()
				}
			}
			continue
		}
		r.upload(rows, "motor-7", from, label)
	}
	lost := map[int64]bool{}
	r.record.hide = func(s int64) bool { return lost[s] }

	made := false
	runner := r.runner(r.record, r.store)
	var order []int
	gap, long := 10+rnd.IntN(20), 1+rnd.IntN(15)
	for i := range windows {
		if i >= gap && i < gap+long {
			continue
		}
		order = append(order, i)
		if i >= gap+long && !made {
			for j := gap; j < gap+long; j++ {
				order = append(order, j)
			}
			made = true
		}
	}
	for _, i := range order {
		if rnd.IntN(3) == 0 { // another process
			runner = r.runner(r.record, r.store)
		}
		if rnd.IntN(4) == 0 {
			lost[start.Add(time.Duration(rnd.IntN(windows))*five).UnixNano()] = true
		}
		kill(r, rnd, runner, start.Add(time.Duration(i)*five))
	}
	check(t, r, rows, start, windows, absent)
}

// kill carries an execution out with an attempt or more that die.
func kill(r *rig, rnd *rand.Rand, runner *Runner, start time.Time) {
	r.t.Helper()
	e := r.at(start)
	for attempt := int64(1); ; attempt++ {
		f := Fence{"w", 1, attempt}
		r.record.claim(e, f)
		call, after := []string{"fix", "get", "put", "finish"}[rnd.IntN(4)], rnd.IntN(2) == 0
		var count atomic.Int64
		nth := 1 + rnd.Int64N(2)
		weak := fragile{r.record, r.store, func(name string) (bool, bool) {
			now := name == call && (count.Add(1) == nth || name == "put" || name == "finish")
			return now && !after, now && after
		}}
		if rnd.IntN(2) == 0 || attempt > 3 {
			if err := runner.Run(r.t.Context(), e, f); err != nil {
				r.t.Fatal(err)
			}
			return
		}
		err := r.runner(weak, weak).Run(r.t.Context(), e, f)
		if err == nil {
			return
		}
		if !errors.Is(err, errKilled) {
			r.t.Fatal(err)
		}
		old := Fence{"w", 1, attempt - 1} // an attempt that was thought dead
		if err := runner.Run(r.t.Context(), e, old); attempt > 1 && err != nil && !errors.Is(err, ErrFenced) {
			r.t.Fatal(err)
		}
	}
}

func check(t *testing.T, r *rig, rows *frame.Frame, start time.Time, windows int, absent map[int64]bool) {
	want := r.oneGo(rows, start.Add(time.Duration(windows)*five).UnixNano())
	m := event.New(event.RuleFor(five, five, 0))
	var events []event.Event
	anomalous, failed := 0, 0
	for i := range windows {
		s := start.Add(time.Duration(i) * five)
		out := r.record.all[s.UnixNano()].out
		if absent[s.UnixNano()] {
			failed++
			if out.Status != Failed || !strings.HasPrefix(out.Reason, "Could not find data file for sensor motor-7") {
				t.Errorf("%s: %+v", s, out)
			}
			continue
		}
		if out.Status != Success {
			t.Fatalf("%s: %s", s, out.Reason)
		}
		got := r.get(out.Result)
		if got != want[s.Add(five).UnixNano()] {
			t.Fatalf("window %d:\n%sin one go:\n%s", i, got, want[s.Add(five).UnixNano()])
		}
		lines, err := parsed([]byte(got))
		if err != nil {
			t.Fatal(err)
		}
		if out.Anomalous != slices.ContainsFunc(lines, resultline.Row.Anomalous) {
			t.Errorf("%s: anomalous %v", s, out.Anomalous)
		}
		for _, l := range lines {
			anomalous += l.Prediction
			for _, e := range m.Add(l) {
				if n := len(events); n > 0 && events[n-1].ID == e.ID {
					events = events[:n-1]
				}
				events = append(events, e)
			}
		}
	}
	if got := r.record.shown; !slices.EqualFunc(got, events, func(a, b event.Event) bool { return fmt.Sprint(a) == fmt.Sprint(b) }) {
		t.Errorf("events %+v\nwant %+v", got, events)
	}
	t.Logf("%d of %d rows anomalous, %d runs failed, %d events", anomalous, windows-failed, failed, len(events))
}
