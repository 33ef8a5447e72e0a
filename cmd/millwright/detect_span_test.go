//go:build !agent

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatLeavesNothingToLearnIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := history("Timestamp,speed,flow", 1000)
	data := put(t, dir, "pump.csv", text)
	model := filepath.Join(dir, "m.mwm")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"from after":  {[]string{"--from", "2026-02-01"}, exitData, "of 2026-01-01T00:00:00Z to 2026-01-04T11:15:00Z"},
		"to before":   {[]string{"--to", "2025-02-01"}, exitData, "no row is between --from and --to"},
		"always off":  {[]string{"--off", `pump\speed < 5000`}, exitData, "would always be off, as the sensor goes from 0 to 112"},
		"never off":   {[]string{"--off", `pump\speed > 5000`}, exitDone, "never off"},
		"off of text": {[]string{"--off", `fan\state < 5`, "--data", put(t, dir, "fan.csv", "Timestamp,state,temp\n2026-01-01T00:00:00,open,1\n2026-01-01T00:05:00,shut,2\n")}, exitData, `the sensor has no value`},
		"text":        {[]string{"--data", filepath.Join(dir, "fan.csv")}, exitDone, "it has no value: its column is empty, or holds text"},
		"strays":      {[]string{"--data", put(t, dir, "odd/pump.csv", text+"2099-01-05T00:00:00,100,20\n")}, exitDone, "rows of 2099-01-05 are left out"},
		"future":      {[]string{"--data", put(t, dir, "late/pump.csv", strings.ReplaceAll(text, "2026-", "2226-"))}, exitDone, "dated in the future"},
	} {
		code, out, errs := detector(t, append([]string{"train", "--data", data, "--model", model}, c.args...)...)
		if code != c.code || !strings.Contains(errs, c.says) || strings.Contains(out+errs, "2099-01-05T") {
			t.Errorf("%s: exit %d, %s%s", name, code, out, errs)
		}
	}
}
