package files

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

// rows is a CSV with a row a minute for two days, in the order given.
func rows(order []int) string {
	var b strings.Builder
	b.WriteString("Timestamp,flow\n")
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, i := range order {
		fmt.Fprintf(&b, "%s,%d\n", start.Add(time.Duration(i)*time.Minute).Format("2006-01-02T15:04:05"), i)
	}
	return b.String()
}

func source(t *testing.T, text string, o Options) *Source {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "pump.csv", text)
	list, _, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), list, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func table(t *testing.T, s *Source) string {
	t.Helper()
	f, err := frame.Collect(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(f.Labels, f.Cells)
}

func TestRowsInAnyOrderAreAllRead(t *testing.T) {
	t.Parallel()
	order := make([]int, 2880)
	for i := range order {
		order[i] = i
	}
	want := table(t, source(t, rows(order), Options{Rate: 5 * time.Minute}))
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	s := source(t, rows(order), Options{Rate: 5 * time.Minute})
	for range 2 {
		if got := table(t, s); got != want {
			t.Errorf("got\n%.300s\nwant\n%.300s", got, want)
		}
	}
	if notes := strings.Join(s.Notes(), "\n"); !strings.Contains(notes, "pump.csv: its rows are far out of order") {
		t.Error(notes)
	}
}

func TestWhatCannotBeUsedIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "pump.csv", "Timestamp,flow\n2025-01-01T00:01:00,1\n2025-01-01T00:02:00,oops\nyesterday,3\n2025-01-01T00:03:00,4\n")
	write(t, dir, "motor.csv", "Timestamp,speed\n")
	write(t, dir, "other.csv", "Timestamp,speed\n2025-01-01T00:01:00,1\n")
	list, _, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), list, Options{Rate: time.Minute, Columns: []frame.Name{{Component: "pump", Sensor: "flow"}, {Component: "motor", Sensor: "speed"}}})
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(s.Notes(), "\n")
	for _, want := range []string{"pump.csv: 2 rows or cells cannot be used, the first on line 3", `"oops"`, "motor.csv: it has no rows"} {
		if !strings.Contains(notes, want) {
			t.Errorf("%s\nlacks %q", notes, want)
		}
	}
	if got := fmt.Sprint(s.Missing(), s.Names()); got != `[motor\speed] [pump\flow motor\speed]` {
		t.Error(got)
	}
}

func TestSchemasChooseAndOrder(t *testing.T) {
	t.Parallel()
	const plain = `{"Components": [{"ComponentName": "pump", "Columns": [{"Name": "Timestamp", "Type": "DATETIME"}, {"Name": "b", "Type": "DOUBLE"}, {"Name": "a", "Type": "DOUBLE"}]}, {"ComponentName": "motor", "Columns": [{"Name": "t", "Type": "DATETIME"}, {"Name": "x:1", "Type": "DOUBLE"}]}]}`
	inline := fmt.Sprintf(`{"InlineDataSchema": %q}`, plain)
	for name, text := range map[string]string{
		"plain": plain, "inline": inline, "request": `{"DatasetName": "d", "DatasetSchema": ` + inline + `}`, "answer": fmt.Sprintf(`{"DatasetName": "d", "Schema": %q}`, plain),
	} {
		got, err := ReadSchema(strings.NewReader(text))
		if err != nil || fmt.Sprint(got) != `[pump\b pump\a motor\x:1]` {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for want, text := range map[string]string{
		"invalid character": "components", "no component": "{}", "cannot be a component's name": `{"Components": [{"ComponentName": "a b"}]}`,
		"twice":                   `{"Components": [{"ComponentName": "a", "Columns": [{"Name": "x", "Type": "DOUBLE"}, {"Name": "x", "Type": "DOUBLE"}]}]}`,
		"DATETIME for the":        `{"Components": [{"ComponentName": "a", "Columns": [{"Name": "x", "Type": "STRING"}]}]}`,
		"cannot be a sensor":      `{"Components": [{"ComponentName": "a", "Columns": [{"Name": "x y", "Type": "DOUBLE"}]}]}`,
		"none of its columns":     `{"Components": [{"ComponentName": "a", "Columns": [{"Name": "x", "Type": "DATETIME"}]}]}`,
		"unexpected end of JSON ": `{"InlineDataSchema": "{\"Components\": ["}`,
	} {
		if _, err := ReadSchema(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func FuzzReadSchema(f *testing.F) {
	f.Add(`{"Components": [{"ComponentName": "a", "Columns": [{"Name": "x", "Type": "DOUBLE"}]}]}`)
	f.Add(`{"DatasetSchema": {"InlineDataSchema": "{\"Schema\": \"{}\"}"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		names, err := ReadSchema(strings.NewReader(text))
		if (err == nil) != (len(names) > 0) {
			t.Errorf("%v, %v", names, err)
		}
	})
}

func TestLabelsInManyForms(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2025-07-01T10:00:00.5":       "2025-07-01T08:00:00.5Z",
		"2025-07-01T10:00:00Z":        "2025-07-01T10:00:00Z",
		"2025-07-01 10:00:00+05:30":   "2025-07-01T04:30:00Z",
		"2025-07-01T10:00:00.25-0700": "2025-07-01T17:00:00.25Z",
		"2025-07-01 10:00 +02:00":     "2025-07-01T08:00:00Z",
		"2025-07-01 10:00:00 UTC":     "2025-07-01T10:00:00Z",
		"2025/07/01 10:00":            "2025-07-01T08:00:00Z",
		"20250701100000":              "2025-07-01T08:00:00Z",
		"2025-07-01-10-00-00":         "2025-07-01T08:00:00Z",
		"2025-07-01":                  "2025-06-30T22:00:00Z",
	} {
		l, err := ReadLabels(strings.NewReader("\ufeff"+text+","+text+"\n"), berlin)
		if err != nil || len(l.Anomaly) != 1 {
			t.Errorf("%s: %+v, %v", text, l, err)
			continue
		}
		if got := time.Unix(0, l.Anomaly[0].Start).UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// ending is a context that ends once its Err was asked for.
type ending struct {
	context.Context
	asked bool
}

func (e *ending) Err() error {
	if !e.asked {
		e.asked = true
		return nil
	}
	return context.Canceled
}

func TestSortingADisorderedFileCanBeCancelled(t *testing.T) {
	t.Parallel()
	order := make([]int, 2880)
	for i := range order {
		order[i] = len(order) - 1 - i
	}
	s := source(t, rows(order), Options{Rate: 5 * time.Minute})
	err := s.Each(&ending{Context: t.Context()}, func(int64, []float64) error {
		return errors.New("a row was read")
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
