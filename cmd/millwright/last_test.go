package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"millwright/config"
)

// TestStatusWhileTheFileHasFaults: what the daemon runs with is shown, beside the
// faults, and the exit code is the one of a bad configuration.
func TestStatusWhileTheFileHasFaults(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	ask := func(args ...string) (code int, out, errs string) {
		var o, e bytes.Buffer
		root := newRoot()
		root.SetOut(&o)
		root.SetErr(&e)
		code = execute(t.Context(), root, append(args, "--config", r.config))
		return code, o.String(), e.String()
	}
	last := &accepted{file: r.config}
	cfg, _, err := last.load()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	for name, faulty := range map[string]string{
		"unknown key": string(text) + "limts: {}\n",
		"not YAML":    string(text) + "drops: [\n",
	} {
		if err := os.WriteFile(r.config, []byte(faulty), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(r.dir, config.LastFile))
		if code, out, _ := ask("status"); code != exitConfig || out != "" {
			t.Errorf("%s: without a daemon: code %d, %s", name, code, out)
		}
		if err := last.keep(cfg); err != nil {
			t.Fatal(err)
		}
		code, out, errs := ask("status")
		if code != exitConfig || !strings.Contains(out, "pump-7") || !strings.Contains(errs, "the file has 1 fault; shown is the configuration that the daemon runs with since ") {
			t.Errorf("%s: code %d\n%s\n%s", name, code, out, errs)
		}
		if code, _, errs := ask("results"); code != exitConfig || !strings.Contains(errs, "shown is the configuration") {
			t.Errorf("%s: results: code %d\n%s", name, code, errs)
		}
	}
	if info, err := os.Stat(filepath.Join(r.dir, config.LastFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
