package seal

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/series"
	"millwright/internal/window"
)

// Drops come whenever they like, in time, late or days too late; the ledger
// fails at any commit, before or after it took effect, and the process starts
// again. In the end every window is a pure function of the drops it considered,
// late/ and repeats/ hold exactly what no window has, once, and counts add up.
func TestCrashesAndLateRowsLoseAndDoubleNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { crashes(t, newMemory()) })
}

func crashes(t *rapid.T, b book) {
	streams := []Stream{drawStream(t, "s")}
	if rapid.Bool().Draw(t, "two streams") {
		streams = append(streams, drawStream(t, "u"))
	}
	for i := range streams {
		streams[i].Cadence.Delay = time.Duration(rapid.IntRange(1, 20).Draw(t, "delay")) * time.Minute
		streams[i].OverdueMax = 6 * time.Hour
	}
	files := usable(drawFiles(t, false))
	if len(files) == 0 {
		return
	}
	c := &crashing{book: b, at: -1}
	r, done := rapidRig(t, c, streams...)
	defer done()
	for _, f := range files {
		if rapid.IntRange(0, 4).Draw(t, "die after taking") == 0 {
			r.commit(f)
			r.restart()
		} else {
			r.take(f)
		}
		for until := r.now.Add(time.Duration(rapid.IntRange(0, 50).Draw(t, "minutes")) * time.Minute); ; {
			c.at, c.after = rapid.IntRange(-1, 3).Draw(t, "commits"), rapid.Bool().Draw(t, "after")
			r.pass()
			if !r.now.Before(until) {
				break
			}
			if r.now = r.sealer.Due(r.now); r.now.After(until) {
				r.now = until
			}
		}
	}
	c.at = -1
	for end := r.now.Add(8 * time.Hour); r.now.Before(end); {
		r.pass()
		r.now = r.sealer.Due(r.now)
	}
	r.settled(files)
}

// pass seals, uploads and closes; after a crash it starts again and goes on.
func (r *rig) pass() {
	r.t.Helper()
	for {
		_, err := r.sealer.Seal(bg, r.now, r.wait)
		if err == nil {
			r.upload()
			_, err = r.sealer.Close(bg, r.now)
		}
		switch {
		case err == nil:
			return
		case !errors.Is(err, errCrash):
			r.t.Fatal(err)
		}
		r.restart()
	}
}

// settled checks what has to hold in the end, whatever happened.
func (r *rig) settled(files []file) {
	r.t.Helper()
	values := make([][]told, len(files)+1) // by drop ID
	all := tell(files)
	for i, f := range files {
		n := len(f.rows) * len(f.sensors)
		values[i+1], all = all[:n], all[n:]
	}
	seqs := r.bytesFollowFromSeq(files)
	seq := func(s Stream, t int64) int64 {
		return seqs[window.ID{Scheduler: s.Scheduler, Component: "pump", Start: s.Cadence.Start(t)}]
	}
	late, repeats := map[string]int{}, map[string]int{}
	for id := 1; id < len(values); id++ {
		var rows, lateRows int64
		rowsSeen := map[[2]int]bool{}
		for _, v := range values[id] {
			missed := slices.ContainsFunc(r.streams, func(s Stream) bool { return int64(id) > seq(s, v.at) })
			had := slices.ContainsFunc(r.streams, func(s Stream) bool { return int64(id) <= seq(s, v.at) })
			k := [2]int{v.line, 0}
			if files[id-1].long {
				k[1] = slices.Index(files[id-1].sensors, v.sensor)
			}
			if (v.value == v.value || !files[id-1].long) && !rowsSeen[k] {
				rowsSeen[k] = true
				rows++
				if !had { // what one stream has is windowed, and in late/ for the others
					lateRows++
				}
			}
			if v.value != v.value {
				continue
			}
			if missed {
				late[fmt.Sprintf("%s,%s,%s,%s,%d", stamp(v.at), v.sensor, number(v.value), files[id-1].path, v.line+2)]++
			} else if kept, lost := r.lost(values, id, v, seq); lost {
				repeats[fmt.Sprintf("%s,%s,%s,%s,%d,%s", stamp(v.at), v.sensor, number(v.value), files[id-1].path, v.line+2, number(kept))]++
			}
		}
		if c := r.drop(int64(id)).Counts; c.Open != 0 || c.Late != lateRows || c.Windowed != rows-lateRows {
			r.t.Fatalf("drop %d: %+v, want %d late of %d", id, c, lateRows, rows)
		}
	}
	r.same("late/pump/20260105.csv", late, 5)
	r.same("repeats/pump/20260105.csv", repeats, 6)
}

// bytesFollowFromSeq checks that every object is what naive makes of the drops
// up to its record's SealedSeq.
func (r *rig) bytesFollowFromSeq(files []file) map[window.ID]int64 {
	r.t.Helper()
	seqs := map[window.ID]int64{}
	for _, s := range r.streams {
		f := int64(s.Cadence.Frequency)
		for start := s.Cadence.Start(origin().UnixNano()) - f; start < r.now.UnixNano(); start += f {
			id := window.ID{Scheduler: s.Scheduler, Component: "pump", Start: start}
			rec, ok, err := r.book.Window(bg, id)
			if err != nil {
				r.t.Fatal(err)
			}
			if !ok {
				continue
			}
			seqs[id] = rec.SealedSeq
			got := string(r.objects[s.Bucket+"/"+s.Naming.Key("pump", start)])
			// a sensor may be known from a later drop that was wholly late
			if want := naive(s, start, append(tell(files[:rec.SealedSeq]), columnsOf(got)...)); got != want {
				r.t.Fatalf("%+v\ngot\n%s\nwant\n%s\nrecord %+v", id, got, want, rec)
			}
		}
	}
	return seqs
}

// columnsOf makes the sensors of a CSV's header known.
func columnsOf(csv string) (out []told) {
	head, _, _ := strings.Cut(csv, "\n")
	for i, name := range strings.Split(head, ",") {
		if i > 0 {
			out = append(out, told{sensor: name, value: nan})
		}
	}
	return out
}

// lost tells whether a value that every stream considered is in no window, and
// what the first stream has there.
func (r *rig) lost(values [][]told, id int, v told, seq func(Stream, int64) int64) (kept float64, lost bool) {
	kept = nan
	for _, s := range r.streams {
		var best *told
		bestID := 0
		for other := 1; other < len(values) && int64(other) <= seq(s, v.at); other++ {
			for k := range values[other] {
				o := &values[other][k]
				if o.sensor == v.sensor && o.at == v.at && o.value == o.value && (best == nil || beaten(*best, *o, s.OnConflict == "last")) {
					best, bestID = o, other
				}
			}
		}
		if bestID == id && best.line == v.line {
			return nan, false
		}
		if kept != kept {
			kept = best.value
		}
	}
	return kept, kept != v.value
}

// same compares the first columns of a file with what should be in it.
func (r *rig) same(name string, want map[string]int, columns int) {
	r.t.Helper()
	got := map[string]int{}
	lines := strings.Split(r.text(name), "\n")
	for _, l := range lines[min(1, len(lines)):] {
		if l != "" {
			got[strings.Join(strings.Split(l, ",")[:columns], ",")]++
		}
	}
	if !maps.Equal(got, want) {
		r.t.Fatalf("%s\ngot  %v\nwant %v", name, got, want)
	}
}

func stamp(t int64) string {
	return time.Unix(0, t).UTC().Format("2006-01-02T15:04:05.000000")
}

func TestWhatACrashLeavesInTheSpoolIsTidied(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.now = clock(t, "10:05:01")
	r.seal()
	dir := filepath.Join(r.dirs().Windows, "s")
	for name, stays := range map[string]bool{
		"pump_20260105T100000Z.g0.csv":     false, // superseded
		"pump_20260105T100000Z.g2.csv":     true,  // of a step that was not committed
		"pump_20260105T100000Z.g2.csv.tmp": false,
		"pump_20260105T090000Z.g1.csv":     true, // nothing is known of it
		"notes.txt":                        true,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		r.restart()
		if _, err := os.Stat(path); (err == nil) != stays {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.now = clock(t, "10:05:20") // the leftover second generation is written over
	r.take(pump(t, "b.csv", "10:00:10", "10:01:10", 99))
	r.at(r.now)
	if rec := r.record("s", "pump", ns(t, "10:00:00")); rec.Generation != 2 || rec.Uploaded != 2 {
		t.Errorf("record %+v", rec)
	}
}

func TestDamagedRowsKeepNothingBack(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	r.take(pump(t, "b.csv", "10:00:30", "10:04:30", 50))
	path := filepath.Join(r.dirs().Segments, "000001.seg")
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(body)-50; i++ {
		body[i] ^= 0x5a
	}
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		r.at(clock(t, "10:07:00").Add(time.Duration(i) * 5 * time.Minute))
	}
	rec := r.record("s", "pump", ns(t, "10:00:00"))
	if rec.RealRows != 4 || !rec.Closed {
		t.Errorf("record %+v", rec)
	}
	if c := r.drop(1).Counts; c.Open != 0 || c.Bad != 5 || c.Windowed != 0 {
		t.Errorf("rows that cannot be read count as bad: %+v", c)
	}
}

func TestFoldingChangesNoWindow(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream(func(s *Stream) { s.Spec.MaxGap = series.NoMaxGap; s.OverdueMax = time.Hour }))
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	for range 60 {
		r.at(r.now)
		r.now = r.now.Add(5 * time.Minute)
	}
	if m := r.book.(*memory); len(m.carry["pump"]) != 1 || len(m.blocks) != 0 {
		t.Fatalf("nothing was folded: %d blocks", len(m.blocks))
	}
	r.restart()
	r.at(r.now.Add(time.Second))
	r.at(r.now.Add(7 * time.Minute))
	s := r.streams[0].Cadence.Start(r.now.UnixNano()) - int64(5*time.Minute)
	if !strings.HasSuffix(string(r.objects["plant/"+r.streams[0].Naming.Key("pump", s)]), ",5\n") {
		t.Errorf("the value is lost after folding")
	}
	if n := len(r.sealer.components[0].lanes[0].windows); n > 40 {
		t.Errorf("%d windows in memory", n)
	}
}

func TestABacklogIsSealedInRounds(t *testing.T) {
	t.Parallel()
	const windows = round + few + 10 // one round by syncfs, one beyond it
	r := memoryRig(t, "23:00:00", stream(func(s *Stream) { s.Spec.Fill = series.FillNone }))
	from := clock(t, "22:50:00").Add(-windows * 5 * time.Minute)
	for i := range windows {
		a := from.Add(time.Duration(i) * 5 * time.Minute)
		r.take(file{path: a.String(), component: "pump", sensors: []string{"flow"}, rows: rowsOf(a, a.Add(5*time.Minute), time.Minute, 1, 1)})
	}
	r.now = clock(t, "23:06:00")
	if n := r.seal(); n < windows {
		t.Fatalf("sealed %d windows", n)
	}
	r.upload()
	if len(r.objects) != windows || r.close() != windows || len(r.files("spool/windows")) != 0 {
		t.Errorf("%d objects, left in the spool: %v", len(r.objects), r.files("spool/windows"))
	}
}

func TestASpoolThatCannotBeWrittenIsTriedAgain(t *testing.T) {
	t.Parallel()
	r := memoryRig(t, "10:00:00", stream())
	r.take(pump(t, "a.csv", "10:00:00", "10:05:00", 1))
	if err := os.WriteFile(r.dirs().Windows, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.now = clock(t, "10:05:01")
	if n, err := r.sealer.Seal(bg, r.now, r.wait); err == nil || n != 0 {
		t.Fatalf("sealed %d, %v", n, err)
	}
	if err := os.Remove(r.dirs().Windows); err != nil {
		t.Fatal(err)
	}
	if r.seal() != 1 {
		t.Fatal("not tried again")
	}
}
