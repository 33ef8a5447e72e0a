package status

import (
	"math"
	"strings"
	"testing"
	"time"

	"millwright/internal/event"
	"millwright/internal/ledger"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// sealed commits windows of pump-7 that start so long before 10:20.
func sealed(t *testing.T, led *ledger.Ledger, now time.Time, change func(r *window.Record), before ...time.Duration) {
	t.Helper()
	for _, b := range before {
		start := now.Add(-b)
		r := window.Record{
			Sealed: window.Sealed{ID: window.ID{Scheduler: "pump-7", Component: "pump-7", Start: start.UnixNano()}, Generation: 1, Bucket: "plant", Key: "k", Size: 10, Wake: start.Add(7 * time.Minute)},
			End:    start.Add(5 * time.Minute).UnixNano(), SealedAt: start.Add(5 * time.Minute), FirstSealedAt: start.Add(5 * time.Minute), LastRowAt: start.Add(5 * time.Minute),
		}
		if change != nil {
			change(&r)
		}
		if err := led.CommitSealed(t.Context(), []window.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
}

func uploaded(t *testing.T, led *ledger.Ledger, now time.Time, before ...time.Duration) {
	t.Helper()
	for _, b := range before {
		start := now.Add(-b)
		res := window.Result{ID: window.ID{Scheduler: "pump-7", Component: "pump-7", Start: start.UnixNano()}, Generation: 1, ETag: "e", Verified: true, At: start.Add(6 * time.Minute)}
		if err := led.Uploaded(t.Context(), []window.Result{res}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTheStripTellsEachWindow has a window at each stage, from the ledger's own
// records.
func TestTheStripTellsEachWindow(t *testing.T) {
	t.Parallel()
	src, led, now := gateway(t)
	const f = 5 * time.Minute
	took(t, led, now) // rows of 10:05
	sealed(t, led, now, nil, 2*f, 4*f, 5*f, 6*f, 7*f, 8*f)
	uploaded(t, led, now, 4*f, 5*f, 6*f, 7*f, 8*f)
	sealed(t, led, now, func(r *window.Record) { r.Generation, r.Silent = 0, true }, 9*f)
	start := func(n int) int64 { return now.Add(-time.Duration(n) * f).UnixNano() }
	step := outbox.Step{Scheduler: "pump-7", Outcomes: []window.Outcome{
		{Scheduler: "pump-7", Start: start(8), Scoring: window.Delivered, Generation: 1, Rows: 5, Anomalous: 2, Peak: 0.75, PeakAt: start(8), At: now.Add(-30 * time.Minute)},
		{Scheduler: "pump-7", Start: start(7), Scoring: window.Missing, Reason: "nothing came", Remedy: "look there", Peak: math.NaN()},
		{Scheduler: "pump-7", Start: start(6), Scoring: window.Failed, Reason: "no model", Peak: math.NaN()},
		{Scheduler: "pump-7", Start: start(5), Scoring: window.Unscored, Peak: math.NaN()},
		{Scheduler: "pump-7", Start: start(4), Scoring: window.Awaited, Peak: math.NaN()},
	}, Events: []outbox.Event{{Scheduler: "pump-7", Generation: 1, Event: event.Event{
		ID: "20260105T094100Z", Start: start(8), End: start(7), Peak: 0.75, PeakAt: start(8), Rows: 2, State: event.Open, Top: []resultline.Share{{Name: `pump-7\flow`, Value: 1}},
	}}}}
	if err := led.CommitStep(t.Context(), step); err != nil {
		t.Fatal(err)
	}
	s, err := src.Take(t.Context(), now.Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	sc := s.Schedulers[0]
	if len(sc.Windows) != StripLength || !sc.Windows[StripLength-1].Start.Equal(now) {
		t.Fatalf("%d windows to %v", len(sc.Windows), sc.Windows[len(sc.Windows)-1].Start)
	}
	for n, want := range map[int]Stage{0: Open, 1: Open, 2: Sealed, 3: Received, 4: Uploaded, 5: Unscored, 6: Failed, 7: Missing, 8: Delivered, 9: Silent, 10: Nothing, 40: Nothing} {
		if c := sc.Windows[StripLength-1-n]; c.Stage != want {
			t.Errorf("%s: %s, want %s (%s)", c.Start.Format(time.TimeOnly), c.Stage, want, c.Why)
		}
	}
	cell := sc.Windows[StripLength-1-8]
	if cell.Peak == nil || *cell.Peak != 0.75 || cell.Anomalous != 2 {
		t.Errorf("delivered: %+v", cell)
	}
	if c := sc.Windows[StripLength-1-7]; c.Why != "nothing came" || c.Remedy != "look there" {
		t.Errorf("missing: %+v", c)
	}
	if c := sc.Windows[StripLength-1-40]; !strings.Contains(c.Why, "first start") {
		t.Errorf("before the first start: %+v", c)
	}
	w, err := src.WhyWindow(t.Context(), now.Add(-7*f+time.Minute), now)
	if err != nil || len(w) != 1 || w[0].State != "verified" || w[0].Result == nil || w[0].Result.State != window.Missing || w[0].Result.Why != "nothing came" {
		t.Errorf("why: %+v, %v", w, err)
	}
	w, err = src.WhyWindow(t.Context(), now.Add(-8*f+time.Minute), now)
	if err != nil || w[0].Result == nil || w[0].Result.Path != "" || w[0].Result.Why != window.PrunedReason || *w[0].Result.Peak != 0.75 {
		t.Errorf("a result that is not on site any more: %+v, %v", w, err)
	}
	if len(sc.Scores) != 1 || sc.Outcomes[window.Missing] != 1 || sc.Unscored != 2 {
		t.Errorf("scores %+v, outcomes %v, without result %d", sc.Scores, sc.Outcomes, sc.Unscored)
	}
	if sc.Latest == nil || sc.Latest.Top[0].Name != `pump-7\flow` || len(sc.Events) != 1 {
		t.Errorf("event %+v", sc.Latest)
	}
	if !sc.LastWindow.Equal(now.Add(-4*f)) || !sc.LastResult.Equal(now.Add(-30*time.Minute)) || sc.LastDrop.IsZero() || sc.Delay != 120 {
		t.Errorf("last window %v, result %v, drop %v, delay %d", sc.LastWindow, sc.LastResult, sc.LastDrop, sc.Delay)
	}
}

// TestWindowsWithoutResultInARow counts from the newest one that was judged.
func TestWindowsWithoutResultInARow(t *testing.T) {
	t.Parallel()
	for stages, want := range map[string]int64{"": 0, "d": 0, "dmf": 2, "dmfu.": 2, "mdm": 1, "mmd": 0, "m-m": 1, "fff": 3} {
		sc := Scheduler{}
		for _, c := range stages {
			stage := map[rune]Stage{'d': Delivered, 'm': Missing, 'f': Failed, 'u': Uploaded, '.': Open, '-': Nothing}[c]
			sc.Windows = append(sc.Windows, Cell{Stage: stage})
		}
		if n := sc.unscored(); n != want {
			t.Errorf("%q: %d, want %d", stages, n, want)
		}
	}
}

// TestOneOutageIsSaidOnce although every window that waits has its error.
func TestOneOutageIsSaidOnce(t *testing.T) {
	t.Parallel()
	var s Snapshot
	now := time.Now()
	s.ask("store", "does not answer", "check the uplink", now)
	s.ask("pump-7/pump-7", "does not answer", "check the uplink", now)
	s.ask("pump-7/pump-7", "does not answer", "look elsewhere", now)
	s.ask("pump-7", "no result", "look there", now)
	s.ask("pump-70/a", "no result", "look there", now)
	if len(s.Attention) != 4 {
		t.Errorf("%+v", s.Attention)
	}
}

func TestAProcessMeasuresItself(t *testing.T) {
	t.Parallel()
	p := Measure()
	if p.Resident < 1<<20 || p.Files < 3 {
		t.Errorf("%+v", p)
	}
}
