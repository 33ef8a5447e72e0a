package agent

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/drop"
)

// books stands in for a ledger with drops to be put away.
type books struct {
	drops   []drop.Drop
	commits [][]drop.Fate
	look    func() // called before a transaction
	err     error
}

func (b *books) Settled(_ context.Context, after int64, limit int) ([]drop.Drop, error) {
	var out []drop.Drop
	for _, d := range b.drops {
		if d.ID > after && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

func (b *books) Path(_ context.Context, folder, name string) (drop.Drop, bool, error) {
	for _, d := range b.drops {
		if d.Folder == folder && d.Name == name {
			return d, true, nil
		}
	}
	return drop.Drop{}, false, nil
}

func (b *books) SetStates(_ context.Context, fates []drop.Fate) error {
	b.look()
	if b.err == nil {
		b.commits = append(b.commits, fates)
	}
	return b.err
}

func (b *books) fill(t *testing.T, folder string, n int) {
	t.Helper()
	for i := range n {
		name := fmt.Sprintf("%03d.csv", i)
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("Timestamp,flow\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		b.drops = append(b.drops, drop.Drop{ID: int64(len(b.drops) + 1), Folder: folder, Name: name, Size: st.Size(), ModTime: st.ModTime()})
	}
}

func count(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Copies first, one transaction, then the removals (promise 4).
func TestAPassIsOneTransactionBetweenCopiesAndRemovals(t *testing.T) {
	t.Parallel()
	one, two, dir := t.TempDir(), t.TempDir(), t.TempDir()
	b := &books{}
	b.fill(t, one, 60)
	b.fill(t, two, 60) // the same names and content, into the same archive
	b.look = func() {
		if left, copied := count(t, one)+count(t, two), count(t, dir); left != 120 || copied != 120 {
			t.Errorf("at the transaction there are %d drops and %d copies", left, copied)
		}
	}
	a := &archiver{ledger: b, log: zap.NewNop(), folders: map[string]aftermath{
		one: {folder: one, after: "archive", dir: dir, gzip: true},
		two: {folder: two, after: "archive", dir: dir, gzip: true},
	}}
	if more, err := a.pass(t.Context()); more || err != nil {
		t.Fatal(more, err)
	}
	if len(b.commits) != 1 || len(b.commits[0]) != 120 {
		t.Fatalf("%d transactions", len(b.commits))
	}
	for _, f := range b.commits[0] {
		if _, err := os.Stat(f.Reason); f.State != drop.Archived || err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
	if left, copied := count(t, one)+count(t, two), count(t, dir); left != 0 || copied != 120 {
		t.Errorf("%d drops and %d copies are left", left, copied)
	}
}

func TestNothingIsRemovedWhenTheLedgerRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	b := &books{look: func() {}, err: context.DeadlineExceeded}
	b.fill(t, folder, 3)
	a := &archiver{ledger: b, log: zap.NewNop(), folders: map[string]aftermath{folder: {folder: folder, after: "delete"}}}
	if _, err := a.pass(t.Context()); err == nil || count(t, folder) != 3 {
		t.Errorf("%v, %d files left", err, count(t, folder))
	}
}

// TestPuttingAwayKeepsWhatWasSaid: why a file is in quarantine is asked after days.
func TestPuttingAwayKeepsWhatWasSaid(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]string{"keep": "no row could be used: junk", "delete": "no row could be used: junk"} {
		folder, b := t.TempDir(), &books{look: func() {}}
		b.fill(t, folder, 1)
		b.drops[0].State, b.drops[0].Reason = drop.Quarantined, "junk"
		a := &archiver{ledger: b, folders: map[string]aftermath{folder: {folder: folder, after: after}}, log: zap.NewNop()}
		if _, err := a.pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.commits[0][0].Reason; got != want {
			t.Errorf("%s: %q", after, got)
		}
	}
}
