package main

import (
	"strings"
	"testing"
)

func TestCompletion(t *testing.T) {
	t.Parallel()
	r := newResultsRig(t)
	for _, verb := range []string{"results", "backfill"} {
		if _, out, _ := invoke(t, "__complete", verb, "--config", r.config, "--scheduler", ""); !strings.HasPrefix(out, "pump-7\nmill\n:4") {
			t.Errorf("%s --scheduler: %s", verb, out)
		}
	}
	if _, out, _ := invoke(t, "__complete", "results", "--"); !strings.Contains(out, "--config\tconfiguration FILE") || strings.Contains(out, "`") {
		t.Errorf("flags: %s", out)
	}
}
