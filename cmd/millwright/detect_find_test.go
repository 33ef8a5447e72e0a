//go:build !agent

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	model := filepath.Join(t.TempDir(), "m.mwm")
	code, out, errs := detector(t, "train", "--data", dir, "--model", model)
	if code != exitDone || !strings.Contains(out, "2 sensors") || !strings.Contains(errs, "neither .csv nor .csv.gz") || !strings.Contains(errs, "old.zip") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}
