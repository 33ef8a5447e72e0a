package files

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"millwright/inference/detect/frame"
)

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestFilesAreJoinedOnTheGrid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "motor.csv", "Timestamp,speed\n2025-01-01T00:00:30,10\n2025-01-01T00:01:00,20\n2025-01-01T00:03:00,40\n")
	write(t, dir, "pump/pump_202501.csv", "Timestamp,flow\n2025-01-01T00:01:00,1\n2025-01-01T00:02:00,2\n")
	write(t, dir, "pump/pump_202502.csv", "Timestamp,flow,temp\n2025-01-01T00:02:00,9,70\n2025-01-01T00:03:00,3,71\n")
	list, _, err := Find([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	src, err := Open(t.Context(), list, Options{Rate: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(src.Names()); got != `[motor\speed pump\flow pump\temp]` {
		t.Error(got)
	}
	for range 2 { // as often as wanted
		f, err := frame.Collect(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i, label := range f.Labels {
			fmt.Fprintln(&b, time.Unix(0, label).UTC().Format("15:04"), f.Row(i))
		}
		want := "00:01 [15 1 NaN]\n00:02 [NaN 2 70]\n00:03 [40 3 71]\n"
		if b.String() != want {
			t.Errorf("got\n%swant\n%s", b.String(), want)
		}
	}
	only, err := Open(t.Context(), list, Options{Rate: time.Minute, Columns: []frame.Name{{Component: "pump", Sensor: "gone"}, {Component: "pump", Sensor: "temp"}}})
	if err != nil {
		t.Fatal(err)
	}
	f, err := frame.Collect(t.Context(), only)
	if err != nil || len(f.Labels) != 3 || !math.IsNaN(f.Row(2)[0]) || f.Row(2)[1] != 71 {
		t.Errorf("%v %v", f, err)
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	l, err := ReadLabels(strings.NewReader("2020-02-01T20:00:00.000000,2020-02-03T00:00:00.000000\n2020-03-01,2020-03-02,no_anomaly\n2020-04-01 10:00,2020-04-01 11:00:00,NEUTRAL\n"), nil)
	if err != nil || len(l.Anomaly) != 1 || len(l.Normal) != 1 {
		t.Fatalf("%+v, %v", l, err)
	}
	if got := time.Unix(0, l.Anomaly[0].End).UTC().Format(time.RFC3339); got != "2020-02-03T00:00:00Z" {
		t.Error(got)
	}
	for _, text := range []string{"2020-01-01", "a,b", "2020-01-02,2020-01-01", "2020-01-01,2020-01-02,BAD"} {
		if _, err := ReadLabels(strings.NewReader(text), nil); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzReadLabels(f *testing.F) {
	f.Add("2020-02-01T20:00:00.000000,2020-02-03T00:00:00.000000\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ReadLabels(strings.NewReader(text), nil)
		for _, r := range l.Anomaly {
			if err == nil && r.End < r.Start {
				t.Errorf("%+v", r)
			}
		}
	})
}

// TestLabelsInTheHourThatComesTwice has labels from 02:30 to 02:10, and to 02:50, in the
// night in which clocks are put back from 03:00 to 02:00.
func TestLabelsInTheHourThatComesTwice(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	l, err := ReadLabels(strings.NewReader("2026-10-25T02:30:00,2026-10-25T02:10:00\n2026-10-25T02:30:00,2026-10-25T02:50:00\n2026-10-25T02:30:00+01:00,2026-10-25T12:00:00\n"), zone)
	if err != nil {
		t.Fatal(err)
	}
	at := func(clock string) int64 {
		u, err := time.Parse(time.RFC3339, "2026-10-25T"+clock+"Z")
		if err != nil {
			t.Fatal(err)
		}
		return u.UnixNano()
	}
	want := []frame.Range{{Start: at("00:30:00"), End: at("01:10:00")}, {Start: at("00:30:00"), End: at("01:50:00")}, {Start: at("01:30:00"), End: at("11:00:00")}}
	if !slices.Equal(l.Anomaly, want) {
		t.Errorf("%v, want %v", l.Anomaly, want)
	}
	march, err := ParseStamp("2026-03-29T02:30:00", zone) // is not shown at all
	if day := at("00:00:00") - 210*24*int64(time.Hour); err != nil || march < day || march > day+3*int64(time.Hour) {
		t.Errorf("%v, %v", time.Unix(0, march).UTC(), err)
	}
}
