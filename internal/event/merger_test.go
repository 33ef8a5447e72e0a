package event

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/resultline"
)

const minute = int64(time.Minute)

// rowsOf makes a row a minute of letters: A anomalous, N normal, O off, _ none.
// The first letter is at 08:05 of 5 January 2026.
func rowsOf(letters string) []resultline.Row {
	at := time.Date(2026, 1, 5, 8, 5, 0, 0, time.UTC).UnixNano()
	var rows []resultline.Row
	for i, c := range letters {
		r := resultline.Row{Time: at + int64(i)*minute, Reason: resultline.NoAnomalyDetected, HasScore: true}
		switch c {
		case '_':
			continue
		case 'A':
			r.Prediction, r.Reason, r.Score = 1, resultline.AnomalyDetected, 0.6
		case 'O':
			r.Reason, r.HasScore = resultline.MachineOff, false
		}
		rows = append(rows, r)
	}
	return rows
}

// told runs rows through a Merger and gives what it told last of each event.
func told(m *Merger, rows []resultline.Row) []Event {
	var events []Event
	for _, r := range rows {
		events = fold(events, m.Add(r))
	}
	return events
}

func fold(events, changed []Event) []Event {
	for _, e := range changed {
		if n := len(events); n > 0 && events[n-1].ID == e.ID {
			events[n-1] = e
		} else {
			events = append(events, e)
		}
	}
	return events
}

func TestEvents(t *testing.T) {
	t.Parallel()
	rule := Rule{Close: 3 * time.Minute, Gap: 5 * time.Minute, Step: time.Minute}
	for _, c := range []struct{ name, rows, want string }{
		{"nothing", "NNOON_N", ""},
		{"one row", "A", "0-0 1 open"},
		{"normal rows do not close at once", "AANN", "0-1 2 open"},
		{"normal rows close", "AANNN", "0-1 2 closed"},
		{"what interrupts briefly is merged", "ANNANNA", "0-6 3 open"},
		{"another event", "ANNNAN", "0-0 1 closed, 4-4 1 open"},
		{"an anomalous row starts the count anew", "ANNANNN", "0-3 2 closed"},
		{"off time does not close", "AOOOOOOOOOOOOON", "0-0 1 open"},
		{"off time does not extend", "AOOONNN", "0-0 1 closed"},
		{"off time does not start the count anew", "ANOOOONOON", "0-0 1 closed"},
		{"off time does not open", "OOOONNN", ""},
		{"an event goes on after off time", "AOOOOOOOOOOA", "0-11 2 open"},
		{"missing rows do not close", "A____N", "0-0 1 open"},
		{"missing rows do not count as normal", "A___N___N", "0-0 1 open"},
		{"missing rows do not extend", "A____NNN", "0-0 1 closed"},
		{"a long gap closes as unknown", "A_____N", "0-0 1 unknown"},
		{"a gap just as long does not", "A____A", "0-5 2 open"},
		{"off rows are no gap", "AO__O__O__O", "0-0 1 open"},
		{"after a gap another one", "A_____A", "0-0 1 unknown, 6-6 1 open"},
	} {
		if got := brief(told(New(rule), rowsOf(c.rows))); got != c.want {
			t.Errorf("%s: %s gives %q, want %q", c.name, c.rows, got, c.want)
		}
	}
}

func brief(events []Event) (s string) {
	from := rowsOf("A")[0].Time
	for i, e := range events {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%d-%d %d %s", (e.Start-from)/minute, (e.End-from)/minute, e.Rows, e.State)
	}
	return s
}

func TestEveryChangeIsTold(t *testing.T) {
	t.Parallel()
	m := New(Rule{Close: 2 * time.Minute, Gap: 5 * time.Minute, Step: time.Minute})
	var got []string
	for _, r := range rowsOf("NAANN______AN______A") {
		got = append(got, brief(m.Add(r)))
	}
	want := []string{"", "1-1 1 open", "1-2 2 open", "", "1-2 2 closed", "11-11 1 open", "", "11-11 1 unknown, 19-19 1 open"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if e, open := m.Open(); !open || e.ID != "20260105T082400Z" {
		t.Errorf("open: %+v, %t", e, open)
	}
}

func TestGone(t *testing.T) {
	t.Parallel()
	m := New(Rule{Close: 3 * time.Minute, Gap: 5 * time.Minute, Step: time.Minute})
	rows := rowsOf("A______A")
	if got := m.Gone(rows[1].Time); got != nil {
		t.Errorf("nothing is open, got %v", got)
	}
	m.Add(rows[0])
	if got := m.Gone(rows[0].Time + 5*minute); got != nil {
		t.Errorf("the gap is not long enough, got %v", got)
	}
	if got := brief(m.Gone(rows[0].Time + 6*minute)); got != "0-0 1 unknown" {
		t.Errorf("got %q", got)
	}
	if got := m.Gone(rows[0].Time + 60*minute); got != nil {
		t.Errorf("told twice: %v", got)
	}
	if got := brief(m.Add(rows[1])); got != "7-7 1 open" {
		t.Errorf("got %q", got)
	}
}

func TestWhatAnEventSays(t *testing.T) {
	t.Parallel()
	rows := rowsOf("NAAANA")
	share := func(name string, v float64) resultline.Share { return resultline.Share{Name: name, Value: v} }
	rows[0].Diagnostics = []resultline.Share{share(`p\never`, 1)}
	rows[1].Score, rows[1].Diagnostics = 0.7, []resultline.Share{share(`p\a`, 0.25), share(`p\b`, 0.75)}
	rows[2].Score, rows[2].Diagnostics = 0.9, []resultline.Share{share(`p\a`, 0.5), share(`p\c`, 0.5)}
	rows[3].Score = 0.9 // no diagnostics: does not count for the means
	events := told(New(RuleFor(5*time.Minute, time.Minute, 0)), rows)
	want := Event{
		ID: "20260105T080600Z", Start: rows[1].Time, End: rows[5].Time, Peak: 0.9, PeakAt: rows[2].Time, Rows: 4, State: Open,
		Top: []resultline.Share{share(`p\a`, 0.375), share(`p\b`, 0.375), share(`p\c`, 0.25)},
	}
	if len(events) != 1 || !reflect.DeepEqual(events[0], want) {
		t.Fatalf("got %+v, want %+v", events, want)
	}
	text, err := json.Marshal(want.Document())
	if err != nil {
		t.Fatal(err)
	}
	const document = `{"id":"20260105T080600Z","state":"open","start":"2026-01-05T08:06:00Z","end":"2026-01-05T08:10:00Z","duration_seconds":240,"rows":4,` +
		`"peak_score":0.9,"peak_at":"2026-01-05T08:07:00Z","top_sensors":[{"name":"p\\a","value":0.375},{"name":"p\\b","value":0.375},{"name":"p\\c","value":0.25}]}`
	if string(text) != document {
		t.Errorf("got\n%s, want\n%s", text, document)
	}
}

// The oldest form has neither scores nor, for normal rows, shares.
func TestRowsWithoutScore(t *testing.T) {
	t.Parallel()
	rows := rowsOf("NA")
	rows[1].Score, rows[1].HasScore = 0, false
	e := told(New(RuleFor(5*time.Minute, time.Minute, 0)), rows)[0]
	if e.Peak != 0 || e.PeakAt != e.Start || e.Top != nil {
		t.Errorf("got %+v", e)
	}
	if doc := e.Document(); doc.Top == nil {
		t.Error("top_sensors would be null")
	}
}

func TestRuleFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		frequency, rate, closeAfter time.Duration
		want                        Rule
	}{
		{5 * time.Minute, time.Minute, 0, Rule{2 * time.Hour, 2 * time.Hour, time.Minute}},
		{time.Hour, time.Hour, 0, Rule{3 * time.Hour, 2 * time.Hour, time.Hour}},
		{time.Hour, time.Minute, 10 * time.Minute, Rule{10 * time.Minute, 2 * time.Hour, time.Minute}},
	} {
		if got := RuleFor(c.frequency, c.rate, c.closeAfter); got != c.want {
			t.Errorf("got %+v, want %+v", got, c.want)
		}
	}
}

// sequences draws rows in order, and in between some that are old or repeated.
func sequences() *rapid.Generator[[]resultline.Row] {
	names := []string{`p\a`, `p\b`, `p\c`, `p\d`}
	return rapid.Custom(func(t *rapid.T) []resultline.Row {
		at := rapid.Int64Range(-2e9, 2e9).Draw(t, "begin") * int64(time.Second)
		rows := make([]resultline.Row, rapid.IntRange(0, 60).Draw(t, "rows"))
		for i := range rows {
			at += minute * rapid.SampledFrom([]int64{1, 1, 1, 1, 1, 1, 2, 5, 6, 20}).Draw(t, "step")
			r := resultline.Row{Time: at, Reason: rapid.SampledFrom([]resultline.Reason{
				resultline.AnomalyDetected, resultline.NoAnomalyDetected, resultline.NoAnomalyDetected, resultline.MachineOff,
			}).Draw(t, "reason")}
			if i > 0 && rapid.IntRange(0, 9).Draw(t, "old") == 0 {
				r.Time = at - minute*rapid.Int64Range(1, 30).Draw(t, "ago")
			}
			if r.Reason == resultline.AnomalyDetected {
				r.Prediction = 1
			}
			if r.HasScore = rapid.Bool().Draw(t, "has score"); r.HasScore {
				r.Score = rapid.Float64Range(0, 1).Draw(t, "score")
			}
			for _, n := range names[:rapid.IntRange(0, 4).Draw(t, "sensors")] {
				r.Diagnostics = append(r.Diagnostics, resultline.Share{Name: n, Value: rapid.Float64Range(0, 1).Draw(t, "share")})
			}
			rows[i] = r
		}
		return rows
	})
}

// A Merger that is written away and taken up after any row goes on as if nothing had been.
func TestStateSurvives(t *testing.T) {
	t.Parallel()
	rule := Rule{Close: 4 * time.Minute, Gap: 8 * time.Minute, Step: time.Minute}
	rapid.Check(t, func(t *rapid.T) {
		rows := sequences().Draw(t, "rows")
		whole := New(rule)
		split := New(rule)
		for i, r := range rows {
			want, got := whole.Add(r), split.Add(r)
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("row %d: got %+v, want %+v", i, got, want)
			}
			if rapid.Bool().Draw(t, "restart") {
				split = restarted(t, rule, split)
			}
		}
	})
}

func restarted(t *rapid.T, rule Rule, m *Merger) *Merger {
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	again := New(rule)
	if err := json.Unmarshal(text, again); err != nil {
		t.Fatal(err)
	}
	return again
}

// The state machine tells what one sees who has all rows at once; being told of
// missing windows in time or not at all makes no difference in the end.
func TestAgainstWholeList(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rule := Rule{
			Close: time.Duration(rapid.IntRange(1, 6).Draw(t, "close")) * time.Minute,
			Gap:   time.Duration(rapid.IntRange(1, 10).Draw(t, "gap")) * time.Minute,
			Step:  time.Duration(rapid.IntRange(0, 2).Draw(t, "step")) * time.Minute,
		}
		rows := sequences().Draw(t, "rows")
		m := New(rule)
		var got []Event
		for _, r := range rows {
			if last, any := m.Last(); any && r.Time > last && rapid.Bool().Draw(t, "missing is told") {
				got = fold(got, m.Gone(rapid.Int64Range(last, r.Time).Draw(t, "until")))
			}
			got = fold(got, m.Add(r))
		}
		want := reference(rule, rows)
		if len(got) != len(want) {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		for i := range want {
			if !alike(got[i], want[i]) {
				t.Fatalf("event %d: got %+v, want %+v", i, got[i], want[i])
			}
		}
	})
}

func alike(a, b Event) bool {
	same := func(x, y resultline.Share) bool { return x.Name == y.Name && math.Abs(x.Value-y.Value) < 1e-9 }
	top := slices.EqualFunc(a.Top, b.Top, same)
	a.Top, b.Top = nil, nil
	return top && reflect.DeepEqual(a, b)
}
