package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// runConfig runs a config verb and gives what it printed and its exit code.
func runConfig(t *testing.T, args ...string) (string, int) {
	t.Helper()
	root := newRoot()
	var out, errs bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&errs)
	code := execute(t.Context(), root, append([]string{"config"}, args...))
	if code != exitDone && out.Len() == 0 && errs.Len() == 0 {
		t.Error("an exit code, but not a word")
	}
	return out.String() + errs.String(), code
}

func TestConfigCheck(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	starter := filepath.Join(dir, "agent.yaml")
	if text, code := runConfig(t, "init", "--out", starter); code != exitDone {
		t.Fatal(text)
	}
	if text, code := runConfig(t, "init", "--out", starter); code != exitFailed {
		t.Errorf("an existing file is replaced: %d %s", code, text)
	}
	text, code := runConfig(t, "check", "--offline", "--config", starter)
	if code != exitConfig || !strings.Contains(text, "drops[0].path") || !strings.Contains(text, "faults, 0 warnings") {
		t.Errorf("%d %s", code, text)
	}
	good := filepath.Join(dir, "good.yaml")
	if err := os.WriteFile(good, []byte(`
drops: [{path: /srv/drop}]
schedulers:
  - name: pump
    data_upload_frequency: PT5M
    target_sampling_rate: PT1M
    input: {bucket: plant}
    output: {bucket: plant, prefix: out/}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	if text, code = runConfig(t, "check", "--offline", "--config", good); code != exitDone || !strings.Contains(text, "smallest safe offset is 1") {
		t.Errorf("%d %s", code, text)
	}
	text, code = runConfig(t, "check", "--offline", "--json", "--config", starter)
	var report configReport
	if err := json.Unmarshal([]byte(text), &report); err != nil || code != exitConfig || len(report.Faults) == 0 || report.Faults[0].Line == 0 {
		t.Errorf("%d %v %s", code, err, text)
	}
	if text, code = runConfig(t, "check", "--config", filepath.Join(dir, "none.yaml")); code != exitConfig {
		t.Errorf("no file: %d %s", code, text)
	}
	if text, code = runConfig(t, "check"); code != exitUsage {
		t.Errorf("no flag: %d %s", code, text)
	}
}

func TestConfigInitTakesDescriptionsOver(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "scheduler.json")
	if err := os.WriteFile(file, []byte(`{"InferenceSchedulerName": "pumps", "DataUploadFrequency": "PT30M"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	text, code := runConfig(t, "init", "--from-scheduler", file)
	if code != exitDone || !strings.Contains(text, "name: pumps") || !strings.Contains(text, "data_upload_frequency: PT30M") {
		t.Errorf("%d %s", code, text)
	}
	if text, code = runConfig(t, "init", "--from-model", file); code != exitFailed || !strings.Contains(text, "describe-model") {
		t.Errorf("%d %s", code, text)
	}
	if text, code = runConfig(t, "init", "--from-bucket", "plant/in"); code != exitUsage {
		t.Errorf("%d %s", code, text)
	}
}

func TestConfigSchemaIsJSON(t *testing.T) {
	t.Parallel()
	text, code := runConfig(t, "schema")
	if code != exitDone || !json.Valid([]byte(text)) {
		t.Errorf("%d %s", code, text)
	}
}
