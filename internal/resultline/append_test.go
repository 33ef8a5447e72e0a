package resultline

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The form is the service's to the byte.
func TestAppend(t *testing.T) {
	t.Parallel()
	rows := []Row{
		{Time: ns(t, "2021-03-11T22:24:00Z"), Reason: MachineOff},
		{
			Time: ns(t, "2021-03-11T22:25:00Z"), Prediction: 1, Reason: AnomalyDetected, Score: 0.723849999, HasScore: true,
			Diagnostics: []Share{{`component_5feceb66\sensor0`, 0.023456}, {`component_5feceb66\sensor1`, 0.040000001}, {`a\b`, 0}, {`a\c`, 1}},
		},
		{Time: ns(t, "2021-03-11T22:26:00.123456789Z"), Reason: NoAnomalyDetected, Score: 0.41227, HasScore: true, Diagnostics: []Share{}},
		{Time: ns(t, "2021-03-11T22:27:00Z"), Prediction: 1, Reason: AnomalyDetected, Score: 0.500000001, HasScore: true, Diagnostics: []Share{{`a\tiny`, 0.00001}, {`a\tinier`, 0.000004}}},
		{Time: ns(t, "2021-03-11T22:28:00Z"), Prediction: 0},
		{
			Time: ns(t, "2021-03-11T22:29:00Z"), Prediction: 0, Score: math.NaN(), HasScore: true, Diagnostics: []Share{{"µ\\😀\"\n\x7f", math.NaN()}},
			Extra: map[string]json.RawMessage{"z": json.RawMessage("{\n\"a\":1}"), "model": json.RawMessage(`"v1"`), "none": nil, "prediction": json.RawMessage("7")},
		},
	}
	var got []byte
	for _, r := range rows {
		got = Append(got, r)
	}
	want, err := os.ReadFile("testdata/written.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// rows draws objects as Append may have written them.
func rows() *rapid.Generator[[]Row] {
	fifth := rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(0, 100000).Draw(t, "share")) / 100000 })
	name := rapid.Custom(func(t *rapid.T) string {
		part := rapid.StringMatching(`[0-9A-Za-z:#$._\-µ😀"/]{1,8}`)
		return part.Draw(t, "component") + `\` + part.Draw(t, "sensor")
	})
	values := rapid.SampledFrom([]string{`null`, `[1,  {"a":"\\\u0041"}]`, `{"b": [],"c":{}}`, `-1.5E+3`, `"x y"`, `true`})
	return rapid.Custom(func(t *rapid.T) []Row {
		at := rapid.Int64Range(-8e15, 6e15).Draw(t, "first") // µs
		sensors := rapid.SliceOfNDistinct(name, 0, 6, rapid.ID[string]).Draw(t, "sensors")
		all := make([]Row, rapid.IntRange(1, 8).Draw(t, "rows"))
		for i := range all {
			at += rapid.Int64Range(1, 1e10).Draw(t, "step")
			r := Row{Time: at * 1000, Reason: rapid.SampledFrom([]Reason{AnomalyDetected, NoAnomalyDetected, MachineOff}).Draw(t, "reason")}
			if r.Reason == AnomalyDetected {
				r.Prediction = 1
			}
			if rapid.Bool().Draw(t, "has score") {
				r.Score, r.HasScore = fifth.Draw(t, "score"), true
			}
			if rapid.Bool().Draw(t, "has diagnostics") {
				r.Diagnostics = []Share{}
				for _, s := range sensors[:rapid.IntRange(0, len(sensors)).Draw(t, "sensors")] {
					r.Diagnostics = append(r.Diagnostics, Share{s, fifth.Draw(t, "share")})
				}
			}
			for range rapid.IntRange(0, 2).Draw(t, "others") {
				if r.Extra == nil {
					r.Extra = map[string]json.RawMessage{}
				}
				r.Extra[rapid.StringMatching(`x[a-z"\\µ\n]{0,3}`).Draw(t, "name")] = json.RawMessage(values.Draw(t, "value"))
			}
			all[i] = r
		}
		return all
	})
}

func TestReadUndoesAppend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rows().Draw(t, "rows")
		var text []byte
		for _, r := range want {
			text = Append(text, r)
		}
		got, err := all(string(text), Limits{})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v:\n%s%+v\nwant\n%+v", err, text, got, want)
		}
		for line := range strings.Lines(string(text)) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("no JSON: %s", line)
			}
		}
	})
}

// What is refused by the rules of JSON is refused here; what is taken is taken
// the same way by the standard library, and writing it once more changes nothing.
func FuzzRead(f *testing.F) {
	text, err := os.ReadFile("testdata/service.jsonl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for line := range strings.Lines(string(text)) {
		f.Add([]byte(line))
	}
	f.Add([]byte(off + "\r\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var again []byte
		var first []Row
		lines := strings.SplitAfter(string(text), "\n")
		err := Read(strings.NewReader(string(text)), Limits{Bytes: 1 << 16, Line: 1 << 12, Rows: 50, Diagnostics: 20}, func(r Row) error {
			line := lines[len(first)]
			first = append(first, r)
			again = Append(again, r)
			var std struct {
				Timestamp   string   `json:"timestamp"`
				Score       *float64 `json:"anomaly_score"`
				Diagnostics []Share  `json:"diagnostics"`
			}
			var names map[string]json.RawMessage // without folding of case
			if err := json.Unmarshal([]byte(line), &names); err != nil {
				t.Fatalf("taken, but %v: %s", err, line)
			}
			if err := json.Unmarshal([]byte(line), &std); err == nil && len(names) == len(r.Extra)+len(known(names)) && !folds(names) {
				if (std.Score != nil) != r.HasScore || r.HasScore && *std.Score != r.Score || len(std.Diagnostics) != len(r.Diagnostics) {
					t.Fatalf("got %+v, want %+v", r, std)
				}
			}
			return nil
		})
		if err != nil {
			return
		}
		second, err := all(string(again), Limits{Bytes: 1 << 20, Line: 1 << 16})
		if err != nil {
			t.Fatalf("%v in what was written: %s", err, again)
		}
		var third []byte
		for i, r := range second {
			if r.Time != first[i].Time || r.Reason != first[i].Reason {
				t.Fatalf("got %+v, want %+v", r, first[i])
			}
			third = Append(third, r)
		}
		if string(third) != string(again) {
			t.Fatalf("got\n%swant\n%s", third, again)
		}
	})
}

func known(names map[string]json.RawMessage) (k []string) {
	for n := range names {
		if fieldOf(n) != fieldOther {
			k = append(k, n)
		}
	}
	return k
}

// folds tells of names that encoding/json takes for known ones.
func folds(names map[string]json.RawMessage) bool {
	for n := range names {
		for _, k := range []string{"timestamp", "anomaly_score", "diagnostics"} {
			if n != k && strings.EqualFold(n, k) {
				return true
			}
		}
	}
	return false
}

func TestLargest(t *testing.T) {
	t.Parallel()
	shares := []Share{{`a\d`, 0.1}, {`a\c`, 0.3}, {`a\b`, 0.3}, {`a\a`, 0.2}}
	r := Row{Diagnostics: shares}
	if got, want := r.Top(3), []Share{{`a\b`, 0.3}, {`a\c`, 0.3}, {`a\a`, 0.2}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := r.Top(0); len(got) != 0 {
		t.Errorf("none asked for, got %v", got)
	}
	if shares[0].Name != `a\d` {
		t.Error("the row's own order was changed")
	}
}

// hour is an hour of one row a minute.
func hour(sensors int) []byte {
	var text []byte
	for i := range 60 {
		r := Row{Time: int64(i) * 60e9, Reason: NoAnomalyDetected, Score: float64(i) / 200, HasScore: true}
		for s := range sensors {
			r.Diagnostics = append(r.Diagnostics, Share{fmt.Sprintf(`pump\sensor%d`, s), float64(s+i) / 1000})
		}
		text = Append(text, r)
	}
	return text
}

func BenchmarkRead(b *testing.B) {
	for _, sensors := range []int{5, 30, 300} {
		text := string(hour(sensors))
		b.Run(fmt.Sprint(sensors), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Read(strings.NewReader(text), Limits{}, func(Row) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	rows, err := all(string(hour(30)), Limits{})
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = buf[:0]
		for _, r := range rows {
			buf = Append(buf, r)
		}
	}
	b.SetBytes(int64(len(buf)))
}

// A row costs one allocation once its sensors are known.
func TestRowsAreCheap(t *testing.T) {
	text := string(hour(300))
	got := testing.AllocsPerRun(10, func() {
		if err := Read(strings.NewReader(text), Limits{}, func(Row) error { return nil }); err != nil {
			t.Fatal(err)
		}
	})
	const rows, names, rest = 60, 300, 120
	if got > rows+names+rest {
		t.Errorf("%.0f allocations for %d rows of %d sensors", got, rows, names)
	}
}
