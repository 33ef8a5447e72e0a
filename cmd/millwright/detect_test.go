//go:build !agent

package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"millwright/inference/detect/metrics"
	"millwright/internal/golden"
	"millwright/internal/simulate"
)

// detector runs one of the detector's verbs and gives its exit code and what it wrote.
func detector(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	root := &cobra.Command{Use: "millwright", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(fullVerbs()...)
	root.SetOut(&out)
	root.SetErr(&errs)
	code = execute(t.Context(), root, args)
	return code, out.String(), errs.String()
}

// pastOf writes a plant's past and trains a model on it.
func pastOf(t *testing.T, weeks int) (dir, model string) {
	t.Helper()
	dir = t.TempDir()
	if err := (simulate.History{Weeks: weeks}).Write(dir); err != nil {
		t.Fatal(err)
	}
	model = filepath.Join(dir, "pump.mwm")
	code, out, errs := detector(t, "train", "--data", filepath.Join(dir, "history"), "--labels", filepath.Join(dir, "labels.csv"), "--off", `pump-7\speed < 100`, "--model", model)
	if code != exitDone || !strings.Contains(out, "12 sensors") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	return dir, model
}

var number = regexp.MustCompile(`-?\d+\.\d+(e[-+]\d+)?`)

// nearly holds text against a file of testdata/detect; -update writes it. On machines
// whose floating point differs in the last bits numbers may differ a little.
func nearly(t *testing.T, name, text string) {
	t.Helper()
	path := stored("detect/" + name)
	want := golden.Want(t, path, text)
	if text == want {
		return
	}
	got, expected := number.FindAllString(text, -1), number.FindAllString(want, -1)
	if runtime.GOARCH == "amd64" || number.ReplaceAllString(text, "#") != number.ReplaceAllString(want, "#") {
		t.Fatalf("%s: got\n%s", path, text)
	}
	for i := range got {
		a, _ := strconv.ParseFloat(got[i], 64)
		b, _ := strconv.ParseFloat(expected[i], 64)
		if math.Abs(a-b) > 2e-3*math.Max(1, math.Abs(b)) {
			t.Fatalf("%s: %s, want %s", path, got[i], expected[i])
		}
	}
}

func TestDetectorFromTrainingToReport(t *testing.T) {
	t.Parallel()
	dir, model := pastOf(t, 4)
	fresh, labels := filepath.Join(dir, "new"), filepath.Join(dir, "labels.csv")

	code, out, errs := detector(t, "model", "inspect", model)
	if code != exitDone {
		t.Fatalf("inspect: exit %d, %s", code, errs)
	}
	nearly(t, "inspect.txt", out)
	if _, out, _ = detector(t, "model", "inspect", "--json", model); !json.Valid([]byte(out)) {
		t.Errorf("inspect --json: %s", out)
	}

	// While a bearing wears out the machine runs, is off, restarts and runs on.
	period := []string{"--from", "2026-02-04T11:30:00Z", "--to", "2026-02-04T13:00:00Z"}
	code, out, errs = detector(t, append(period, "score", "--model", model, "--data", fresh)...)
	if code != exitDone || strings.Count(out, "\n") != 18 || strings.Count(out, "MACHINE_OFF") == 0 || strings.Count(out, "ANOMALY_DETECTED") == 0 {
		t.Fatalf("score: exit %d, %s\n%s", code, errs, out)
	}
	nearly(t, "results.jsonl", out)
	_, out, _ = detector(t, append(period, "score", "--explain", "--model", model, "--data", fresh)...)
	if strings.Count(out, `"explain": {"capped"`) != 18 || strings.Count(out, `"state":"off"`) != 4 {
		t.Errorf("score --explain:\n%.600s", out)
	}

	page := filepath.Join(dir, "pump.html")
	code, out, errs = detector(t, "evaluate", "--model", model, "--data", fresh, "--labels", labels, "--html", page)
	if code != exitDone {
		t.Fatalf("evaluate: exit %d, %s", code, errs)
	}
	nearly(t, "metrics.json", out)
	var m metrics.Metrics
	if err := json.Unmarshal([]byte(out), &m); err != nil || m.LabeledEvents.Labeled != 2 || m.LabeledEvents.Identified != 2 {
		t.Errorf("%v, %+v", err, m.LabeledEvents)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"motor-7, pump-7", "2 of 2 labelled events found", "Event 1", `pump-7\vibration`, "</html>"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestUpdateTakesNewerRowsIn(t *testing.T) {
	t.Parallel()
	dir, model := pastOf(t, 2)
	next := filepath.Join(dir, "next.mwm")
	args := []string{"train", "--mode", "update", "--base", model, "--data", filepath.Join(dir, "new"), "--labels", filepath.Join(dir, "labels.csv"), "--model", next}
	if code, _, errs := detector(t, args...); code != exitDone {
		t.Fatalf("exit %d, %s", code, errs)
	}
	_, out, _ := detector(t, "model", "inspect", "--json", next)
	var d struct{ Trained struct{ Updates int } }
	if err := json.Unmarshal([]byte(out), &d); err != nil || d.Trained.Updates != 1 {
		t.Errorf("%v, %+v", err, d)
	}
}

func TestSchemasAndPeriodsChooseWhatIsLearnt(t *testing.T) {
	t.Parallel()
	dir, _ := pastOf(t, 2)
	schema := filepath.Join(dir, "schema.json")
	text := `{"Components": [{"ComponentName": "pump-7", "Columns": [{"Name": "Timestamp", "Type": "DATETIME"}, {"Name": "vibration", "Type": "DOUBLE"}, {"Name": "flow", "Type": "DOUBLE"}, {"Name": "speed", "Type": "DOUBLE"}]}]}`
	if err := os.WriteFile(schema, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	model := filepath.Join(dir, "three.mwm")
	train := []string{"train", "--data", filepath.Join(dir, "history"), "--to", "2026-01-12T00:00:00Z", "--off", `pump-7\speed < 100`, "--model", model, "--schema", schema}
	if code, _, errs := detector(t, train...); code != exitDone {
		t.Fatalf("exit %d, %s", code, errs)
	}
	_, out, _ := detector(t, "model", "inspect", "--json", model)
	var d struct {
		Schema []struct{ Sensor string }
		End    string `json:"training_end"`
	}
	if err := json.Unmarshal([]byte(out), &d); err != nil || len(d.Schema) != 3 || d.Schema[0].Sensor != "vibration" || d.End != "2026-01-11T23:55:00Z" {
		t.Errorf("%v, %+v", err, d)
	}
	if err := os.WriteFile(schema, []byte(strings.Replace(text, "flow", "flaw", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := detector(t, train...); code != exitData || !strings.Contains(errs, `pump-7\flaw is in the schema and in no file`) {
		t.Errorf("exit %d, %s", code, errs)
	}
}

func TestDetectorRefusesWhatItCannotDo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	data := file("pump.csv", "Timestamp,flow\n2026-01-01T00:00:00,1\n2026-01-01T00:05:00,2\n")
	bad := file("bad.mwm", strings.Repeat("not a model", 20))
	out := filepath.Join(dir, "out.mwm")
	train := func(args ...string) []string {
		return append([]string{"train", "--data", data, "--model", out}, args...)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"no data":      {[]string{"train", "--model", out}, exitUsage, "data"},
		"data gone":    {[]string{"train", "--data", filepath.Join(dir, "none"), "--model", out}, exitUsage, "none"},
		"too little":   {train(), exitData, "at least"},
		"rate":         {train("--rate", "PT7M"), exitUsage, "PT7M"},
		"off":          {train("--off", "speed < 1"), exitUsage, `component\sensor`},
		"off unknown":  {train("--off", `pump\speed < 1`), exitData, `no sensor pump\speed`},
		"labels":       {train("--labels", file("l.csv", "from,to\n")), exitData, "line 1"},
		"schema":       {train("--schema", file("s.json", "{}")), exitUsage, "no component"},
		"mode":         {train("--mode", "half"), exitUsage, "full or update"},
		"no base":      {train("--mode", "update"), exitUsage, "--base"},
		"bad base":     {train("--mode", "update", "--base", bad), exitData, "damaged"},
		"backwards":    {train("--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z"), exitUsage, "not before"},
		"zone":         {train("--time-zone", "Mars/Base"), exitUsage, "--time-zone"},
		"bad model":    {[]string{"score", "--model", bad, "--data", data}, exitData, "damaged"},
		"no model":     {[]string{"evaluate", "--model", filepath.Join(dir, "none"), "--data", data}, exitFailed, "none"},
		"bad inspect":  {[]string{"model", "inspect", bad}, exitData, "bad.mwm"},
		"weeks":        {[]string{"demo", "history", "--weeks", "1", filepath.Join(dir, "p")}, exitUsage, "--weeks"},
		"not an empty": {[]string{"demo", "history", dir}, exitUsage, "not empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, errs := detector(t, c.args...)
			if code != c.code || !strings.Contains(errs, c.says) {
				t.Errorf("exit %d, %s", code, errs)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("a model was written")
			}
		})
	}
}
