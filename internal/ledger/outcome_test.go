package ledger

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
	"millwright/internal/window"
)

func anOutcome(scheduler string, i int, s window.Scoring) window.Outcome {
	start := int64(i) * int64(5*time.Minute)
	return window.Outcome{
		Scheduler: scheduler, Start: start, Wake: at(start + 1), Uploaded: at(start + 2), Scoring: s, Reason: "why", Remedy: "what to do", At: at(start + 3),
		Generation: 2, Rows: 5, Anomalous: 2, Off: 1, Peak: 0.75, PeakAt: start + 4, Size: 99, SHA256: [32]byte{1, 2}, ETag: "tag", Path: "results/x", Refused: "rules tag2",
	}
}

func commitStep(t *testing.T, l *Ledger, s outbox.Step) {
	t.Helper()
	if err := l.CommitStep(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	a, b, c := anOutcome("a", 1, window.Delivered), anOutcome("a", 2, window.Missing), anOutcome("b", 1, window.Awaited)
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{a, b, c}})
	b.Scoring, b.Reason, b.Off, b.Refused = window.Delivered, "", 3, ""
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{b}})
	for name, tt := range map[string]struct {
		f    OutcomeFilter
		want []window.Outcome
	}{
		"all":       {OutcomeFilter{}, []window.Outcome{a, c, b}},
		"newest":    {OutcomeFilter{Newest: true, Limit: 1}, []window.Outcome{b}},
		"scheduler": {OutcomeFilter{Scheduler: "a"}, []window.Outcome{a, b}},
		"stretch":   {OutcomeFilter{From: b.Start, To: b.Start + 1}, []window.Outcome{b}},
		"open":      {OutcomeFilter{Open: true}, []window.Outcome{c}},
		"scoring":   {OutcomeFilter{Scoring: window.Awaited}, []window.Outcome{c}},
	} {
		got, err := l.Outcomes(t.Context(), tt.f)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v\n%+v\nwant\n%+v", name, err, got, tt.want)
		}
	}
	a.Peak = math.NaN()
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{a}})
	if got, err := l.Outcomes(t.Context(), OutcomeFilter{Limit: 1}); err != nil || !math.IsNaN(got[0].Peak) {
		t.Errorf("%+v %v", got, err)
	}
	if err := l.PruneResults(t.Context(), "a", at(b.Start)); err != nil {
		t.Fatal(err)
	}
	if got, _ := l.Outcomes(t.Context(), OutcomeFilter{}); len(got) != 2 {
		t.Errorf("left after pruning: %+v", got)
	}
}

func aMessage(i int, kind outbox.Kind) outbox.Message {
	start := int64(i) * int64(5*time.Minute)
	return outbox.Message{
		ID: outbox.ID("a", start, kind, 1), Scheduler: "a", Kind: kind, Start: start, Generation: 1, At: at(start + 1),
		Body: json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)), Path: "results/x",
	}
}

func TestMessagesAndCursors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openTest(t, dir)
	if newest, err := l.LastSeq(t.Context()); err != nil || newest != 0 {
		t.Errorf("the newest of none is %d, %v", newest, err)
	}
	for i := range 6 {
		kind := outbox.Result
		if i%3 == 0 {
			kind = outbox.Alert
		}
		m := aMessage(i, kind)
		commitStep(t, l, outbox.Step{Scheduler: "a", Messages: []outbox.Message{m, m}})
	}
	got, err := l.Messages(t.Context(), 0, nil, 0)
	if err != nil || len(got) != 6 {
		t.Fatalf("%d messages, %v", len(got), err)
	}
	for i, m := range got {
		want := aMessage(i, m.Kind)
		want.Seq = m.Seq
		if !reflect.DeepEqual(m, want) || i > 0 && m.Seq <= got[i-1].Seq {
			t.Errorf("%+v, want %+v", m, want)
		}
	}
	some, err := l.Messages(t.Context(), got[0].Seq, []outbox.Kind{outbox.Alert, outbox.Change}, 5)
	if err != nil || len(some) != 1 || some[0].ID != got[3].ID {
		t.Errorf("%+v %v", some, err)
	}
	for _, seq := range []int64{got[3].Seq, got[1].Seq} { // never back
		if err := l.SetCursor(t.Context(), "csv-1", seq); err != nil {
			t.Fatal(err)
		}
	}
	if seq, err := l.Cursor(t.Context(), "csv-1"); err != nil || seq != got[3].Seq {
		t.Errorf("cursor %d %v", seq, err)
	}
	prune := func(before time.Time, sinks ...string) int {
		t.Helper()
		if err := l.PruneMessages(t.Context(), before, sinks); err != nil {
			t.Fatal(err)
		}
		left, err := l.Messages(t.Context(), 0, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	if n := prune(time.Time{}); n != 6 {
		t.Errorf("%d left without sinks", n)
	}
	if n := prune(time.Time{}, "csv-1", "mqtt-2"); n != 6 {
		t.Errorf("%d left, one sink has passed none", n)
	}
	if n := prune(time.Time{}, "csv-1"); n != 2 {
		t.Errorf("%d left behind the sink", n)
	}
	if n := prune(at(int64(5*5*time.Minute)), "csv-1"); n != 1 {
		t.Errorf("%d left that are young enough", n)
	}
	last := got[5].Seq
	if n := prune(at(int64(24*time.Hour)), "csv-1"); n != 0 {
		t.Errorf("%d left", n)
	}
	commitStep(t, l, outbox.Step{Scheduler: "a", Messages: []outbox.Message{aMessage(9, outbox.Result)}})
	next, _ := l.Messages(t.Context(), 0, nil, 0)
	if next[0].Seq <= last {
		t.Error("a number was used again")
	}
	if newest, err := l.LastSeq(t.Context()); err != nil || newest != next[0].Seq {
		t.Errorf("the newest is %d, %v", newest, err)
	}
}

// TestEvictedResultStaysEvicted: what read it before and enters it again does not
// say that it is on site; the next generation is.
func TestEvictedResultStaysEvicted(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	a, b := anOutcome("a", 1, window.Delivered), anOutcome("a", 2, window.Delivered)
	other := anOutcome("b", 1, window.Delivered)
	m := aMessage(1, outbox.Result)
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{a, b, other}, Messages: []outbox.Message{m}})
	unsent := func(want bool, from, to int64, sinks ...string) {
		t.Helper()
		if got, err := l.Unsent(t.Context(), "a", from, to, sinks); err != nil || got != want {
			t.Errorf("unsent %t, %v", got, err)
		}
	}
	unsent(false, a.Start, a.Start+1)
	unsent(true, a.Start, a.Start+1, "csv-1")
	unsent(false, b.Start, b.Start+1, "csv-1")
	if err := l.SetCursor(t.Context(), "csv-1", 1); err != nil {
		t.Fatal(err)
	}
	unsent(false, a.Start, a.Start+1, "csv-1")
	unsent(true, a.Start, a.Start+1, "csv-1", "mqtt-2")

	paths := func(want ...string) {
		t.Helper()
		all, err := l.Outcomes(t.Context(), OutcomeFilter{})
		var got []string
		for _, o := range all {
			got = append(got, o.Path)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if err := l.Evict(t.Context(), "a", a.Start, b.Start); err != nil {
		t.Fatal(err)
	}
	paths("", "results/x", "results/x")
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{a}})
	paths("", "results/x", "results/x")
	a.Generation++
	commitStep(t, l, outbox.Step{Scheduler: "a", Outcomes: []window.Outcome{a}})
	paths("results/x", "results/x", "results/x")
}

func TestEventsAndState(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	if raw, err := l.Followed(t.Context(), "a"); err != nil || raw != nil {
		t.Errorf("%s %v", raw, err)
	}
	e := outbox.Event{Scheduler: "a", Generation: 1, Event: event.Event{
		ID: "x", Start: 10, End: 20, Peak: 0.9, PeakAt: 15, Rows: 3, State: event.Open, Top: []resultline.Share{{Name: `p\s`, Value: 0.5}},
	}}
	later := e
	later.Start, later.End = 100, 120
	commitStep(t, l, outbox.Step{Scheduler: "a", Events: []outbox.Event{e, later}, State: []byte("one")})
	e.End, e.Generation, e.State = 30, 2, event.Closed
	commitStep(t, l, outbox.Step{Scheduler: "a", Events: []outbox.Event{e}, State: []byte("two")})
	got, err := l.Events(t.Context(), EventFilter{Scheduler: "a"})
	if err != nil || !reflect.DeepEqual(got, []StoredEvent{later, e}) {
		t.Errorf("%+v %v", got, err)
	}
	if got, _ := l.Events(t.Context(), EventFilter{From: 25, To: 50}); len(got) != 1 || got[0].ID != "x" {
		t.Errorf("%+v", got)
	}
	if raw, err := l.Followed(t.Context(), "a"); err != nil || string(raw) != "two" {
		t.Errorf("%s %v", raw, err)
	}
}

func TestStepIsAllOrNothing(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	bad := aMessage(1, outbox.Result)
	e := outbox.Event{Scheduler: "a", Event: event.Event{Peak: math.NaN()}} // is no JSON
	err := l.CommitStep(t.Context(), outbox.Step{
		Scheduler: "a", Outcomes: []window.Outcome{anOutcome("a", 1, window.Delivered)}, Events: []outbox.Event{e}, Messages: []outbox.Message{bad}, State: []byte("x"),
	})
	if err == nil {
		t.Fatal("committed")
	}
	outcomes, _ := l.Outcomes(t.Context(), OutcomeFilter{})
	messages, _ := l.Messages(t.Context(), 0, nil, 0)
	if len(outcomes) != 0 || len(messages) != 0 {
		t.Errorf("%v %v", outcomes, messages)
	}
}

func TestRuns(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	five := int64(5 * time.Minute)
	seal := func(component string, i int, generation int64, overdue bool) {
		t.Helper()
		r := window.Record{End: int64(i+1) * five, SealedAt: at(int64(i)*five + 7), Silent: generation == 0}
		r.Sealed = window.Sealed{ID: window.ID{Scheduler: "s", Component: component, Start: int64(i) * five}, Generation: generation, Overdue: overdue}
		if err := l.CommitSealed(t.Context(), []window.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	upload := func(r window.Result) {
		t.Helper()
		r.Scheduler, r.Generation = "s", 1
		if err := l.Uploaded(t.Context(), []window.Result{r}); err != nil {
			t.Fatal(err)
		}
	}
	seal("a", 1, 1, false)
	seal("b", 1, 1, false)
	upload(window.Result{ID: window.ID{Component: "a", Start: five}, Verified: true, At: at(1000)})
	upload(window.Result{ID: window.ID{Component: "b", Start: five}, Verified: true, At: at(900)})
	seal("a", 2, 1, true)
	seal("b", 2, 0, false)
	seal("a", 3, 1, false)
	upload(window.Result{ID: window.ID{Component: "a", Start: 3 * five}, Kept: true, At: at(5), Err: "left alone"})
	seal("a", 4, 1, false)
	commitStep(t, l, outbox.Step{Scheduler: "s", Outcomes: []window.Outcome{{Scheduler: "s", Start: 4 * five, Scoring: window.Missing}, {Scheduler: "s", Start: five, Scoring: window.Awaited}}})
	streams := []window.ID{{Scheduler: "s", Component: "a"}, {Scheduler: "s", Component: "b"}}
	got, err := l.Runs(t.Context(), "s", streams, 0, 10*five)
	want := []window.Run{
		{Start: five, Sealed: 2, Uploaded: 2, At: at(1000)},
		{Start: 2 * five, Sealed: 1, Overdue: true, Silent: []string{"b"}},
		{Start: 3 * five, Sealed: 1, Uploaded: 1, At: at(3*five + 7), Silent: []string{"b"}},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v\n%+v\nwant\n%+v", err, got, want)
	}
	if got, _ := l.Runs(t.Context(), "s", streams, five, 2*five); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestEachFollowed(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	for _, name := range []string{"b", "a"} {
		commitStep(t, l, outbox.Step{Scheduler: name, State: []byte("state of " + name)})
	}
	var got []string
	err := l.EachFollowed(t.Context(), func(name string, state []byte) { got = append(got, name+": "+string(state)) })
	if want := []string{"a: state of a", "b: state of b"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q %v, want %q", got, err, want)
	}
}
