// Package golden holds what tests expect as files, which -update writes again. Only
// tests import it.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the files that hold what is expected again")

// Check compares a text with what a file has.
func Check(t *testing.T, file, got string) {
	t.Helper()
	if got != Want(t, file, got) {
		t.Errorf("%s differs (-update writes it); got:\n%s", file, got)
	}
}

// Want is what a file has; with -update that is got.
func Want(t *testing.T, file, got string) string {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(want)
}

// Files finds files, of which there must be some.
func Files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("no files like %s: %v", pattern, err)
	}
	return found
}
