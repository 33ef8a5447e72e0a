//go:build !agent

package demo

import (
	"os"
	"path/filepath"
	"testing"

	"millwright/config"
)

func TestSettingsLoadWhateverTheFolderIsCalled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), `a #b: "c"`)
	file, drops := filepath.Join(dir, "millwright.yaml"), filepath.Join(dir, "drop")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(settings(dir, drops, "127.0.0.1:9480", "http://127.0.0.1:8481", "http://127.0.0.1:8480")), 0o600); err != nil {
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
