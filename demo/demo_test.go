//go:build !agent

package demo

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"millwright/config"
	"millwright/internal/window"
)

// small is a story that is soon told.
var small = story{rows: 5 * time.Minute, history: 15 * 24 * time.Hour, healthy: 2 * time.Hour, wear: 10 * time.Hour}

// scene is a run of a small story. There can be one at a time: a process has one
// embedded S3 server.
func scene(t *testing.T, out io.Writer) Options {
	t.Helper()
	return Options{Dir: t.TempDir(), Speed: 3600, Log: zap.NewNop(), Out: out, story: small}
}

func TestTheBearingIsFoundBeforeItFails(t *testing.T) {
	var out bytes.Buffer
	o := scene(t, &out)
	f, err := Run(t.Context(), o)
	t.Logf("\n%s", &out)
	if err != nil {
		t.Fatal(err)
	}
	if f.Found.Before(f.Wears) || !f.Found.Before(f.Fails) || f.Lead <= 0 || f.FirstRow.Before(f.Wears) || f.FirstRow.After(f.Found) {
		t.Errorf("found %s, first row %s, %g hours before the failure; it wears from %s on and fails at %s", f.Found, f.FirstRow, f.Lead, f.Wears, f.Fails)
	}
	if f.FalseAlarms != 0 || f.WithoutResult != 0 || f.Recorded != 1 || f.Windows != int((small.healthy+small.wear)/frequency) {
		t.Errorf("%+v", f)
	}
	if len(f.Sensors) == 0 || f.Sensors[0].Name != `pump-7\vibration` {
		t.Errorf("to blame is what wear shows in most: %v", f.Sensors)
	}
	for line := range strings.Lines(strings.ReplaceAll(out.String(), o.Dir, "")) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d characters: %s", n, line)
		}
	}
	for _, name := range []string{"drop", "history", "millwright.yaml", "service/credentials", "state/ledger.db", "state/results/pump-7"} {
		if _, err := os.Stat(filepath.Join(o.Dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestWhyNothingWasFound(t *testing.T) {
	t.Parallel()
	fails := begin().Add(time.Hour)
	for _, tt := range []struct {
		ends time.Time
		lost []window.Outcome
		want string
	}{
		{fails, nil, "millwright results --config"},
		{fails.Add(-time.Minute), nil, "longer --for"},
		{fails, []window.Outcome{{Start: begin().UnixNano(), Scoring: window.Failed, Reason: "no file was there", Remedy: "look for it"}}, "1 windows have no result, the first at 2026-01-05T00:00:00Z since it is failed: no file was there; look for it"},
	} {
		w := watch{stage: &stage{ends: tt.ends, fails: fails}, lost: tt.lost}
		if f := w.finding(); f != nil {
			t.Errorf("found %+v", f)
		}
		if err := w.whyNot(); !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}

func TestItCanBeStopped(t *testing.T) {
	for _, at := range []string{"service", "history"} {
		t.Run(at, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			f, err := Run(ctx, scene(t, &trigger{on: " " + at + " ", do: cancel}))
			if f != nil || err == nil || !strings.Contains(err.Error(), "stopped before anything was found") {
				t.Errorf("found %+v, %v", f, err)
			}
		})
	}
}

// What had been found when it was stopped counts.
func TestStoppedAfterTheFinding(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var out bytes.Buffer
	f, err := Run(ctx, scene(t, io.MultiWriter(&out, &trigger{on: "ANOMALY", do: cancel})))
	if f == nil || err != nil {
		t.Fatalf("found %+v, %v", f, err)
	}
	if !strings.Contains(out.String(), "to blame") {
		t.Errorf("no summary:\n%s", &out)
	}
}

// trigger is a writer that does something when a text comes by.
type trigger struct {
	on   string
	do   func()
	once sync.Once
}

func (w *trigger) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.on)) {
		w.once.Do(w.do)
	}
	return len(p), nil
}

func TestSettingsLoadWhateverTheFolderIsCalled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `a #b: "c"`)
	file, drops := filepath.Join(dir, "millwright.yaml"), filepath.Join(dir, "drop")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(settings(dir, drops, "http://127.0.0.1:8481", "http://127.0.0.1:8480")), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.StateDir != filepath.Join(dir, "state") || cfg.Drops[0].Path != drops {
		t.Errorf("state_dir %q, drops %q", cfg.StateDir, cfg.Drops[0].Path)
	}
}
