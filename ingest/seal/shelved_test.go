package seal

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/shelf"
	"millwright/internal/window"
)

// shelved is a rig whose windows are in memory only.
func shelved(t *testing.T, now string, streams ...Stream) *rig {
	t.Helper()
	r := memoryRig(t, now, streams...)
	r.room = 8 << 20
	r.restart()
	return r
}

func TestASmallWindowWaitsInMemory(t *testing.T) {
	t.Parallel()
	r := shelved(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	rec := r.record("s", "pump", ns(t, "10:00:00"))
	if rec.Path != "" || rec.Generation != 1 || len(r.files("spool/windows")) != 0 {
		t.Errorf("record %+v, files %v", rec, r.files("spool/windows"))
	}
	if len(r.offered) != 1 || r.offered[0] != rec.Sealed {
		t.Errorf("offered %+v", r.offered)
	}
	r.upload()
	r.take(pump(t, "b.csv", "10:00:10", "10:01:10", 99))
	r.now = clock(t, "10:05:20")
	r.seal()
	if len(r.offered) != 2 || r.offered[1].Generation != 2 || r.shelf.Get(rec.ID, 1) != nil || r.shelf.Get(rec.ID, 2) == nil {
		t.Errorf("the second generation: %+v", r.offered)
	}
	r.upload()
	r.at(clock(t, "10:07:01"))
	if rec := r.record("s", "pump", rec.Start); !rec.Closed || len(r.shelf.Items()) != 0 {
		t.Errorf("record %+v, on the shelf %v", rec, r.shelf.Items())
	}
}

// A kill between sealing and uploading: the same bytes, hence the same generation.
func TestWhatWasOnlyInMemoryIsMadeAgainAsItWas(t *testing.T) {
	t.Parallel()
	r := shelved(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	before := r.record("s", "pump", ns(t, "10:00:00"))
	want := r.csv("s", "pump", before.Start)
	r.restart()
	r.offered = nil
	if r.seal() != 0 || len(r.offered) != 0 {
		t.Error("made again although nobody asked")
	}
	r.upload()
	<-r.sealer.Asked()
	r.seal()
	if len(r.offered) != 1 || r.offered[0] != before.Sealed {
		t.Errorf("offered %+v", r.offered)
	}
	if after := r.record("s", "pump", before.Start); after != before || r.csv("s", "pump", before.Start) != want {
		t.Errorf("record %+v, before %+v\n%s", after, before, r.csv("s", "pump", before.Start))
	}
	r.upload()
	if len(r.objects) != 1 {
		t.Error("not uploaded")
	}
}

// While the bucket is out of reach the shelf is full: what comes then goes to
// files, and what is made again after a crash may find no room either.
func TestWithoutRoomWindowsAreWrittenToFiles(t *testing.T) {
	t.Parallel()
	r := shelved(t, "10:00:00", stream())
	for i := range 12 {
		from := clock(t, "10:00:00").Add(time.Duration(i) * 5 * time.Minute)
		r.take(file{path: from.String(), component: "pump", sensors: []string{"flow"}, rows: rowsOf(from, from.Add(5*time.Minute), time.Minute, 1, 1)})
		r.now = from.Add(5*time.Minute + time.Second)
		r.seal()
		if i == 5 {
			fill(t, r.shelf)
		}
	}
	if n := len(r.files("spool/windows")); n != 6 || len(r.offered) != 12 {
		t.Fatalf("%d files, offered %d", n, len(r.offered))
	}
	before := map[window.ID]window.Sealed{}
	for _, w := range r.offered {
		before[w.ID] = w
	}
	r.restart()
	r.offered = nil
	fill(t, r.shelf)
	r.upload() // those in files; the others are asked for
	if len(r.objects) != 6 || r.derived != 6 {
		t.Fatalf("%d objects, %d asked for", len(r.objects), r.derived)
	}
	r.seal()
	for _, w := range r.offered {
		if was := before[w.ID]; w.Path == "" || w.SHA256 != was.SHA256 || w.Generation != was.Generation {
			t.Errorf("made again: %+v, was %+v", w, was)
		}
		if rec := r.record("s", "pump", w.Start); rec.Path != w.Path {
			t.Errorf("the record does not name the file: %+v", rec)
		}
	}
	r.upload()
	if len(r.objects) != 12 {
		t.Errorf("%d objects", len(r.objects))
	}
}

// fill leaves no room on a shelf.
func fill(t *testing.T, s *shelf.Shelf) {
	t.Helper()
	n := int64(0)
	for size := 1 << 16; size > 0; size /= 2 {
		for s.Put(window.ID{Scheduler: "other", Start: n}, 1, make([]byte, size)) {
			if n++; n > 1<<16 {
				t.Fatal("the shelf has no bound")
			}
		}
	}
}

// At the end of a configuration what is only in memory goes to files: the next
// one would make other bytes of it, or none.
func TestLeaveKeepsWindowsForTheNextConfiguration(t *testing.T) {
	t.Parallel()
	r := shelved(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	r.upload()
	r.take(pump(t, "b.csv", "10:05:00", "10:10:00", 6))
	r.now = clock(t, "10:10:01")
	r.seal()
	rec := r.record("s", "pump", ns(t, "10:05:00"))
	if err := r.sealer.Leave(bg); err != nil {
		t.Fatal(err)
	}
	if files := r.files("spool/windows"); !slices.Equal(files, []string{"s/pump_20260105T100500Z.g1.csv"}) {
		t.Errorf("files %v", files)
	}
	r.streams[0].Component = "other"
	r.restart()
	r.upload()
	if len(r.objects) != 2 || r.derived != 0 {
		t.Errorf("%d objects, %d asked for", len(r.objects), r.derived)
	}
	if after := r.record("s", "pump", rec.Start); after.Generation != 1 || after.SHA256 != rec.SHA256 {
		t.Errorf("record %+v, before %+v", after, rec)
	}
}

// After a kill nobody can make a window of a component that has no scheduler any
// more: its rows are in late/, and it is closed.
func TestAStrayThatWasOnlyInMemoryIsClosed(t *testing.T) {
	t.Parallel()
	r := shelved(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	r.streams[0].Component = "other"
	r.restart()
	r.close()
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Closed {
		t.Error("closed before anybody asked for it")
	}
	r.upload()
	r.seal()
	r.close()
	if rec := r.record("s", "pump", ns(t, "10:00:00")); !rec.Closed || rec.Verified != 0 {
		t.Errorf("record %+v", rec)
	}
	if c := r.drop(1).Counts; c.Late != 5 || c.Open != 0 {
		t.Errorf("%+v", c)
	}
}

// A commit that failed may have happened: nobody sends what it was about, until
// the ledger says so.
func TestWhatIsNotCommittedIsNotOnTheShelf(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		c := &crashing{book: newMemory(), at: -1}
		r := newRig(t, t.TempDir(), c, clock(t, "10:00:00"), stream())
		r.room = 8 << 20
		r.restart()
		r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
		r.now = clock(t, "10:05:01")
		c.at, c.after = 0, after
		if _, err := r.sealer.Seal(bg, r.now, r.wait); err == nil {
			t.Fatal("no error")
		}
		if len(r.offered) != 0 || len(r.shelf.Items()) != 0 {
			t.Errorf("offered %v, on the shelf %v", r.offered, r.shelf.Items())
		}
		c.at = -1
		r.seal()
		r.upload()
		r.seal()
		r.upload()
		if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Generation != 1 || rec.Verified != 1 {
			t.Errorf("record %+v", rec)
		}
	}
}

// Whatever came since a window was sealed, late rows and rows let go among it,
// and whatever was made again beside it: it comes out as it was.
func TestWindowsComeOutTheSameAfterACrash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t, "s")
		s.Schema = []string{"c", "a", "b"} // else a sensor that became known since gets a column
		s.Cadence.Delay, s.OverdueMax = time.Duration(rapid.IntRange(1, 20).Draw(t, "delay"))*time.Minute, 6*time.Hour
		r, done := rapidRig(t, newMemory(), s)
		defer done()
		r.room = 8 << 20
		r.restart()
		for _, f := range usable(drawFiles(t, false)) {
			r.take(f)
			for until := r.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "minutes")) * time.Minute); ; {
				r.seal()
				if rapid.Bool().Draw(t, "the store answers") {
					r.upload()
				}
				r.close()
				if !r.now.Before(until) {
					break
				}
				if r.now = r.sealer.Due(r.now); r.now.After(until) {
					r.now = until
				}
			}
		}
		want := pendingOf(r)
		r.restart()
		r.upload()
		r.wait.ClockSettled = false // nothing but what was asked for
		r.wait.All = true
		r.seal()
		if got := pendingOf(r); !maps.Equal(got, want) {
			t.Fatalf("made again\n%+v\nwant\n%+v", got, want)
		}
		for id, w := range want {
			if r.shelf.Get(id, w.Generation) == nil {
				t.Fatalf("%+v is not there", w)
			}
		}
	})
}

func pendingOf(r *rig) map[window.ID]window.Sealed {
	pending, err := r.book.Pending(bg, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	all := map[window.ID]window.Sealed{}
	for _, w := range pending {
		all[w.ID] = w
	}
	return all
}
