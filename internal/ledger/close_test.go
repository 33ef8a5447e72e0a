package ledger

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

func release(d drop.Drop, n int, windowed, late int64) window.Release {
	return window.Release{Drop: d.ID, Component: "pump", Slot: t0.UnixNano() + int64(n)*slot, Windowed: windowed, Late: late}
}

func TestClosingAccountsForEveryRow(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("a.csv", "s1", 5, 0, 1), aTaking("b.csv", "s1", 4, 1))
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1)}))
	step := window.Closing{
		ID: record(0, 1).ID, Late: 4, Repeated: 3, Lost: map[int64]window.Lost{d[0].ID: {Repeated: 2, Same: 1}},
		Appends: []window.Append{{Path: "late/pump/20260105.csv", Length: 77}, {Path: "repeats/pump/20260105.csv", Length: 11}},
		Release: []window.Release{release(d[0], 0, 5, 0), release(d[1], 1, 1, 3)},
	}
	must(t, l.CommitClosed(ctx, []window.Closing{step}))
	wantCounts(t, l, d[0].ID, drop.Counts{Rows: 10, Windowed: 5, Open: 5, Values: 20, Repeated: 2, Same: 1})
	wantCounts(t, l, d[1].ID, drop.Counts{Rows: 4, Windowed: 1, Late: 3, Values: 8})
	r, ok, err := l.Window(ctx, step.ID)
	must(t, err)
	if !ok || !r.Closed || r.Late != 4 || r.Repeated != 3 || r.Generation != 1 {
		t.Errorf("%+v", r)
	}
	if live, err := l.LiveWindows(ctx); err != nil || len(live) != 0 {
		t.Error(live, err)
	}
	got, err := l.Appended(ctx)
	must(t, err)
	if want := map[string]int64{"late/pump/20260105.csv": 77, "repeats/pump/20260105.csv": 11}; !maps.Equal(got, want) {
		t.Error(got)
	}

	// A later drop for the closed window: the same step, its counts are added.
	late := commit(t, l, aTaking("c.csv", "s2", 6, 0))[0]
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: step.ID, Late: 6, Release: []window.Release{release(late, 0, 0, 6)}}}))
	if r, _, err = l.Window(ctx, step.ID); err != nil || r.Late != 10 || r.Repeated != 3 {
		t.Errorf("%+v %v", r, err)
	}
	// Released blocks are released once, however often it is said.
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(late, 0, 0, 6), release(d[0], 1, 5, 0)}}}))
	wantCounts(t, l, late.ID, drop.Counts{Rows: 6, Late: 6, Values: 12})
	wantCounts(t, l, d[0].ID, drop.Counts{Rows: 10, Windowed: 10, Values: 20, Repeated: 2, Same: 1})

	s, err := l.Summary(ctx)
	must(t, err)
	if want := (drop.Counts{Rows: 20, Windowed: 11, Late: 9, Values: 40, Repeated: 2, Same: 1}); s.Counts != want {
		t.Errorf("sums are %+v, want %+v", s.Counts, want)
	}
	if s.Streams[0].Late != 10 || s.Streams[0].Repeated != 3 {
		t.Errorf("%+v", s.Streams)
	}
	must(t, l.ForgetAppended(ctx, "late/pump/20260105.csv"))
	if got, err = l.Appended(ctx); err != nil || len(got) != 1 {
		t.Error(got, err)
	}
}

func TestAStepWithWrongCountsChangesNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("a.csv", "s1", 5, 0))[0]
	for _, r := range []window.Release{release(d, 0, 4, 0), release(d, 0, 5, 1), release(d, 0, 6, -1)} {
		err := l.CommitClosed(ctx, []window.Closing{{ID: record(0, 1).ID, Appends: []window.Append{{Path: "x", Length: 1}}, Release: []window.Release{r}}})
		if err == nil || !strings.Contains(err.Error(), "accounted for") {
			t.Error(err)
		}
	}
	if _, ok, err := l.Window(ctx, record(0, 1).ID); ok || err != nil {
		t.Error("half a step was committed", err)
	}
	if a, err := l.Appended(ctx); err != nil || len(a) != 0 {
		t.Error(a, err)
	}
	wantCounts(t, l, d.ID, drop.Counts{Rows: 5, Open: 5, Values: 10})
}

func TestSegmentsDieWithTheirLastBlock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("a.csv", "s1", 5, 0, 1), aTaking("b.csv", "s1", 5, 0), aTaking("c.csv", "s2", 5, 0))
	dead := func(want ...string) {
		t.Helper()
		got, err := l.DeadSegments(ctx)
		must(t, err)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("dead are %v, want %v", got, want)
		}
	}
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[0], 0, 5, 0), release(d[1], 0, 5, 0)}}}))
	dead()
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[0], 1, 5, 0)}}}))
	dead("s1")
	must(t, l.ForgetSegment(ctx, "s1"))
	must(t, l.ForgetSegment(ctx, "s2")) // has live blocks
	dead()
	if got, err := l.Segments(ctx); err != nil || !slices.Equal(got, []string{"s2"}) {
		t.Error(got, err)
	}
	if got, _, err := l.Drop(ctx, d[0].ID); err != nil || got.Segment != "" {
		t.Error(got, err)
	}
}

func TestSettledWaitsForAllVersionsAndOlderRows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	older := aTaking("older.csv", "s1", 5, 0)
	older.Drop.Counts.Older, older.Drop.Counts.Rows = 1, 6
	q, again := aTaking("q.csv", "", 0), aTaking("again.csv", "", 0)
	q.Drop.State, again.Drop.State = drop.Quarantined, drop.Repeat
	d := commit(t, l, aTaking("grows.csv", "s1", 5, 0), older, aTaking("grows.csv", "s1", 5, 1), q, again)
	settled := func(limit int, want ...int64) {
		t.Helper()
		drops, err := l.Settled(ctx, 0, limit)
		must(t, err)
		var got []int64
		for _, d := range drops {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("settled are %v, want %v", got, want)
		}
	}
	settled(10, 4, 5)
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[0], 0, 5, 0), release(d[1], 0, 5, 0)}}}))
	settled(10, 4, 5)
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[2], 1, 0, 5)}}}))
	settled(10, 1, 3, 4, 5)
	settled(2, 1, 3)
	must(t, l.SetState(ctx, 4, drop.Deleted, "x"))
	must(t, l.SetState(ctx, 1, drop.Gone, "y"))
	settled(10, 3, 5)
	if err := l.SetState(ctx, 99, drop.Gone, ""); err == nil {
		t.Error("an unknown drop has a state")
	}
}

// Whatever is taken and closed in whatever order, every row is accounted for,
// and folding changes nothing of what a gap may be filled with.
func TestAccountsAndHeldValuesHold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := openTest(t, dir)
	ctx := t.Context()
	round := 0
	var every drop.Counts
	rapid.Check(t, func(rt *rapid.T) {
		round++
		name := "pump" + string(rune('a'+round%26)) + string(rune('a'+round/26%26)) + string(rune('a'+round/676))
		type open struct {
			id, slot, rows int64
		}
		var live []open
		var sum drop.Counts
		latest := func() map[string]segment.Tail {
			m := make(map[string]segment.Tail)
			must(t, l.Tails(ctx, name, -1<<62, 1<<62, func(b drop.Block) (bool, error) {
				for _, v := range b.Tails {
					if old, ok := m[v.Sensor]; !ok || v.Time > old.Time {
						m[v.Sensor] = v
					}
				}
				return true, nil
			}))
			carry, err := l.Carry(ctx, name)
			must(t, err)
			for _, v := range carry {
				if old, ok := m[v.Sensor]; !ok || v.Time > old.Time {
					m[v.Sensor] = v
				}
			}
			return m
		}
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"take", "close", "fold"}).Draw(rt, "step") {
			case "take":
				k := aTaking(name+rapid.StringMatching(`[ab]`).Draw(rt, "path"), "seg"+name, int64(rapid.IntRange(1, 9).Draw(rt, "rows")),
					rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 1, 4, rapid.ID[int]).Draw(rt, "slots")...)
				k.Drop.Folder = "/srv/" + name
				for i := range k.Blocks {
					k.Blocks[i].Component = name
				}
				d := commit(t, l, k)[0]
				for _, b := range k.Blocks {
					live = append(live, open{d.ID, b.Slot, b.Rows})
				}
				sum = plus(sum, d.Counts)
			case "close":
				if len(live) == 0 {
					continue
				}
				i := rapid.IntRange(0, len(live)-1).Draw(rt, "block")
				b := live[i]
				live = slices.Delete(live, i, i+1)
				late := rapid.Int64Range(0, b.rows).Draw(rt, "late")
				must(t, l.CommitClosed(ctx, []window.Closing{{
					ID: window.ID{Scheduler: "s", Component: name, Start: b.slot}, Late: late,
					Release: []window.Release{{Drop: b.id, Component: name, Slot: b.slot, Windowed: b.rows - late, Late: late}},
				}}))
				sum = plus(sum, drop.Counts{Windowed: b.rows - late, Late: late, Open: -b.rows})
			case "fold":
				before := latest()
				must(t, l.Fold(ctx, t0.UnixNano()+slot*rapid.Int64Range(0, 10).Draw(rt, "before")))
				if after := latest(); !maps.Equal(before, after) {
					rt.Fatalf("folding changed %v to %v", before, after)
				}
			}
		}
		drops, err := l.Drops(ctx, DropFilter{Folder: "/srv/" + name})
		must(t, err)
		var got drop.Counts
		for _, d := range drops {
			got = plus(got, d.Counts)
		}
		if got != sum {
			rt.Fatalf("counts are %+v, want %+v", got, sum)
		}
		every = plus(every, sum)
		s, err := l.Summary(ctx)
		must(t, err)
		if !reflect.DeepEqual(s.Counts, every) {
			rt.Fatalf("sums are %+v, drops have %+v", s.Counts, every)
		}
	})
}

func TestStatesChangeTogetherOrNotAtAll(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	drops := commit(t, l, aTaking("a.csv", "s1", 5, 0), aTaking("b.csv", "s1", 5, 1))
	if err := l.SetStates(t.Context(), []drop.Fate{{ID: drops[0].ID, State: drop.Gone}, {ID: 99, State: drop.Gone}}); err == nil {
		t.Fatal("a drop that does not exist changed its state")
	}
	if d, _, err := l.Drop(t.Context(), drops[0].ID); err != nil || d.State != drop.Taken {
		t.Fatalf("half a batch was committed: %s, %v", d.State, err)
	}
	fates := []drop.Fate{{ID: drops[0].ID, State: drop.Archived, Reason: "/archive/a.csv"}, {ID: drops[1].ID, State: drop.Gone}}
	if err := l.SetStates(t.Context(), fates); err != nil {
		t.Fatal(err)
	}
	for i, f := range fates {
		if d, _, err := l.Drop(t.Context(), drops[i].ID); err != nil || d.State != f.State || d.Reason != f.Reason {
			t.Errorf("%+v, %v", d, err)
		}
	}
}

func TestAForsakenDropIsNewWhenItIsListedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("a.csv", "s1", 5, 0, 1))[0]
	must(t, l.Forsake(ctx, d.ID, "byte 17 is wrong"))
	if _, known, err := l.ByIdentity(ctx, d.Identity); known || err != nil {
		t.Errorf("it would be a repeat of itself: %v", err)
	}
	if p, ok, err := l.Path(ctx, d.Folder, d.Name); !ok || err != nil || p.State != drop.Damaged || p.Reason != "byte 17 is wrong" {
		t.Errorf("%+v, %v", p, err)
	}
	again := commit(t, l, aTaking("a.csv", "s2", 5, 0, 1))[0]
	if again.Version != 2 || again.PathID != d.PathID {
		t.Errorf("%+v", again)
	}
	bad := release(d, 0, 0, 0)
	bad.Bad = 5
	must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{bad, release(d, 1, 5, 0)}}}))
	wantCounts(t, l, d.ID, drop.Counts{Rows: 10, Windowed: 5, Bad: 5, Values: 20})
}

func TestAWindowWhoseObjectIsLeftAloneIsDone(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1)}))
	must(t, l.Uploaded(ctx, []window.Result{{ID: record(0, 1).ID, Generation: 1, Kept: true, Err: "it was there", Remedy: "none", At: t0}}))
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 2)}))
	if pending, err := l.Pending(ctx, 0); err != nil || len(pending) != 0 {
		t.Errorf("%+v, %v", pending, err)
	}
	r, _, err := l.Window(ctx, record(0, 1).ID)
	if err != nil || !r.Kept || r.Generation != 1 || r.Verified != 0 || r.Error != "it was there" || r.Remedy != "none" {
		t.Errorf("%+v, %v", r, err)
	}
}
