package ledger

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"millwright/internal/drop"
	"millwright/internal/window"
)

func TestAWindowComesBackAsItWasSealed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	want := record(3, 1)
	want.HeldOnly, want.Overdue = true, true
	must(t, l.CommitSealed(ctx, []window.Record{want, {Sealed: window.Sealed{ID: window.ID{Scheduler: "s", Component: "mill", Start: 5}}, End: 9, LastRowAt: t0}}))
	got, ok, err := l.Window(ctx, want.ID)
	must(t, err)
	if !ok || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if pending, err := l.Pending(ctx, 0); err != nil || len(pending) != 1 || !reflect.DeepEqual(pending[0], want.Sealed) {
		t.Error(pending, err)
	}
	if live, err := l.LiveWindows(ctx); err != nil || len(live) != 2 {
		t.Error(live, err)
	}
	if _, ok, err := l.Window(ctx, window.ID{Scheduler: "x"}); ok || err != nil {
		t.Error(ok, err)
	}
}

func TestUploadsAndResealing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	id := record(0, 1).ID
	seal := func(generation int64) {
		t.Helper()
		r := record(0, generation)
		r.SealedAt = t0.Add(time.Duration(generation) * time.Hour)
		r.FirstSealedAt = time.Time{}
		must(t, l.CommitSealed(ctx, []window.Record{r}))
	}
	result := func(r window.Result) {
		t.Helper()
		r.ID = id
		must(t, l.Uploaded(ctx, []window.Result{r}))
	}
	want := func(generation, uploaded, verified int64, attempts, pending int, errText string) window.Record {
		t.Helper()
		r, _, err := l.Window(ctx, id)
		must(t, err)
		p, err := l.Pending(ctx, 0)
		must(t, err)
		if r.Generation != generation || r.Uploaded != uploaded || r.Verified != verified || r.Attempts != attempts || r.Error != errText || len(p) != pending {
			t.Errorf("%d pending, %+v", len(p), r)
		}
		return r
	}
	seal(1)
	result(window.Result{Generation: 1, Err: "403", Remedy: "ask", At: t0, Attempts: 2, NextTry: t0.Add(time.Minute)})
	if r := want(1, 0, 0, 2, 1, "403"); r.Remedy != "ask" || !r.NextTry.Equal(t0.Add(time.Minute)) || !r.ErrorAt.Equal(t0) {
		t.Errorf("%+v", r)
	}
	seal(1)
	want(1, 0, 0, 2, 1, "403") // the same generation waits on
	seal(2)
	if r := want(2, 0, 0, 0, 1, "403"); !r.NextTry.IsZero() || !r.FirstSealedAt.Equal(t0.Add(time.Hour)) || !r.SealedAt.Equal(t0.Add(2*time.Hour)) {
		t.Errorf("%+v", r)
	}
	result(window.Result{Generation: 1, Err: "old news", Attempts: 9})
	want(2, 0, 0, 0, 1, "403")
	result(window.Result{Generation: 1, Verified: true, ETag: "one", At: t0}) // a PUT that was under way
	if r := want(2, 1, 1, 0, 1, ""); r.ETag != "one" || !r.VerifiedAt.Equal(t0) {
		t.Errorf("%+v", r)
	}
	result(window.Result{Generation: 2, ETag: "two", At: t0, Took: time.Second})
	want(2, 2, 1, 0, 1, "") // uploaded, not yet verified
	result(window.Result{Generation: 2, Verified: true, ETag: "two", At: t0.Add(time.Second)})
	want(2, 2, 2, 0, 0, "")
	result(window.Result{Generation: 1, Verified: true, ETag: "one", At: t0}) // comes too late to mean anything
	if r := want(2, 2, 2, 0, 0, ""); r.ETag != "two" || !r.VerifiedAt.Equal(t0.Add(time.Second)) {
		t.Errorf("%+v", r)
	}
	seal(1)
	want(2, 2, 2, 0, 0, "") // an older generation changes nothing
	seal(3)
	want(3, 2, 2, 0, 1, "")
	result(window.Result{Generation: 3, Unverified: true, ETag: "three", At: t0})
	if r := want(3, 3, 2, 0, 0, ""); !r.Unverified {
		t.Errorf("%+v", r)
	}
	result(window.Result{Generation: 9, Verified: true}) // never sealed
	want(3, 3, 2, 0, 0, "")
	seal(4)
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: id}}))
	if r := want(4, 3, 2, 0, 0, ""); !r.Closed {
		t.Errorf("%+v", r)
	}
}

func TestWindowsAreChosen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	other := record(1, 1)
	other.Scheduler, other.Component = "s2", "mill"
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1), record(1, 1), record(2, 1), other}))
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: record(0, 1).ID}}))
	must(t, l.Uploaded(ctx, []window.Result{{ID: other.ID, Generation: 1, Err: "x"}}))
	at := func(n int) int64 { return t0.UnixNano() + int64(n)*slot }
	for name, c := range map[string]struct {
		filter WindowFilter
		want   []int64
	}{
		"all":       {WindowFilter{}, []int64{at(2), at(1), at(1), at(0)}},
		"limit":     {WindowFilter{Limit: 1}, []int64{at(2)}},
		"scheduler": {WindowFilter{Scheduler: "s2"}, []int64{at(1)}},
		"component": {WindowFilter{Component: "pump", Live: true}, []int64{at(2), at(1)}},
		"instant":   {WindowFilter{From: at(1) + 7, To: at(1) + 7, Scheduler: "s"}, []int64{at(1)}},
		"edge":      {WindowFilter{From: at(1) - 1, To: at(1), Scheduler: "s"}, []int64{at(0)}},
		"troubled":  {WindowFilter{Troubled: true}, []int64{at(1)}},
	} {
		list, err := l.Windows(ctx, c.filter)
		must(t, err)
		var got []int64
		for _, r := range list {
			got = append(got, r.Start)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestWindowsOfADrop(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("a.csv", "s1", 5, 1, 2), aTaking("b.csv", "s1", 5, 0))
	hour := record(0, 1)
	hour.Scheduler, hour.End = "hourly", hour.Start+12*slot
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1), record(1, 1), record(2, 1), record(3, 1), hour}))
	want := []window.ID{hour.ID, record(1, 1).ID, record(2, 1).ID}
	for _, folded := range []bool{false, true} {
		got, err := l.DropWindows(ctx, d[0].ID)
		must(t, err)
		if !slices.Equal(got, want) {
			t.Errorf("folded %v: got %v, want %v", folded, got, want)
		}
		must(t, l.CommitClosed(ctx, []window.Closing{{Release: []window.Release{release(d[0], 1, 5, 0), release(d[0], 2, 5, 0)}}}))
		must(t, l.Fold(ctx, 1<<62))
	}
}

func TestDropsAreChosen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	b := aTaking("sub/b.csv", "s", 5, 0)
	b.Drop.TakenAt = t0.Add(time.Hour)
	b2 := aTaking("sub/b.csv", "s", 5, 1)
	b2.Drop.TakenAt = t0.Add(3 * time.Hour)
	other := aTaking("b.csv", "s", 5, 2)
	other.Drop.Folder = "/srv/drop2"
	commit(t, l, aTaking("a.csv", "s", 5, 0), b, b2, other)
	must(t, l.Refuse(ctx, drop.Drop{Folder: "/srv/drop", Name: "sub/b.csv", TakenAt: t0.Add(2 * time.Hour)}))
	for name, c := range map[string]struct {
		filter DropFilter
		want   []int64
	}{
		"all":     {DropFilter{}, []int64{3, 0, 2, 4, 1}},
		"path":    {DropFilter{Path: "/srv/drop/sub/b.csv"}, []int64{3, 0, 2}},
		"limit":   {DropFilter{Path: "/srv/drop/sub/b.csv", Limit: 2}, []int64{3, 0}},
		"nowhere": {DropFilter{Path: "b.csv"}, nil},
		"folder":  {DropFilter{Folder: "/srv/drop2"}, []int64{4}},
		"refused": {DropFilter{State: drop.Refused}, []int64{0}},
		"taken":   {DropFilter{State: drop.Taken, Since: t0.Add(time.Hour)}, []int64{3, 2}},
	} {
		list, err := l.Drops(ctx, c.filter)
		must(t, err)
		var got []int64
		for _, d := range list {
			got = append(got, d.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

func TestSummary(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	first, err := l.FirstStart(ctx, t0)
	must(t, err)
	if again, err := l.FirstStart(ctx, t0.Add(time.Hour)); err != nil || !again.Equal(first) || !first.Equal(t0) {
		t.Error(again, err)
	}
	must(t, l.SetLastWall(ctx, t0.Add(time.Minute)))
	if wall, err := l.LastWall(ctx); err != nil || !wall.Equal(t0.Add(time.Minute)) {
		t.Error(wall, err)
	}
	commit(t, l, aTaking("a.csv", "s", 5, 0))
	held := record(2, 1)
	held.HeldOnly = true
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1), record(1, 1), held}))
	must(t, l.Uploaded(ctx, []window.Result{{ID: record(0, 1).ID, Generation: 1, Verified: true, At: t0}, {ID: held.ID, Generation: 1, Err: "403", Remedy: "ask", At: t0}}))
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: record(0, 1).ID, Late: 2}}))
	must(t, l.Note(ctx, Notice{Scope: "clock", Code: "unsettled", Text: "x", At: t0}))
	s, err := l.Summary(ctx)
	must(t, err)
	want := Summary{
		FirstStart: t0, LastWall: t0.Add(time.Minute), LastTaken: t0, Drops: map[drop.State]int64{drop.Taken: 1},
		Counts: drop.Counts{Rows: 5, Open: 5, Values: 10},
		Streams: []Stream{{
			Scheduler: "s", Component: "pump", LastSealed: held.Start, LastSealedAt: held.SealedAt, LastVerified: record(0, 1).Start, LastVerifiedAt: t0,
			Live: 2, Backlog: 2, BacklogBytes: 100, Oldest: record(1, 1).Start, OldestAt: held.SealedAt, HeldOnly: 1, Late: 2, Error: "403", Remedy: "ask", ErrorAt: t0,
		}},
		Notices: []Notice{{Scope: "clock", Code: "unsettled", Text: "x", At: t0}},
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	n := Notice{Scope: "/srv/drop", Code: "unreadable", Text: "no rights", Remedy: "chmod", At: t0}
	must(t, l.Note(ctx, n))
	commits := l.w.head.commits
	n.At = t0.Add(time.Hour)
	must(t, l.Note(ctx, n))
	if l.w.head.commits != commits {
		t.Error("a standing notice was written again")
	}
	n.Text = "gone"
	must(t, l.Note(ctx, n))
	n.At = t0
	if got, err := l.Notices(ctx); err != nil || !slices.Equal(got, []Notice{n}) {
		t.Error(got, err)
	}
	must(t, l.ClearNote(ctx, n.Scope, n.Code))
	must(t, l.ClearNote(ctx, n.Scope, n.Code))
	if got, err := l.Notices(ctx); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	d := commit(t, l, aTaking("gone.csv", "s", 5, 0), aTaking("kept.csv", "s", 5, 0), aTaking("moved.csv", "s", 5, 0), aTaking("live.csv", "s", 5, 0), aTaking("kept.csv", "s", 5, 1))
	must(t, l.CommitSealed(ctx, []window.Record{record(0, 1), record(1, 1)}))
	must(t, l.CommitClosed(ctx, []window.Closing{{ID: record(0, 1).ID, Release: []window.Release{release(d[0], 0, 5, 0), release(d[1], 0, 5, 0), release(d[2], 0, 5, 0), release(d[4], 1, 5, 0)}}}))
	for id, st := range map[int64]drop.State{1: drop.Gone, 2: drop.Kept, 3: drop.Archived, 5: drop.Kept} {
		must(t, l.SetState(ctx, id, st, ""))
	}
	prune := func(before time.Time, windows, drops int64) {
		t.Helper()
		w, d, err := l.Prune(ctx, before)
		if err != nil || w != windows || d != drops {
			t.Errorf("pruned %d windows and %d drops, want %d and %d: %v", w, d, windows, drops, err)
		}
	}
	prune(t0, 0, 0)
	prune(t0.Add(time.Hour), 1, 0) // the drops' blocks still hold tails
	must(t, l.Fold(ctx, 1<<62))
	prune(t0.Add(time.Hour), 0, 2) // kept.csv's first version, moved.csv
	seen := 0
	must(t, l.EachSeen(ctx, "/srv/drop", func(string, int64, time.Time, drop.State) error { seen++; return nil }))
	if seen != 3 {
		t.Error(seen, "paths are left")
	}
	// A path that comes again is a new one; IDs go on.
	if d := commit(t, l, aTaking("moved.csv", "s", 5, 3))[0]; d.ID != 6 || d.PathID != 5 || d.Version != 1 {
		t.Errorf("%+v", d)
	}
	if s, err := l.Summary(ctx); err != nil || s.Counts.Rows != 30 {
		t.Error(s, err)
	}
}
