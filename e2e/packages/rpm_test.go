//go:build packages

package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRPMs installs what is made for other distributions into an empty root: no
// script runs there, and the files are all there is to see.
func TestRPMs(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, c := range []struct{ only, file, arch string }{
		{"millwright:amd64", "millwright-1.0.0-1.x86_64.rpm", "x86_64"},
		{"millwright:arm64", "millwright-1.0.0-1.aarch64.rpm", "aarch64"},
		{"millwright:armhf", "millwright-1.0.0-1.armv7hl.rpm", "armv7hl"},
	} {
		must(t, "go", "-C", "../../packaging", "run", ".", "-tree", "..", "-out", out, "-version", "1.0.0", "-only", c.only)
		path := filepath.Join(out, c.file)
		must(t, "rpm", "-K", "--nosignature", path)
		if arch := must(t, "rpm", "-qp", "--qf", "%{ARCH}", path); arch != c.arch {
			t.Errorf("%s is for %s", c.file, arch)
		}
		scripts := filepath.Join(out, "scripts")
		if err := os.WriteFile(scripts, []byte(must(t, "rpm", "-qp", "--qf", "%{POSTIN}\n%{PREUN}\n%{POSTUN}\n", path)), 0o600); err != nil {
			t.Fatal(err)
		}
		must(t, "sh", "-n", scripts)
		root := t.TempDir()
		must(t, "rpm", "-i", "--root", root, "--nodeps", "--noscripts", "--ignorearch", path)
		for _, file := range []string{
			"usr/bin/millwright", "usr/lib/systemd/system/millwright.service", "usr/lib/sysusers.d/millwright.conf",
			"usr/share/man/man1/millwright-run.1.gz", "usr/share/man/man5/millwright-agent.yaml.5.gz", "usr/share/doc/millwright/examples/agent.yaml",
		} {
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Error(err)
			}
		}
		if c.arch == "x86_64" {
			if out := must(t, filepath.Join(root, "usr/bin/millwright"), "version"); !strings.HasPrefix(out, "millwright 1.0.0 (commit ") || strings.Contains(out, "unknown") || !strings.Contains(out, "agent build") {
				t.Errorf("installed is %s", out)
			}
		}
	}
}
