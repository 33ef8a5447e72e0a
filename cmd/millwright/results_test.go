package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"millwright/internal/golden"
	"millwright/internal/window"
)

// stored is a file of testdata. The working folder is the embedded store's, once a
// test has started it.
func stored(name string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "testdata", filepath.FromSlash(name))
}

// table prints as the verb does, with a locale that is known.
func (r *resultsRig) table(spark sparkline) string {
	r.t.Helper()
	cfg, err := loadConfig(r.config, io.Discard)
	if err != nil {
		r.t.Fatal(err)
	}
	var out, errs bytes.Buffer
	s, err := openSite(r.dir, nil, &errs)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.close()
	asked := resultsAsked{from: resultsDay.UnixNano(), site: s}
	if err := asked.show(r.t.Context(), r.ledger, &resultsTable{out: &out, from: resultsDay, paces: pacesOf(cfg), spark: spark, before: newestBefore(r.t.Context(), r.ledger, resultsDay)}); err != nil {
		r.t.Fatal(err)
	}
	if errs.Len() > 0 {
		r.t.Error(errs.String())
	}
	return out.String()
}

var blocks = sparksFor(func(string) string { return "en_GB.UTF-8" })

func TestResultsTable(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.story()
	got := r.table(blocks)
	golden.Check(t, stored("results/table.txt"), got)
	golden.Check(t, stored("results/ascii.txt"), r.table(sparksFor(func(string) string { return "C" })))
	for line := range strings.Lines(got) {
		if n := len([]rune(strings.TrimSuffix(line, "\n"))); n > tableWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

func TestResultsJSON(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.without("pump-7", resultsDay, window.Missing, "no result 10m0s after the wake-up")
	r.deliver("pump-7", resultsDay.Add(5*time.Minute), time.Minute, 0.4, 0.9, -1)
	code, out, errs := invoke(t, "results", "--config", r.config, "--json", "--at", "2026-01-05T12:00:00Z")
	if code != exitDone || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	golden.Check(t, stored("results/lines.jsonl"), out)
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestResultsCSV(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.without("pump-7", resultsDay, window.Missing, "no result")
	r.deliver("pump-7", resultsDay.Add(5*time.Minute), time.Minute, 0.4, 0.9, -1)
	r.deliver("=cmd", resultsDay.Add(5*time.Minute), time.Minute, 0.4)
	code, out, errs := invoke(t, "results", "--config", r.config, "--csv", "--since", "2026-01-05T00:00:00Z")
	if code != exitDone || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	golden.Check(t, stored("results/rows.csv"), out)
	if records, err := csv.NewReader(strings.NewReader(out)).ReadAll(); err != nil || len(records) != 5 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

func TestResultsExitCodes(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1)
	r.deliver("pump-7", resultsDay.Add(5*time.Minute), time.Minute, 0.1)
	damaged := filepath.Join(r.dir, window.ResultPath("pump-7", resultsDay.UnixNano()))
	if err := os.WriteFile(damaged, []byte("{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.dir, window.ResultPath("pump-7", resultsDay.Add(5*time.Minute).UnixNano()))); err != nil {
		t.Fatal(err)
	}
	empty := newResultsRig(t)
	none := dropped(t, t.TempDir(), "none.yaml", strings.ReplaceAll(string(must1(os.ReadFile(r.config))), r.dir, t.TempDir()))
	for _, c := range []struct {
		name   string
		args   []string
		code   int
		stderr string
	}{
		{"damaged and gone", []string{"--config", r.config, "--since", "2026-01-05"}, exitData, "results/pump-7/2026-01-05/2026-01-05T000000Z.jsonl: line 1"},
		{"gone", []string{"--config", r.config, "--since", "2026-01-05", "--csv"}, exitData, "2026-01-05T000500Z.jsonl"},
		{"where it still is", []string{"--config", r.config, "--since", "2026-01-05", "--json"}, exitData, "; fetch it again from the bucket: s3://plant/out/2026-01-05T00:05:00Z/results.jsonl"},
		{"one scheduler", []string{"--config", r.config, "--scheduler", "mill", "--at", "2026-01-06T00:00:00Z"}, exitDone, ""},
		{"nothing yet", []string{"--config", empty.config}, exitDone, ""},
		{"no such scheduler", []string{"--config", r.config, "--scheduler", "pump"}, exitUsage, `no scheduler "pump"`},
		{"since", []string{"--config", r.config, "--since", "yesterday"}, exitUsage, `read --since "yesterday"`},
		{"since now", []string{"--config", r.config, "--since", "0h"}, exitUsage, "read --since"},
		{"since ever", []string{"--config", r.config, "--since", "none"}, exitUsage, "read --since"},
		{"at", []string{"--config", r.config, "--at", "noon"}, exitUsage, `read --at "noon"`},
		{"both forms", []string{"--config", r.config, "--json", "--csv"}, exitUsage, "--json and --csv are two forms of the same"},
		{"argument", []string{"--config", r.config, "pump-7"}, exitUsage, "belongs to no flag"},
		{"no configuration", nil, exitUsage, "config"},
		{"no ledger", []string{"--config", none}, exitFailed, "has the daemon run"},
	} {
		code, _, errs := invoke(t, append([]string{"results"}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.stderr) || c.stderr == "" && errs != "" {
			t.Errorf("%s: exit %d, want %d: %s", c.name, code, c.code, errs)
		}
	}
}

func TestResultsThatCannotBeReadAreErrorsInJSON(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1)
	if err := os.Remove(filepath.Join(r.dir, window.ResultPath("pump-7", resultsDay.UnixNano()))); err != nil {
		t.Fatal(err)
	}
	_, out, _ := invoke(t, "results", "--config", r.config, "--since", "2026-01-05", "--json")
	var line struct{ Error, Remedy string }
	if err := json.Unmarshal([]byte(out), &line); err != nil || !strings.Contains(line.Error, "no such file") || !strings.Contains(line.Remedy, "s3://plant/out/") {
		t.Errorf("%v: %s", err, out)
	}
}

func must1[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A file of a result may lead nowhere else.
func TestResultsStayOnSite(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1)
	path := filepath.Join(r.dir, window.ResultPath("pump-7", resultsDay.UnixNano()))
	outside := dropped(t, t.TempDir(), "secret.jsonl", string(must1(os.ReadFile(path))))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, path); err != nil {
		t.Fatal(err)
	}
	code, out, errs := invoke(t, "results", "--config", r.config, "--csv", "--since", "2026-01-05")
	if code != exitData || strings.Contains(out, "0.1") || !strings.Contains(errs, "2026-01-05T000000Z.jsonl") {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}

// pipe is what --follow prints to.
type pipe struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *pipe) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *pipe) await(t *testing.T, what string) {
	t.Helper()
	until := time.Now().Add(20 * time.Second)
	for {
		p.mu.Lock()
		text := p.text.String()
		p.mu.Unlock()
		if strings.Contains(text, what) {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%q does not come:\n%s", what, text)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestResultsFollow(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1)
	r.without("pump-7", resultsDay.Add(5*time.Minute), window.Awaited, "")
	ctx, stop := context.WithCancel(t.Context())
	var out pipe
	s := must1(openSite(r.dir, nil, os.Stderr))
	defer s.close()
	done := make(chan error, 1)
	go func() {
		asked := resultsAsked{from: resultsDay.UnixNano(), site: s}
		p := &resultsTable{out: &out, from: resultsDay, paces: []pace{{"pump-7", 5 * time.Minute, true}}, spark: blocks, before: newestBefore(t.Context(), r.ledger, resultsDay)}
		done <- asked.follow(ctx, r.ledger, p, 2*time.Millisecond)
	}()
	out.await(t, "01-05 00:05       awaited   the run was due at 2026-01-05T00:12:00Z\n")
	r.without("pump-7", resultsDay.Add(5*time.Minute), window.Missing, "no result")
	out.await(t, "01-05 00:05       missing   no result\n")
	r.without("pump-7", resultsDay.Add(10*time.Minute), window.Awaited, "")
	r.deliver("pump-7", resultsDay.Add(10*time.Minute), time.Minute, 0.9, 0.9)
	out.await(t, "01-05 00:10       delivered     2     2 0.900  ██")
	out.await(t, "event open: 01-05 00:11 to 01-05 00:12, 2 rows, peak 0.900: flow 72%, speed 20%")
	r.deliver("mill", resultsDay, 5*time.Minute, 0.2)
	out.await(t, "\nmill\n01-05 00:00       delivered     1     0 0.200  ▂")
	stop()
	if err := <-done; err == nil || ctx.Err() == nil {
		t.Errorf("got %v", err)
	}
	if n := strings.Count(out.text.String(), "01-05 00:00 "); n != 2 {
		t.Errorf("a window is printed twice:\n%s", out.text.String())
	}
}

func TestSparkline(t *testing.T) {
	t.Parallel()
	no := math.NaN()
	for _, c := range []struct {
		scores []float64
		width  int
		want   string
	}{
		{nil, 5, ""},
		{[]float64{0, 0.125, 0.126, 0.5, 0.50001, 1}, 10, "▁▁▂▄▅█"},
		{[]float64{0.1, no, 0.9, no}, 10, "▁ █"},
		{[]float64{0.1, 0.2, 0.3, no, no, no, 0.9, 0.1, 0.1}, 3, "▃ █"},
		{[]float64{0.1, 0.9, 0.1}, 2, "▁█"},
	} {
		if got := blocks.draw(c.scores, c.width); got != c.want {
			t.Errorf("%v in %d: got %q, want %q", c.scores, c.width, got, c.want)
		}
	}
	env := func(m map[string]string) func(string) string { return func(k string) string { return m[k] } }
	if got := sparksFor(env(map[string]string{"LANG": "de_DE.utf8"})); got != blocks {
		t.Error("LANG is not heard")
	}
	if got := sparksFor(env(map[string]string{"LC_ALL": "C", "LANG": "de_DE.utf8"})); got == blocks {
		t.Error("LC_ALL goes before LANG")
	}
}

// No window is lost or doubled by sharing a line.
func TestStretches(t *testing.T) {
	t.Parallel()
	letters := func(s string) (all []window.Outcome) {
		for i, c := range s {
			o := window.Outcome{Start: int64(i), Scoring: window.Delivered, Rows: 5}
			switch c {
			case 'A':
				o.Anomalous = 1
			case 'O':
				o.Off = 5
			case 'M':
				o.Scoring, o.Reason = window.Missing, "m"
			case 'm':
				o.Scoring, o.Reason = window.Missing, "n"
			case '_':
				continue
			}
			all = append(all, o)
		}
		return all
	}
	recent := strings.Repeat("N", windowsApart)
	for s, want := range map[string][]int{
		"":                   nil,
		"NNNNN":              {1, 1, 1, 1, 1},
		"NNNN" + recent:      slices.Concat([]int{4}, slices.Repeat([]int{1}, 12)),
		"NNN" + recent:       slices.Repeat([]int{1}, 15),
		"NNNNAAAAA" + recent: slices.Concat([]int{4, 5}, slices.Repeat([]int{1}, 12)),
		"OOOONNNN" + recent:  slices.Concat([]int{4, 4}, slices.Repeat([]int{1}, 12)),
		"NN_NN" + recent:     slices.Repeat([]int{1}, 16),
		"MMMmNMM":            {4, 1, 2},
	} {
		var got []int
		n := 0
		all := letters(s)
		for _, line := range stretches(all, 1) {
			got = append(got, len(line))
			for _, o := range line {
				if o.Start != all[n].Start {
					t.Errorf("%s: a window is out of place", s)
				}
				n++
			}
		}
		if !slices.Equal(got, want) || n != len(all) {
			t.Errorf("%s: got %v, want %v", s, got, want)
		}
	}
}

func TestReasonOfAStretch(t *testing.T) {
	t.Parallel()
	of := func(reasons ...string) (s stretch) {
		for _, r := range reasons {
			s = append(s, window.Outcome{Scoring: window.Failed, Reason: r})
		}
		return s
	}
	for want, s := range map[string]stretch{
		"uploaded 5s after the wake-up":                            of("uploaded 1m3s after the wake-up", "uploaded 5s after the wake-up"),
		"no rows in in/pump-7_20260105081500.csv":                  of("no rows in in/pump-7_20260105081000.csv", "no rows in in/pump-7_20260105081500.csv"),
		"no such bucket (2 of them for other reasons: see --json)": of("a", "b", "no such bucket"),
		"": of("", ""),
		"the run was due at 2026-01-05T00:00:00Z": {{Scoring: window.Awaited, Wake: resultsDay}},
	} {
		if got := s.reason(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWrapped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                   nil,
		"one":                {"one"},
		"one two three":      {"one two", "three"},
		"a verylongwordäöüß": {"a", "verylong", "wordäöüß"},
		"exactly8 b":         {"exactly8", "b"},
	} {
		if got := wrapped(text, 8); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	if got := cut("äöüäöüäöü", 6); got != "äöü..." {
		t.Errorf("got %q", got)
	}
}

func TestResultsFollowUntilInterrupted(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	r.deliver("pump-7", resultsDay, time.Minute, 0.1)
	ctx, stop := context.WithCancel(t.Context())
	var out, errs pipe
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&errs)
	code := make(chan int, 1)
	go func() {
		code <- execute(ctx, root, []string{"results", "--config", r.config, "--follow", "--csv", "--since", "2026-01-05"})
	}()
	out.await(t, "2026-01-05T00:01:00Z,pump-7,0,NO_ANOMALY_DETECTED,0.1,")
	stop()
	if got := <-code; got != exitDone || errs.text.Len() > 0 {
		t.Errorf("exit %d: %s", got, errs.text.String())
	}
}
