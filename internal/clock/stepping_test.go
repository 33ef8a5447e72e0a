//go:build testclock

package clock

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func writeSetting(t *testing.T, path, line string) {
	t.Helper()
	if err := os.WriteFile(path+".tmp", []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		t.Fatal(err)
	}
}

func TestSteppingFollowsItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	now := time.Now().UTC().Format(time.RFC3339Nano)
	set := func(rest string) { writeSetting(t, path, now+" "+rest+"\n") }

	set("2026-01-05T00:00:00Z 0")
	src, err := Parse("@" + path)
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
	if got := src.Now(); !got.Equal(noon.Add(-12 * time.Hour)) {
		t.Fatalf("stands at %s", got)
	}
	w := NewWatch(src, time.Time{})

	done := make(chan error)
	go func() { done <- src.Wait(t.Context(), noon, nil) }()
	set("2026-01-05T12:00:00Z 0")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !w.Settled() {
		t.Error("running time that goes on looks like a step")
	}

	set("2026-01-05T12:00:00Z 0 -1h")
	for !src.Now().Equal(noon.Add(-time.Hour)) {
		time.Sleep(stale)
	}
	if w.Settled() {
		t.Error("a step is not seen")
	}
	set("2026-01-05T12:00:00Z 0 -1h synced")
	for !w.Settled() {
		time.Sleep(stale)
	}
}

func TestSteppingKeepsTheLastGoodLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "clock")
	writeSetting(t, path, "2026-01-01T00:00:00Z 2026-01-05T00:00:00Z 0")
	s, err := NewStepping(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "x", "2026-01-01T00:00:00Z 2026-01-05T00:00:00Z", "2026-01-01T00:00:00Z 2026-01-05T00:00:00Z 1 no", "2026-01-01T00:00:00Z 2026-01-05T00:00:00Z -1"} {
		writeSetting(t, path, bad)
		time.Sleep(2 * stale)
		if got := fmt.Sprint(s.Now()); got != "2026-01-05 00:00:00 +0000 UTC" {
			t.Errorf("after %q: %s", bad, got)
		}
		if _, err := NewStepping(path); err == nil {
			t.Errorf("%q starts a clock", bad)
		}
	}
}
