package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePackagedBinaryBearsThePackagesVersionAndCommit(t *testing.T) {
	t.Parallel()
	s, err := inspect(t.Context(), "..", "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "millwright")
	if err := s.build(t.Context(), products()[0], host, path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), path, "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "millwright 1.2.3 (commit "+s.commit[:12]) {
		t.Errorf("it says %s, %v", out, err)
	}
}
