package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func dropped(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestValidateExitCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := dropped(t, dir, "pump-7/good.csv", "time,flow\n2026-01-05 00:01:00,1\n2026-01-05 00:02:00,2\n")
	bad := dropped(t, dir, "bad/bad.csv", "time,flow\n2026-01-05 00:01:00,x\n2026-01-05 00:02:00,2\n")
	config := func(name string, offset int) string {
		return dropped(t, t.TempDir(), name, fmt.Sprintf(`instance: test
state_dir: %s
s3: {region: eu-west-1}
drops: [{path: %s}]
schedulers:
  - name: pump-7
    data_upload_frequency: PT5M
    data_delay_offset_in_minutes: %d
    target_sampling_rate: PT1M
    input: {bucket: plant, prefix: in/}
    output: {bucket: plant, prefix: out/}
`, t.TempDir(), dir, offset))
	}
	for _, c := range []struct {
		name string
		args []string
		code int
		last string // of what is printed
	}{
		{"good", []string{good}, exitDone, "clean: 1 file"},
		{"faults", []string{bad, good}, exitData, "problems in 2 files: 1 fault in 1 file"},
		{"in time", []string{"--config", config("a.yaml", 5), good}, exitDone, "clean: 1 file"},
		{"late", []string{"--config", config("b.yaml", 5), "--arrival", "+10m", good}, exitData, "problems in 1 file: 1 window late, 1 run that fails"},
		{"no files", []string{t.TempDir()}, exitData, "no files: name CSV files, or folders with files that match drops.include"},
		{"arrival", []string{"--arrival", "soon", good}, exitUsage, ""},
		{"no path", nil, exitUsage, ""},
		{"no such path", []string{filepath.Join(dir, "none")}, exitFailed, ""},
		{"no such path beside another", []string{filepath.Join(dir, "none"), good}, exitFailed, "clean: 1 file"},
		{"configuration", []string{"--config", dropped(t, dir, "c.yaml", "drop: []"), good}, exitConfig, ""},
	} {
		code, out, errs := invoke(t, append([]string{"validate"}, c.args...)...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if code != c.code || lines[len(lines)-1] != c.last {
			t.Errorf("%s: exit %d, want %d: %s%s", c.name, code, c.code, out, errs)
		}
	}
}

func TestValidatePrintsOneDocument(t *testing.T) {
	t.Parallel()
	path := dropped(t, t.TempDir(), "pump-7/bad.csv", "time,flow\n2026-01-05 00:01:00,x\n2026-01-05 00:02:00,2\n")
	code, out, errs := invoke(t, "validate", "--json", path)
	var doc struct {
		Clean bool
		Files []struct {
			Faults []struct {
				Line         int
				Column, Text string
			}
		}
		Components []struct {
			Sensors []struct{ Sensor, Grade string }
		}
	}
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitData || errs != "" {
		t.Fatalf("exit %d, %v: %s%s", code, err, out, errs)
	}
	if f := doc.Files[0].Faults[0]; doc.Clean || f.Line != 2 || f.Column != "flow" || f.Text != "x" || doc.Components[0].Sensors[0].Grade != "Low" {
		t.Errorf("%+v", doc)
	}
}
