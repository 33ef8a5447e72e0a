//go:build peers

package metrics_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"millwright/agent/status"
	"millwright/agent/status/example"
)

func promtool(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "promtool", args...).CombinedOutput(); err != nil {
		t.Errorf("promtool %s (of Debian's package prometheus): %v\n%s", strings.Join(args, " "), err, out)
	}
}

// TestPrometheusAcceptsAll has Prometheus's own parser and linter read them.
func TestPrometheusAcceptsAll(t *testing.T) {
	t.Parallel()
	hostile := example.Snapshot()
	hostile.Schedulers[0].Name = "a\"b\\c\nd<script>\xff"
	hostile.Schedulers[0].Components[0].Name = `{x="1"} 7`
	for name, s := range map[string]status.Snapshot{"plant": example.Snapshot(), "hostile": hostile, "nothing yet": {Time: example.Now()}} {
		text := written(t, s)
		cmd := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
		cmd.Stdin = strings.NewReader(text)
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: promtool (of Debian's package prometheus): %v\n%s\n%s", name, err, out, text)
		}
	}
}

func TestPrometheusRunsTheAlerts(t *testing.T) {
	t.Parallel()
	promtool(t, "check", "rules", alerts())
	promtool(t, "test", "rules", filepath.Join("testdata", "alerts_test.yml"))
}

func TestPrometheusParsesTheDashboard(t *testing.T) {
	t.Parallel()
	d := dashboard(t)
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for i, q := range d.queries() {
		fmt.Fprintf(&rules, "  - record: q%d\n    expr: %q\n", i, q)
	}
	path := filepath.Join(t.TempDir(), "queries.yml")
	if err := os.WriteFile(path, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	promtool(t, "check", "rules", path)
}
