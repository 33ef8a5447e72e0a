package agent

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
)

// A gateway that writes to the same name again may do so between the copy and
// the removal: what it wrote was never taken.
func TestAFileThatWasReplacedMeanwhileIsNotRemoved(t *testing.T) {
	t.Parallel()
	for _, after := range []string{"archive", "delete"} {
		folder := t.TempDir()
		b := &books{}
		b.fill(t, folder, 2)
		marker := filepath.Join(folder, "000.csv.done")
		b.look = func() {
			if err := os.WriteFile(filepath.Join(folder, "000.csv"), []byte("Timestamp,flow\n2026-01-05T00:00:00Z,1\n"), 0o600); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(marker, nil, 0o600); err != nil {
				t.Error(err)
			}
		}
		a := &archiver{ledger: b, log: zap.NewNop(), folders: map[string]aftermath{folder: {folder: folder, after: after, dir: t.TempDir(), marker: ".done"}}}
		if _, err := a.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(folder, "001.csv")); !os.IsNotExist(err) {
			t.Errorf("%s: the unchanged one is still there: %v", after, err)
		}
		if _, err := os.Stat(filepath.Join(folder, "000.csv")); err != nil {
			t.Errorf("%s: rows that were never taken are gone: %v", after, err)
		}
		if _, err := os.Stat(marker); err != nil {
			t.Errorf("%s: its marker is gone: %v", after, err)
		}
	}
}

// Drop folders are writable by others: what is opened may be a pipe by now, and
// opening one waits for its writer for ever.
func TestAPipeInPlaceOfADropIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := &books{}
	b.fill(t, folder, 1)
	path := filepath.Join(folder, "000.csv")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	p := putting{archiver: &archiver{log: zap.NewNop()}, targets: map[string]bool{}}
	defer p.close()
	done := make(chan error, 1)
	go func() {
		_, err := p.store(root, b.drops[0], aftermath{dir: t.TempDir()})
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || len(p.copies) != 0 {
			t.Errorf("a pipe was archived: %v", err)
		}
	case <-time.After(patience):
		t.Fatal("it waits for the pipe's writer")
	}
}

// Drops that cannot be put away, because their folder is not mounted, keep no
// others back, however many they are.
func TestAMissingFolderKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	missing, folder := t.TempDir(), t.TempDir()
	b := &settling{books{look: func() {}}}
	b.fill(t, missing, 3*archiveBatch)
	b.fill(t, folder, 5)
	if err := os.RemoveAll(missing); err != nil {
		t.Fatal(err)
	}
	a := &archiver{ledger: b, log: zap.NewNop(), folders: map[string]aftermath{
		missing: {folder: missing, after: "delete"}, folder: {folder: folder, after: "delete"},
	}}
	for range 5 {
		if _, err := a.pass(t.Context()); err == nil {
			t.Error("nobody is told of the folder that is missing")
		}
	}
	if n := count(t, folder); n != 0 {
		t.Errorf("%d drops are left", n)
	}
}

// settling forgets drops whose fate is known, as the ledger does.
type settling struct{ books }

func (s *settling) SetStates(ctx context.Context, fates []drop.Fate) error {
	for _, f := range fates {
		for i, d := range s.drops {
			if d.ID == f.ID {
				s.drops = append(s.drops[:i:i], s.drops[i+1:]...)
				break
			}
		}
	}
	return s.books.SetStates(ctx, fates)
}
