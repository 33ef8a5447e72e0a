package ledger

import (
	"testing"
	"time"

	"millwright/internal/drop"
	"millwright/internal/window"
)

func TestStandingPathsAreForgottenWhenTold(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	l := openTest(t, dir)
	older := aTaking("older.csv", "s", 5, 0)
	older.Drop.Counts.Rows, older.Drop.Counts.Older = 7, 2
	d := commit(t, l, aTaking("kept.csv", "s", 5, 0), aTaking("archived.csv", "s", 5, 0), aTaking("live.csv", "s", 5, 1), older, aTaking("kept.csv", "s", 5, 0))
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1), record(1, 1)}))
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: record(0, 1).ID, Release: []window.Release{release(d[0], 0, 5, 0), release(d[1], 0, 5, 0), release(d[3], 0, 5, 0), release(d[4], 0, 5, 0)}}}))
	for id, st := range map[int64]drop.State{1: drop.Gone, 2: drop.Archived, 3: drop.Kept, 5: drop.Kept} {
		must(t, l.SetState(ctx, id, st, ""))
	}
	later := t0.Add(time.Hour)
	standing := func(before time.Time, want ...string) map[string]Standing {
		t.Helper()
		got := map[string]Standing{}
		for after, turn := int64(0), 0; turn == 0 || after > 0; turn++ {
			var some []Standing
			var err error
			some, after, err = l.Standing(ctx, before, after, 2)
			must(t, err)
			for _, s := range some {
				got[s.Name] = s
			}
		}
		if len(got) != len(want) {
			t.Errorf("%v stand, want %v", got, want)
		}
		for _, name := range want {
			if s, ok := got[name]; !ok || s.Folder != "/srv/drop" {
				t.Errorf("%s: %+v", name, s)
			}
		}
		return got
	}
	standing(later) // their blocks still hold tails
	must(t, l.Fold(ctx, 1<<62))
	standing(t0)
	got := standing(later, "kept.csv", "older.csv")
	if !got["kept.csv"].Missed.IsZero() {
		t.Error("missed before anybody looked")
	}
	kept, rest := got["kept.csv"].PathID, got["older.csv"].PathID
	must(t, l.Inspect(ctx, Inspected{At: later, Missed: []int64{kept, rest}}))
	must(t, l.Close())
	l = openTest(t, dir)
	if got := standing(later, "kept.csv", "older.csv"); !got["kept.csv"].Missed.Equal(later) {
		t.Errorf("missed %s", got["kept.csv"].Missed)
	}
	must(t, l.Inspect(ctx, Inspected{At: later, Found: []int64{rest}, Gone: []int64{kept}}))
	if got := standing(later, "older.csv"); !got["older.csv"].Missed.IsZero() {
		t.Error("still missed")
	}
	if _, ok, err := l.Path(ctx, "/srv/drop", "kept.csv"); ok || err != nil {
		t.Error("not forgotten", err)
	}
	if left, err := l.Drops(ctx, DropFilter{}); err != nil || len(left) != 3 {
		t.Error(len(left), "drops are left", err)
	}
	// A file that was taken again meanwhile is not missed any more.
	must(t, l.Inspect(ctx, Inspected{At: t0.Add(-time.Hour), Missed: []int64{rest}}))
	if got := standing(later, "older.csv"); !got["older.csv"].Missed.IsZero() {
		t.Error("missed before it was taken")
	}
	// What has rows in the ledger is not forgotten, whatever is said.
	live, _, err := l.Path(ctx, "/srv/drop", "live.csv")
	must(t, err)
	must(t, l.Inspect(ctx, Inspected{At: later, Gone: []int64{live.PathID}}))
	if _, ok, err := l.Path(ctx, "/srv/drop", "live.csv"); !ok || err != nil {
		t.Error("live.csv is forgotten", err)
	}
}
