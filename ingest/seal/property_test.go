package seal

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"millwright/internal/series"
	"millwright/internal/window"
)

// drawStream draws every setting that has a part in the bytes.
func drawStream(t *rapid.T, name string) Stream {
	spec := func(label string) series.Spec {
		return series.Spec{
			Aggregate: rapid.SampledFrom(append(series.Aggregates(), "")).Draw(t, label+" aggregate"),
			Fill:      rapid.SampledFrom([]series.Fill{"", series.FillHold, series.FillNone}).Draw(t, label+" fill"),
			MaxGap:    rapid.SampledFrom([]time.Duration{0, 90 * time.Second, 7 * time.Minute, 40 * time.Minute, series.NoMaxGap}).Draw(t, label+" gap"),
		}
	}
	s := Stream{
		Scheduler: name, Component: "pump", Bucket: name,
		Cadence: window.Cadence{
			Frequency: rapid.SampledFrom([]time.Duration{5 * time.Minute, 10 * time.Minute, 15 * time.Minute}).Draw(t, "frequency"),
			Rate:      rapid.SampledFrom([]time.Duration{30 * time.Second, time.Minute, 5 * time.Minute}).Draw(t, "rate"),
			Label:     rapid.SampledFrom([]window.Label{window.LabelEnd, window.LabelStart}).Draw(t, "label"),
			Delay:     time.Hour, Margin: 30 * time.Second,
		},
		Naming: window.Naming{Delimiter: "-"}, Spec: spec("default"),
		Sensors:    map[string]series.Spec{"b": spec("b")},
		OverdueMax: 72 * time.Hour,
		OnConflict: rapid.SampledFrom([]string{"", "first", "last"}).Draw(t, "on conflict"),
	}
	if rapid.Bool().Draw(t, "schema") {
		s.Schema = []string{"c", "a", "b", "never"}
	}
	return s
}

// origin is where the drawn rows begin; they are of the 40 minutes after it.
func origin() time.Time { return time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC) }

// drawFiles draws drops. With distinct set no two paths tell the same timestamp.
func drawFiles(t *rapid.T, distinct bool) []file {
	n := rapid.IntRange(1, 6).Draw(t, "drops")
	var files []file
	for i := range n {
		path := rapid.SampledFrom([]string{"p", "q", "r"}).Draw(t, "path")
		if distinct {
			path = fmt.Sprintf("f%d", i)
		}
		f := file{
			path: path, component: "pump", long: rapid.Bool().Draw(t, "long"),
			sensors: rapid.SampledFrom([][]string{{"a"}, {"b", "a"}, {"a", "b", "c"}, {"c"}}).Draw(t, "sensors"),
		}
		orderly := rapid.Bool().Draw(t, "orderly")
		var seconds []int
		for range rapid.IntRange(1, 25).Draw(t, "rows") {
			step := rapid.IntRange(0, 240).Draw(t, "at") * 10
			seconds = append(seconds, step)
		}
		if orderly {
			slices.Sort(seconds)
			seconds = slices.Compact(seconds)
		}
		for _, sec := range seconds {
			at := origin().Add(time.Duration(sec) * time.Second)
			if distinct {
				at = at.Add(time.Duration(i+1) * time.Millisecond)
			}
			x := row{at: at.UnixNano()}
			for range f.sensors {
				v := float64(rapid.IntRange(-40, 40).Draw(t, "value")) / 4
				if rapid.IntRange(0, 5).Draw(t, "gap") == 0 {
					v = nan
				}
				x.values = append(x.values, v)
			}
			f.rows = append(f.rows, x)
		}
		files = append(files, f)
	}
	return files
}

// told drops rows without any value: they are never taken.
func usable(files []file) (out []file) {
	for _, f := range files {
		f.rows = slices.DeleteFunc(slices.Clone(f.rows), func(x row) bool {
			return !slices.ContainsFunc(x.values, func(v float64) bool { return v == v })
		})
		if len(f.rows) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func rapidRig(t *rapid.T, b book, streams ...Stream) (*rig, func()) {
	dir, err := os.MkdirTemp("", "seal")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, dir, b, origin().Add(time.Minute), streams...)
	r.room = rapid.SampledFrom([]int64{0, 8 << 10, 8 << 20}).Draw(t, "room on the shelf") // none, for some, for all
	r.restart()
	return r, func() { _ = os.RemoveAll(dir) }
}

// windows lists the starts of a stream's windows that may hold drawn rows or
// hold their values.
func windows(s Stream) (out []int64) {
	f := int64(s.Cadence.Frequency)
	for start := s.Cadence.Start(origin().UnixNano()) - f; start < origin().Add(80*time.Minute).UnixNano(); start += f {
		out = append(out, start)
	}
	return out
}

// check compares every window of the bucket with what naive makes of all files.
func (r *rig) check(s Stream, all []told) {
	r.t.Helper()
	first := int64(1 << 62)
	for _, v := range all {
		first = min(first, s.Cadence.Start(v.at))
	}
	for _, start := range windows(s) {
		if start < first {
			continue
		}
		key := s.Bucket + "/" + s.Naming.Key("pump", start)
		got, want := string(r.objects[key]), naive(s, start, all)
		if got != want {
			r.t.Fatalf("%s\ngot\n%s\nwant\n%s\nsettings %+v", key, got, want, s)
		}
	}
}

// Whatever the order in which drops come, whenever windows are sealed and sealed
// anew in between, and across restarts: before the cut-off the bytes are those
// of the naive reference over all rows.
func TestAnyOrderBeforeTheCutoffGivesTheReferencesBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStream(t, "s")
		files := usable(drawFiles(t, true))
		if len(files) == 0 {
			return
		}
		order := rapid.Permutation(files).Draw(t, "order")
		r, done := rapidRig(t, newMemory(), s)
		defer done()
		for _, f := range order {
			r.take(f)
			r.now = r.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "pause")) * time.Second)
			switch rapid.IntRange(0, 3).Draw(t, "then") {
			case 0:
				r.at(r.now)
			case 1:
				r.seal()
				r.restart()
			}
		}
		for end := origin().Add(3 * time.Hour); r.now.Before(end); {
			r.at(r.now)
			r.now = r.sealer.Due(r.now)
		}
		r.check(s, tell(files))
	})
}

// Conflicts across paths and versions depend on the order of taking, and on
// nothing else. Late rows and lost values are where they should be, and every
// row and value is accounted for.
func TestConflictsAndCountsAgainstTheReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		streams := []Stream{drawStream(t, "s")}
		if rapid.Bool().Draw(t, "two streams") {
			streams = append(streams, drawStream(t, "u"))
		}
		files := usable(drawFiles(t, false))
		if len(files) == 0 {
			return
		}
		r, done := rapidRig(t, newMemory(), streams...)
		defer done()
		for _, f := range files {
			r.take(f)
			r.now = r.now.Add(11 * time.Second)
			r.at(r.now)
		}
		for end := origin().Add(4 * time.Hour); r.now.Before(end); {
			r.at(r.now)
			r.now = r.sealer.Due(r.now)
		}
		all := tell(files)
		for _, s := range streams {
			r.check(s, all)
		}
		var rows, values int64
		for id, f := range files {
			c := r.drop(int64(id) + 1).Counts
			if c.Windowed != f.count() || c.Late != 0 || c.Open != 0 {
				t.Fatalf("drop %d of %d rows: %+v", id+1, f.count(), c)
			}
			rows += c.Windowed
			values += c.Repeated
		}
		if got := r.lines("repeats/pump/20260105.csv"); got != values {
			t.Fatalf("%d lines in repeats/, counted %d", got, values)
		}
		if lost := lostValues(all, streams); lost != values {
			t.Fatalf("%d values lost, the reference says %d", values, lost)
		}
		for _, left := range r.files("spool/windows") {
			id, _, ok := parseName(filepath.Split(left))
			if !ok || r.now.After(time.Unix(0, id.Start).Add(2*time.Hour)) {
				t.Fatalf("left in the spool: %s", left)
			}
		}
	})
}

// lostValues counts what is in no stream's window and differs from what the
// first stream has there.
func lostValues(all []told, streams []Stream) (n int64) {
	wins := func(v told, s Stream) bool {
		for _, o := range all {
			if o.sensor == v.sensor && o.at == v.at && o.value == o.value && beaten(v, o, s.OnConflict == "last") {
				return false
			}
		}
		return true
	}
	for _, v := range all {
		if v.value != v.value || slices.ContainsFunc(streams, func(s Stream) bool { return wins(v, s) }) {
			continue
		}
		for _, o := range all {
			if o.sensor == v.sensor && o.at == v.at && o.value == o.value && wins(o, streams[0]) && o.value != v.value {
				n++
			}
		}
	}
	return n
}

// lines is the number of lines below the header of a file.
func (r *rig) lines(name string) (n int64) {
	for _, c := range r.text(name) {
		if c == '\n' {
			n++
		}
	}
	return max(0, n-1)
}
