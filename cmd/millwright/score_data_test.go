//go:build !agent

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// every leaves a history's header and each nth row.
func every(n int, text string) string {
	lines := strings.SplitAfter(text, "\n")
	kept := lines[0]
	for i := 1; i < len(lines); i += n {
		kept += lines[i]
	}
	return kept
}

func TestScoringNothingIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := history("Timestamp,speed,flow", 1000)
	data := put(t, dir, "pump.csv", text)
	model := filepath.Join(dir, "m.mwm")
	if code, _, errs := detector(t, "train", "--data", data, "--model", model); code != exitDone {
		t.Fatal(errs)
	}
	page := filepath.Join(dir, "p.html")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"renamed":    {[]string{"--data", put(t, dir, "fan.csv", text)}, "components are pump, those of the files fan"},
		"other":      {[]string{"--data", put(t, dir, "other/pump.csv", strings.NewReplacer("speed", "a", "flow", "b").Replace(text))}, `no sensor of the model is in --data, such as pump\speed, pump\flow`},
		"empty":      {[]string{"--data", put(t, dir, "empty/pump.csv", "")}, "no sensor of the model"},
		"no rows":    {[]string{"--data", put(t, dir, "bare/pump.csv", "Timestamp,speed,flow\n")}, "no row"},
		"afterwards": {[]string{"--data", data, "--from", "2027-01-01T00:00:00Z"}, "no row from 2027-01-01T00:00:00Z on: those of --data go from 2026-01-01T00:00:00Z to 2026-01-04T11:15:00Z"},
		"before":     {[]string{"--data", data, "--to", "2025-01-01T00:00:00Z"}, "no row before 2025-01-01T00:00:00Z"},
	} {
		for _, verb := range [][]string{{"score"}, {"evaluate", "--html", page}} {
			code, out, errs := detector(t, append(append(verb, "--model", model), c.args...)...)
			if code != exitData || out != "" || !strings.Contains(errs, c.says) {
				t.Errorf("%s: %s: exit %d, %s%s", name, verb[0], code, out, errs)
			}
		}
	}
	if _, err := os.Stat(page); err == nil {
		t.Error("a page was written")
	}
}

func TestLabelsThatTouchNoRowAreToldOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000))
	model := filepath.Join(dir, "m.mwm")
	away := put(t, dir, "away.csv", "2027-01-01T00:00:00,2027-01-02T00:00:00\n")
	normal := put(t, dir, "normal.csv", "2026-01-02T00:00:00,2026-01-03T00:00:00,NO_ANOMALY\n")
	code, _, errs := detector(t, "train", "--data", data, "--labels", away, "--model", model)
	if code != exitDone || !strings.Contains(errs, "lie outside the history") || !strings.Contains(errs, `"history_to": "2026-01-04T11:15:00Z"`) {
		t.Errorf("train: exit %d, %s", code, errs)
	}
	for labels, want := range map[string]string{away: "none of the anomalies of ", normal: "has no anomaly"} {
		code, out, errs := detector(t, "evaluate", "--model", model, "--data", data, "--labels", labels)
		if code != exitDone || !strings.Contains(errs, want) || strings.Contains(out, "model_version_metrics") {
			t.Errorf("evaluate: exit %d, %s%s", code, errs, out)
		}
	}
}

// TestLostRowsAreAProblemOfTheData has a packed file that was copied in part.
func TestLostRowsAreAProblemOfTheData(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, history("Timestamp,speed,flow", 4000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	data := put(t, dir, "pump.csv.gz", packed.String()[:packed.Len()*3/4])
	model := filepath.Join(dir, "m.mwm")
	for _, args := range [][]string{{"train"}, {"score"}, {"evaluate"}} {
		code, out, errs := detector(t, append(args, "--data", data, "--model", model)...)
		if code != exitData || out == "" || !strings.Contains(errs, "pump.csv.gz") {
			t.Errorf("%s: exit %d, %.200s%s", args[0], code, out, errs)
		}
	}
}

func TestVerbsThatScriptsReadTakeJSON(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000))
	model := filepath.Join(dir, "m.mwm")
	for _, verb := range []string{"train", "evaluate"} {
		if code, out, errs := detector(t, verb, "--json", "--data", data, "--model", model); code != exitDone || !json.Valid([]byte(out)) {
			t.Errorf("%s: exit %d, %s%s", verb, code, out, errs)
		}
	}
}

func TestSparseRowsAreToldOf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := history("Timestamp,speed,flow", 2000)
	data, sparse := put(t, dir, "pump.csv", text), put(t, dir, "sparse/pump.csv", every(3, text))
	for _, c := range []struct{ learnt, scored, says string }{
		{data, sparse, "have a row every 15m, the model was trained on one every 5m"},
		{data, data, ""},
		{sparse, data, ""},
		{sparse, sparse, ""},
	} {
		model := filepath.Join(t.TempDir(), "m.mwm")
		if code, _, errs := detector(t, "train", "--data", c.learnt, "--model", model); code != exitDone {
			t.Fatal(errs)
		}
		code, _, errs := detector(t, "score", "--model", model, "--data", c.scored)
		if told := strings.Contains(errs, "have a row every"); code != exitDone || told != (c.says != "") || !strings.Contains(errs, c.says) {
			t.Errorf("%+v: exit %d, %s", c, code, errs)
		}
	}
}

func TestDurationsAreShort(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{time.Minute: "1m", time.Hour: "1h", 90 * time.Minute: "1h30m", 5 * time.Second: "5s", time.Hour + time.Second: "1h0m1s"} {
		if got := tidy(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

// TestScoringUpToAGapHoldsWhatIsHeldInIt has rows missing around the end of what is asked for.
func TestScoringUpToAGapHoldsWhatIsHeldInIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lines := strings.SplitAfter(history("Timestamp,speed,flow", 1000), "\n")
	data := put(t, dir, "pump.csv", strings.Join(slices.Delete(lines, 514, 517), "")) // 2026-01-02T18:45 to 18:55
	model := filepath.Join(dir, "m.mwm")
	if code, _, errs := detector(t, "train", "--data", data, "--model", model); code != exitDone {
		t.Fatal(errs)
	}
	_, whole, _ := detector(t, "score", "--model", model, "--data", data)
	_, part, _ := detector(t, "score", "--model", model, "--data", data, "--to", "2026-01-02T18:51:00Z")
	if !strings.HasPrefix(whole, part) || !strings.HasPrefix(whole[len(part):], `{"timestamp": "2026-01-02T18:55`) {
		t.Errorf("%d bytes of\n%.300s", len(part), whole[len(part)-300:])
	}
}
