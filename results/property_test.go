package results

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"pgregory.net/rapid"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

// TestAnyOrderMakesTheSameEvents lets windows be decided in any order, with
// restarts between, and holds events and alarms against what the order of time
// makes of them.
func TestAnyOrderMakesTheSameEvents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		b := newBook()
		sched := Scheduler{
			Name: "pump", Bucket: "b", Cadence: window.Cadence{Frequency: 5 * time.Minute, Rate: 5 * time.Minute},
			Timeout: time.Minute, Rule: event.Rule{Close: 15 * time.Minute, Gap: 30 * time.Minute, Step: 5 * time.Minute},
		}
		r := New([]Scheduler{sched}, b, nil, calm{}, &stuck{now: time.Unix(0, monday)}, Settings{Dir: dir}, zap.NewNop())
		n := rapid.IntRange(1, 40).Draw(t, "windows")
		fates := rapid.SliceOfN(rapid.SampledFrom([]string{"anomalous", "normal", "off", "missing", "failed", "unscored"}), n, n).Draw(t, "fates")
		at := now{time.Unix(0, monday), time.Unix(0, 0)}
		f := newFollower(r, &r.schedulers[0])
		must(t, f.load(t.Context(), at))
		d := f.draft(at)
		for i := range n {
			d.mark("", window.Outcome{Scheduler: "pump", Start: monday + int64(i)*five, Scoring: window.Awaited, Uploaded: at.business, Peak: math.NaN()})
		}
		must(t, d.commit(t.Context()))
		ref := event.New(sched.Rule)
		want := map[string]event.Event{}
		told := func(events []event.Event) {
			for _, e := range events {
				want[e.ID] = e
			}
		}
		for i, fate := range fates {
			start := monday + int64(i)*five
			row := resultline.Row{Time: start + five, Reason: resultline.NoAnomalyDetected}
			switch fate {
			case "anomalous":
				row.Prediction, row.Reason = 1, resultline.AnomalyDetected
			case "off":
				row.Reason = resultline.MachineOff
			case "normal":
			default:
				told(ref.Gone(start + five))
				continue
			}
			told(ref.Add(row))
			path := filepath.Join(dir, filepath.FromSlash(window.ResultPath("pump", start)))
			must(t, os.MkdirAll(filepath.Dir(path), 0o750))
			must(t, os.WriteFile(path, resultline.Append(nil, row), 0o600))
		}
		for _, i := range rapid.Permutation(indexes(n)).Draw(t, "order") {
			if rapid.IntRange(0, 4).Draw(t, "restart") == 0 {
				f = newFollower(r, &r.schedulers[0])
				must(t, f.load(t.Context(), at))
			}
			o := b.outcomes[monday+int64(i)*five]
			o.Scoring, o.Path = window.Delivered, window.ResultPath("pump", o.Start)
			if s := window.Scoring(fates[i]); s == window.Missing || s == window.Failed || s == window.Unscored {
				o.Scoring, o.Path, o.Reason = s, "", "because"
			}
			d := f.draft(at)
			d.mark(window.Awaited, o)
			must(t, d.commit(t.Context()))
		}
		for id, e := range b.events {
			if fmt.Sprint(e.Event) != fmt.Sprint(want[id]) {
				t.Fatalf("event %+v, want %+v", e.Event, want[id])
			}
		}
		if len(b.events) != len(want) {
			t.Fatalf("%d events, want %d", len(b.events), len(want))
		}
		inOrder(t, b, fates)
	})
}

// inOrder: ids are unique, generations count up, and an alarm is standing or has
// been told for each gap.
func inOrder(t *rapid.T, b *book, fates []string) {
	last, known := map[string]int64{}, map[string]bool{}
	covered := map[int64]bool{}
	var standing outbox.AlarmState
	for _, m := range b.messages {
		if known[m.ID] {
			t.Fatalf("message %s twice", m.ID)
		}
		known[m.ID] = true
		series := fmt.Sprintf("%s %d", m.Kind, m.Start)
		if m.Generation != last[series]+1 {
			t.Fatalf("message %s follows generation %d", m.ID, last[series])
		}
		last[series] = m.Generation
		if m.Kind != outbox.Alert {
			continue
		}
		var a outbox.Alarm
		must(t, json.Unmarshal(m.Body, &a))
		open := standing == outbox.Raised || standing == outbox.Standing
		if (a.State == outbox.Raised) == open {
			t.Fatalf("alarm %s is %s after %q", m.ID, a.State, standing)
		}
		standing = a.State
		first, _ := time.Parse(time.RFC3339, a.First)
		end, _ := time.Parse(time.RFC3339, a.Last)
		for s := first.UnixNano(); s <= end.UnixNano(); s += five {
			covered[s] = true
		}
	}
	var st state
	if b.state != nil {
		must(t, json.Unmarshal(b.state, &st))
	}
	for i, fate := range fates {
		start := monday + int64(i)*five
		if bad(window.Scoring(fate)) && !covered[start] && !st.Alarm.covers(start) {
			t.Fatalf("no alarm tells of window %d", i)
		}
	}
}

func indexes(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
