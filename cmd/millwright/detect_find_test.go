//go:build !agent

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// history is a CSV of two sensors at five minutes, from 2026-01-01 on, that are off for
// an hour a day.
func history(header string, rows int) string {
	var b strings.Builder
	b.WriteString(header + "\n")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range rows {
		speed := 100 + i*7919%13
		if i%288 < 12 {
			speed = 0
		}
		fmt.Fprintf(&b, "%s,%d,%d\n", at.Format("2006-01-02T15:04:05"), speed, 20+i*104729%17)
		at = at.Add(5 * time.Minute)
	}
	return b.String()
}

// put writes a file below dir.
func put(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFoldersAreReadInAnyCase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "PUMP.CSV", history("Timestamp,speed,flow", 1000))
	put(t, dir, "old.zip", "")
	labels := put(t, dir, "labels.csv", "2026-01-02,2026-01-03\n") // is no data
	model := filepath.Join(t.TempDir(), "m.mwm")
	code, out, errs := detector(t, "train", "--data", dir, "--labels", labels, "--model", model)
	if code != exitDone || !strings.Contains(out, "2 sensors") || !strings.Contains(errs, "neither .csv nor .csv.gz") || !strings.Contains(errs, "old.zip") || strings.Contains(errs, "labels.csv") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestOnlyOwnFilesAreReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000))
	labels := put(t, dir, "labels.csv", "")
	model, page := filepath.Join(dir, "m.mwm"), filepath.Join(dir, "p.html")
	train := func(model string) []string {
		return []string{"train", "--data", data, "--labels", labels, "--model", model}
	}
	evaluate := func(page string) []string {
		return []string{"evaluate", "--data", data, "--model", model, "--html", page}
	}
	for range 2 { // the second time they replace what they wrote
		if code, _, errs := detector(t, train(model)...); code != exitDone {
			t.Fatalf("exit %d, %s", code, errs)
		}
		if code, _, errs := detector(t, evaluate(page)...); code != exitDone {
			t.Fatalf("exit %d, %s", code, errs)
		}
	}
	other := put(t, dir, "other.html", "<!doctype html>\n<title>Mine</title>")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"data":              {train(data), "is an input"},
		"an empty input":    {train(labels), "is an input"},
		"no model":          {train(other), "exists and is no model"},
		"a folder":          {train(dir), "is a folder"},
		"no folder":         {train(filepath.Join(dir, "none", "m.mwm")), "there is no folder"},
		"html on data":      {evaluate(data), "is an input"},
		"html on the model": {evaluate(model), "is an input"},
		"another page":      {evaluate(other), "no page of an evaluation"},
		"html in no folder": {evaluate(filepath.Join(data, "p.html")), "p.html"},
	} {
		before, _ := os.ReadFile(data)
		code, _, errs := detector(t, c.args...)
		if after, _ := os.ReadFile(data); string(after) != string(before) {
			t.Fatalf("%s: the data is gone", name)
		}
		if code != exitUsage && name != "html in no folder" || code == exitDone || !strings.Contains(errs, c.says) {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Error(left)
	}
}

func TestFlagsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000))
	more := put(t, dir, "fan.csv", history("Timestamp,temp,load", 1000))
	base, out := filepath.Join(dir, "m.mwm"), filepath.Join(dir, "out.mwm")
	code, said, errs := detector(t, "train", "--model", base, "--from", "2026-01-01", "--off", `pump\speed < 5`, "--false-alarms-per-week", "0.2", "--data", data, more)
	if code != exitDone || !strings.Contains(said, "4 sensors") {
		t.Fatalf("exit %d, %s%s", code, said, errs)
	}
	train := func(args ...string) []string {
		return append([]string{"train", "--data", data, "--model", out}, args...)
	}
	update := func(args ...string) []string {
		return append(train("--mode", "update", "--base", base, "--data", more), args...)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"base in full":     {train("--base", base), exitUsage, "--mode update"},
		"rate":             {update("--rate", "PT1M"), exitUsage, "--rate stays the base model's"},
		"off":              {update("--off", `pump\speed < 5`), exitUsage, "--off stays"},
		"off twice":        {train("--off", `pump\speed < 5`, "--off", `pump\flow < 5`), exitUsage, "twice"},
		"model twice":      {train("--model", base), exitUsage, "twice"},
		"html twice":       {[]string{"evaluate", "--data", data, "--model", base, "--html", "a", "--html", "b"}, exitUsage, "twice"},
		"no alarms":        {train("--false-alarms-per-week", "0"), exitUsage, "above 0"},
		"alarms below 0":   {train("--false-alarms-per-week", "-1"), exitUsage, "above 0"},
		"restart below 0":  {train("--restart", "-1h"), exitUsage, "--restart -1h"},
		"hold below 0":     {train("--hold", "-1h"), exitUsage, "hold -1h"},
		"off with <=":      {train("--off", `pump\speed <= 5`), exitUsage, "use < or > instead of <="},
		"off with <<":      {train("--off", `pump\speed << 5`), exitUsage, "use < or > instead of <<"},
		"off of a word":    {train("--off", `pump\speed < five`), exitUsage, `"five" is no finite number`},
		"header of labels": {train("--labels", put(t, dir, "h.txt", "start,end\n2026-01-01,2026-01-02\n")), exitData, "is a header"},
		"semicolons":       {train("--labels", put(t, dir, "s.txt", "2026-01-01;2026-01-02\n")), exitData, "comma"},
		"German dates":     {train("--labels", put(t, dir, "d.txt", "01.02.2026,02.02.2026\n")), exitData, `"01.02.2026" is no instant`},
		"from":             {train("--from", "soon"), exitUsage, `--from: "soon" is no instant`},
		"nothing newer":    {update(), exitData, "after 2026-01-04T11:15:00Z, to which the base model reaches"},
		"no such argument": {train("b.csv"), exitUsage, "b.csv"},
	} {
		if code, _, errs := detector(t, c.args...); code != c.code || !strings.Contains(errs, c.says) || strings.Contains(errs, "strconv") {
			t.Errorf("%s: exit %d, %s", name, code, errs)
		}
	}
	late := put(t, dir, "new/pump.csv", strings.ReplaceAll(history("Timestamp,speed,flow", 500), "2026-01", "2026-02"))
	put(t, dir, "new/fan.csv", strings.ReplaceAll(history("Timestamp,temp,load", 500), "2026-01", "2026-02"))
	code, _, errs = detector(t, "train", "--mode", "update", "--base", base, "--model", out, "--false-alarms-per-week", "3", "--data", filepath.Dir(late))
	if code != exitDone || !strings.Contains(errs, `"rows": 500`) || !strings.Contains(errs, "too few to verify another limit") {
		t.Errorf("exit %d, %s", code, errs)
	}
	if _, inspect, _ := detector(t, "model", "inspect", "--json", out); !strings.Contains(inspect, `"target": 0.2`) {
		t.Error(inspect)
	}
}

func TestAVerbThatIsStoppedSaysWhatItLeaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, model := put(t, dir, "pump.csv", history("Timestamp,speed,flow", 1000)), filepath.Join(dir, "m.mwm")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	run := func(ctx context.Context, args ...string) (int, string) {
		var errs bytes.Buffer
		root := &cobra.Command{Use: "millwright", SilenceErrors: true, SilenceUsage: true}
		root.AddCommand(fullVerbs()...)
		root.SetOut(io.Discard)
		root.SetErr(&errs)
		return execute(ctx, root, args), errs.String()
	}
	train := []string{"train", "--data", data, "--model", model}
	if code, errs := run(ctx, train...); code != exitFailed || errs != "millwright: stopped; "+model+" was not written\n" {
		t.Errorf("exit %d, %s", code, errs)
	}
	if code, errs := run(t.Context(), train...); code != exitDone {
		t.Fatalf("exit %d, %s", code, errs)
	}
	if code, errs := run(ctx, train...); code != exitFailed || errs != "millwright: stopped; "+model+" is as it was\n" {
		t.Errorf("exit %d, %s", code, errs)
	}
	for _, verb := range []string{"score", "evaluate"} {
		if code, errs := run(ctx, verb, "--data", data, "--model", model); code != exitFailed || errs != "millwright: stopped; the results are not whole\n" {
			t.Errorf("%s: exit %d, %s", verb, code, errs)
		}
	}
}
