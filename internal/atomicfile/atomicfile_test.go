package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"millwright/internal/atomicfile"
)

// holds fails unless dir has exactly these files, with these contents.
func holds(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		body, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if w, ok := want[e.Name()]; !ok || w != string(body) {
			t.Errorf("%s holds %q, wanted %q", e.Name(), body, w)
		}
	}
	if len(entries) != len(want) {
		t.Errorf("%d files, wanted %d", len(entries), len(want))
	}
}

func TestTheOldFileStandsUntilTheCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "a.csv")
	if err := atomicfile.Write(target, []byte("old"), 0o640); err != nil {
		t.Fatal(err)
	}
	f, err := atomicfile.Create(target, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("new"); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"a.csv": "old", "a.csv" + atomicfile.TempSuffix: "new"})
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, dir, map[string]string{"a.csv": "new"})
	if err := f.Close(); err != nil {
		t.Errorf("close after the commit: %v", err)
	}
	holds(t, dir, map[string]string{"a.csv": "new"})
}

func TestWhatIsNotCommittedLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "a.csv")
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("cable pulled")))
	if n, err := atomicfile.Copy(target, broken, 0o640); err == nil || !strings.Contains(err.Error(), "cable pulled") || n != 4 {
		t.Errorf("copied %d bytes: %v", n, err)
	}
	holds(t, dir, nil)
	f, err := atomicfile.Create(target, 0o640)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Errorf("close twice: %v", err)
	}
	holds(t, dir, nil)
}

// What a crash left behind is written over, also when it was longer.
func TestATempFileOfACrashIsNoHindrance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(target+atomicfile.TempSuffix, []byte("much longer than that"), 0o640); err != nil {
		t.Fatal(err)
	}
	if n, err := atomicfile.Copy(target, strings.NewReader("short"), 0o640); err != nil || n != 5 {
		t.Fatalf("copied %d bytes: %v", n, err)
	}
	holds(t, dir, map[string]string{"a.csv": "short"})
}

func TestManyAreCommittedTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []*atomicfile.File
	for _, name := range []string{"a/1", "a/2", "b/1"} {
		f, err := atomicfile.Create(filepath.Join(dir, name), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(name); err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if err := atomicfile.CommitAll(files); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(dir, "a"), map[string]string{"1": "a/1", "2": "a/2"})
	holds(t, filepath.Join(dir, "b"), map[string]string{"1": "b/1"})
}

func TestErrorsNameTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "folder")
	if err := os.MkdirAll(filepath.Join(folder, "full"), 0o750); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string][]string{
		filepath.Join(file, "below"): {"make folder", file},
		folder:                       {"rename to", folder},
	} {
		err := atomicfile.Write(target, []byte("x"), 0o600)
		if err == nil || slices.ContainsFunc(want, func(w string) bool { return !strings.Contains(err.Error(), w) }) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if err := atomicfile.SyncDir(filepath.Join(dir, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("sync of no folder: %v", err)
	}
}
