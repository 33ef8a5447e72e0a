package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/ledger"
)

// left is a folder with files that stay in it, and the ledger that knows them.
type left struct {
	t      *testing.T
	folder string
	ledger *ledger.Ledger
	turns  forgetter
	now    time.Time
}

const leftGrace = 96 * time.Hour

func newLeft(t *testing.T, names ...string) *left {
	t.Helper()
	led, err := ledger.Open(t.Context(), t.TempDir(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = led.Close() })
	s := &left{t: t, folder: t.TempDir(), ledger: led, turns: forgetter{ledger: led, grace: leftGrace}, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	var batch []drop.Taking
	for i, name := range names {
		put(t, filepath.Join(s.folder, filepath.FromSlash(name)), s.now)
		batch = append(batch, drop.Taking{Drop: drop.Drop{
			Folder: s.folder, Name: name, Component: "pump-7", Size: 4, ModTime: s.now, Identity: [32]byte{byte(i), byte(i >> 8)},
			State: drop.Kept, TakenAt: s.now.Add(-40 * 24 * time.Hour), Counts: drop.Counts{Rows: 1, Older: 1},
		}})
	}
	if _, err := led.CommitTaken(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	return s
}

// round looks at every path once, after some time.
func (s *left) round(after time.Duration) (known int) {
	s.t.Helper()
	s.now = s.now.Add(after)
	for turn := 0; turn == 0 || s.turns.after != 0; turn++ {
		if err := s.turns.turn(s.t.Context(), s.now, s.now.Add(-30*24*time.Hour)); err != nil {
			s.t.Fatal(err)
		}
	}
	_ = s.ledger.EachSeen(s.t.Context(), s.folder, func(string, int64, time.Time, drop.State) error { known++; return nil })
	return known
}

func TestForgetsFilesThatAreGoneForGood(t *testing.T) {
	t.Parallel()
	s := newLeft(t, "a.csv", "sub/b.csv", "c.csv", "d.csv")
	remove := func(name string) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(s.folder, name)); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.round(0); n != 4 {
		t.Fatal(n, "are known")
	}
	remove("a.csv")
	remove("sub")
	if n := s.round(time.Hour); n != 4 {
		t.Error("forgotten at first sight")
	}
	if n := s.round(leftGrace - 2*time.Hour); n != 4 {
		t.Error("forgotten too early")
	}
	put(t, filepath.Join(s.folder, "sub", "b.csv"), s.now) // it is back
	if n := s.round(3 * time.Hour); n != 3 {
		t.Errorf("%d are known, want all but a.csv", n)
	}
	remove("sub") // the time counts anew
	if n := s.round(2 * time.Hour); n != 3 {
		t.Error("forgotten in the second absence without grace")
	}
	if n := s.round(leftGrace + time.Hour); n != 2 {
		t.Errorf("%d are known, want c.csv and d.csv", n)
	}
	if n := s.round(1000 * time.Hour); n != 2 {
		t.Error("files that are there were forgotten")
	}
}

// A folder that is away says nothing about its files; a link is no file.
func TestForgetsNothingOfAFolderThatIsAway(t *testing.T) {
	t.Parallel()
	s := newLeft(t, "a.csv", "sub/b.csv")
	away := s.folder + ".away"
	if err := os.Rename(s.folder, away); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if n := s.round(leftGrace * 2); n != 2 {
			t.Fatal(n, "are known while the folder is away")
		}
	}
	if err := os.Mkdir(s.folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{"a.csv": filepath.Join(away, "a.csv"), "sub": filepath.Join(away, "sub")} {
		if err := os.Symlink(to, filepath.Join(s.folder, link)); err != nil {
			t.Fatal(err)
		}
	}
	s.round(time.Hour)
	if n := s.round(leftGrace * 2); n != 0 {
		t.Error(n, "are known for links that lead elsewhere")
	}
}

// Many files are looked at some at a time, and a round is not begun again at once.
func TestForgetterGoesInSmallSteps(t *testing.T) {
	t.Parallel()
	names := make([]string, 2*inspectPaths+1)
	for i := range names {
		names[i] = fmt.Sprintf("%d.csv", i)
	}
	s := newLeft(t, names...)
	turns := 0
	for s.turns.next.IsZero() {
		if err := s.turns.turn(t.Context(), s.now, s.now.Add(-time.Hour)); err != nil {
			t.Fatal(err)
		}
		turns++
	}
	if turns != 3 {
		t.Error(turns, "turns")
	}
	if err := s.turns.turn(t.Context(), s.now.Add(inspectEvery-1), s.now); err != nil || s.turns.after != 0 {
		t.Error("the next round began at once", err)
	}
	if err := s.turns.turn(t.Context(), s.now.Add(inspectEvery), s.now); err != nil || s.turns.after == 0 {
		t.Error("no next round began", err)
	}
}
