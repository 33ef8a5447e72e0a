package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/window"
)

// Takers, sealers, uploaders and readers work at the same time; readers always
// see whole changes.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	const rounds = 30
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	var writers, readers sync.WaitGroup
	var done atomic.Bool
	for g := range 3 {
		writers.Go(func() {
			component := fmt.Sprintf("c%d", g)
			for n := range rounds {
				batch := []drop.Taking{aTaking(fmt.Sprintf("%d-%d.csv", g, n), fmt.Sprintf("s%d-%d", g, n), 4, n), aTaking(fmt.Sprintf("%d-%db.csv", g, n), fmt.Sprintf("s%d-%d", g, n), 4, n)}
				for i := range batch {
					batch[i].Blocks[0].Component = component
					batch[i].Blocks[0].Tails = append(batch[i].Blocks[0].Tails, segment.Tail{Sensor: fmt.Sprintf("new-%d", n), Time: batch[i].Blocks[0].Last, Value: 1})
				}
				drops := commit(t, l, batch...)
				r := record(n, 1)
				r.Component = component
				must(t, l.CommitSealed(ctx, []window.Record{r}))
				must(t, l.Uploaded(ctx, []window.Result{{ID: r.ID, Generation: 1, Verified: true}}))
				step := window.Closing{ID: r.ID}
				for _, d := range drops {
					step.Release = append(step.Release, window.Release{Drop: d.ID, Component: component, Slot: r.Start, Windowed: 4})
				}
				must(t, l.CommitClosed(ctx, []window.Closing{step}))
				if n%10 == 9 {
					must(t, l.Fold(ctx, r.Start-2*slot))
				}
			}
		})
	}
	for g := range 3 {
		readers.Go(func() {
			for !done.Load() {
				s, err := l.Summary(ctx)
				must(t, err)
				if s.Counts.Rows != s.Counts.Windowed+s.Counts.Open || s.Counts.Rows%8 != 0 {
					t.Errorf("half a change is seen: %+v", s.Counts)
				}
				tails := 0
				must(t, l.Tails(ctx, fmt.Sprintf("c%d", g), -1<<62, 1<<62, func(drop.Block) (bool, error) { tails++; return true, nil }))
				if tails%2 != 0 {
					t.Error("half a batch is seen")
				}
				_, err = l.Pending(ctx, 0)
				must(t, err)
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
	s, err := l.Summary(ctx)
	must(t, err)
	if want := int64(3 * rounds * 8); s.Counts.Windowed != want || s.Counts.Open != 0 {
		t.Errorf("%+v", s.Counts)
	}
}

func TestACancelledContextChangesNothing(t *testing.T) {
	t.Parallel()
	l := openTest(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.CommitTaken(ctx, []drop.Taking{aTaking("a.csv", "s", 5, 0)}); err == nil {
		t.Error("it was committed")
	}
	if _, err := l.Pending(ctx, 0); err == nil {
		t.Error("it was read")
	}
	if d := commit(t, l, aTaking("a.csv", "s", 5, 0))[0]; d.ID != 1 {
		t.Error(d.ID)
	}
}

// Asking and saying nothing new writes nothing: an SD card wears out.
func TestAnIdleLedgerIsNotWritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	dir := t.TempDir()
	l := openTest(t, dir)
	commit(t, l, aTaking("a.csv", "s", 5, 0))
	state := func() (out []string) {
		for _, name := range []string{fileName, fileName + "-wal", markName} {
			info, err := os.Stat(filepath.Join(dir, name))
			must(t, err)
			out = append(out, fmt.Sprint(info.Size(), info.ModTime().UnixNano()))
		}
		return out
	}
	must(t, l.Note(ctx, Notice{Scope: "x", Code: "y"}))
	before := state()
	_, err := l.Summary(ctx)
	must(t, err)
	_, err = l.Pending(ctx, 0)
	must(t, err)
	_, err = l.Settled(ctx, 0, 10)
	must(t, err)
	must(t, l.Fold(ctx, 0))
	must(t, l.ClearRefused(ctx))
	must(t, l.Note(ctx, Notice{Scope: "x", Code: "y"}))
	must(t, l.ClearNote(ctx, "x", "z"))
	must(t, l.ForgetSegment(ctx, "s"))
	must(t, l.SetState(ctx, 1, drop.Taken, ""))
	must(t, l.CommitSealed(ctx, nil))
	_, _, err = l.Prune(ctx, t0)
	must(t, err)
	if after := state(); strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("%v became %v", before, after)
	}
}

// The queries of every pass go by an index, so that none of them grows with
// what lies behind.
func TestQueriesGoByIndex(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := openTest(t, t.TempDir())
	for name, c := range map[string]struct {
		query string
		args  int
		scans string // the one table that is meant to be read wholly, by this index
	}{
		"seen":       {selectSeen, 1, ""},
		"path":       {selectNewest, 2, ""},
		"refused":    {selectRefused, 2, ""},
		"identity":   {selectIDByIdentity, 1, ""},
		"settled":    {selectSettled, 2, ""},
		"blocks":     {selectBlocks, 3, ""},
		"live":       {selectLiveBlocks, 0, "SCAN b USING INDEX blocks_live"},
		"tails":      {selectTails, 3, ""},
		"carry":      {selectCarry, 1, ""},
		"fold":       {selectFoldable, 3, ""},
		"dead":       {`SELECT name FROM segments WHERE live = 0`, 0, "SCAN segments USING INDEX segments_dead"},
		"window":     {selectWindow, 3, ""},
		"windows":    {selectLiveWindows, 0, "SCAN w USING INDEX windows_live"},
		"pending":    {selectPending, 0, "SCAN w USING INDEX windows_pending"},
		"uploaded":   {uploadDone, 10, ""},
		"failed":     {uploadFailed, 8, ""},
		"release":    {releaseBlock, 3, ""},
		"settle":     {settleDrop, 7, ""},
		"kept":       {uploadKept, 6, ""},
		"version":    {selectPath, 2, ""},
		"of a drop":  {selectDropWindows, 2, "SCAN t"},
		"last":       {selectLast, 1, ""},
		"in store":   {selectInStore, 1, ""},
		"backlog":    {selectBacklog, 0, "SCAN windows USING INDEX windows_pending"},
		"live state": {selectLive, 0, "SCAN windows USING INDEX windows_live"},
	} {
		args := make([]any, c.args)
		rows, err := l.db.Read.QueryContext(ctx, "EXPLAIN QUERY PLAN "+c.query, args...)
		must(t, err)
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			must(t, rows.Scan(&id, &parent, &unused, &detail))
			plan = append(plan, detail)
		}
		must(t, rows.Err())
		for _, step := range plan {
			if strings.HasPrefix(step, "SCAN") && step != "SCAN CONSTANT ROW" && (c.scans == "" || !strings.HasPrefix(step, c.scans)) {
				t.Errorf("%s: %s\n\t%s", name, step, strings.Join(plan, "\n\t"))
			}
			if strings.Contains(step, "TEMP B-TREE") && name != "of a drop" {
				t.Errorf("%s sorts: %s", name, step)
			}
		}
	}
}
