package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"millwright/internal/diskspace"
)

func put(t *testing.T, path string, mod time.Time) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, mod, mod); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// What others keep in the folder that is named as the archive is not ours to delete.
func TestPruneDeletesOnlyWhatWasArchived(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	theirs := []string{filepath.Join(dir, "report.xls"), filepath.Join(dir, "photos", "pump.jpg"), filepath.Join(dir, "20260101.csv"), filepath.Join(dir, "20260101-backup", "a.csv")}
	ours := filepath.Join(dir, "20260101", "pump-7", "a.csv")
	for _, path := range append(theirs, ours) {
		put(t, path, old)
	}
	r := archiveRule{dir: dir, keep: time.Hour, max: 1}
	if _, err := r.prune(t.Context(), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	for _, path := range theirs {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
	if exists(filepath.Join(dir, "20260101")) {
		t.Error("the day is left, with or without its file: folders would add up for ever")
	}
}

// unprivileged makes this goroutine's file accesses those of nobody, for tests
// that run as root. The goroutine's thread ends with it.
func unprivileged(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		return
	}
	runtime.LockOSThread()
	if err := unix.Setfsuid(65534); err != nil {
		t.Fatal("leave root's rights: ", err)
	}
}

// A file system of its own has a lost+found that only root may read.
func TestAFolderThatCannotBeReadStopsNeitherTakingNorPruning(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "20260101", "a.csv"), time.Now())
	for _, d := range []string{filepath.Dir(dir), dir, filepath.Join(dir, "20260101")} {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{"lost+found", "20260101/private"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		unprivileged(t)
		if _, err := os.ReadDir(filepath.Join(dir, "lost+found")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("the test's folder can be read: %v", err)
		}
		n, err := diskspace.Tree(t.Context(), dir)
		if err != nil || n != 4 {
			t.Errorf("measured %d bytes, %v", n, err)
		}
		r := archiveRule{dir: dir, keep: time.Hour}
		if freed, err := r.prune(t.Context(), time.Now(), zap.NewNop()); err != nil || freed != 4 {
			t.Errorf("pruned %d bytes, %v", freed, err)
		}
	}()
	<-done
}
