package ledger

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"millwright/internal/drop"
)

// asStranger runs `status` as a user who may write neither the ledger nor its
// folder, and gives what it prints.
func asStranger(t *testing.T, dir string) string {
	t.Helper()
	cmd := child(t, "read", dir)
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	must(t, os.Chmod(filepath.Dir(dir), 0o755))
	must(t, os.Chmod(dir, 0o555))
	defer os.Chmod(dir, 0o755)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

func TestStatusReadsInEveryState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openTest(t, dir)
	commit(t, l, aTaking("a.csv", "s", 5, 0))
	if got := asStranger(t, dir); got != "rows: 5\n" {
		t.Error("while the daemon runs:", got)
	}
	commit(t, l, aTaking("b.csv", "s", 5, 0))
	if got := asStranger(t, dir); got != "rows: 10\n" {
		t.Error("after another commit:", got)
	}

	// A copy taken now is what a killed daemon leaves.
	killed := t.TempDir()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(filepath.Join(dir, fileName+suffix))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(killed, fileName+suffix), b, 0o644))
	}
	if got := asStranger(t, killed); got != "rows: 10\n" {
		t.Error("after the daemon was killed:", got)
	}
	must(t, os.Remove(filepath.Join(killed, fileName+"-shm")))
	if got := asStranger(t, killed); got != "rows: 10\n" && !strings.Contains(got, "run this as the daemon's user") {
		t.Error("after the machine was restarted:", got)
	}

	must(t, l.Close())
	if got := asStranger(t, dir); got != "rows: 10\n" {
		t.Error("while the daemon is down:", got)
	}
	r, err := OpenReadOnly(t.Context(), dir)
	must(t, err)
	defer r.Close()
	if err := r.SetState(t.Context(), 1, drop.Gone, ""); !errors.Is(err, errReadOnly) {
		t.Error(err)
	}
	if d, ok, err := r.Drop(t.Context(), 2); !ok || err != nil || d.Name != "b.csv" {
		t.Error(d, ok, err)
	}
}

func TestStatusWithoutALedger(t *testing.T) {
	t.Parallel()
	if _, err := OpenReadOnly(t.Context(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "state_dir") {
		t.Error(err)
	}
}
