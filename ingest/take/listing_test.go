package take

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Between being seen and being listed a folder may become something else.
func TestAPipeInPlaceOfAFolderIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "sub"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	p := pass{t: &Taker{files: newFiles()}}
	done := make(chan error, 1)
	go func() { done <- p.dir(t.Context(), &Folder{Path: dir}, root, "sub", 1) }()
	select {
	case err := <-done:
		if err != nil || len(p.Faults) != 1 {
			t.Errorf("%v, faults %v", err, p.Faults)
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("it waits for the pipe's writer")
	}
}
