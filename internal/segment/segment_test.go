package segment

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestSlotOf(t *testing.T) {
	t.Parallel()
	at := func(s string) int64 {
		v, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return v.UnixNano()
	}
	for stamp, want := range map[string]string{
		"2026-01-05T00:00:00Z":           "2026-01-04T23:55:00Z", // a slot ends with its last instant
		"2026-01-05T00:00:00.000000001Z": "2026-01-05T00:00:00Z",
		"2026-01-05T00:05:00Z":           "2026-01-05T00:00:00Z",
		"1969-12-31T23:55:00Z":           "1969-12-31T23:50:00Z",
		"1969-12-31T23:55:01Z":           "1969-12-31T23:55:00Z",
		"1970-01-01T00:00:00Z":           "1969-12-31T23:55:00Z",
	} {
		if got := SlotOf(at(stamp)); got != at(want) {
			t.Errorf("SlotOf(%s) = %s, want %s", stamp, time.Unix(0, got).UTC(), want)
		}
	}
}

// drawGroups makes groups of one slot whose sensors all differ.
func drawGroups(t *rapid.T, slot int64) []Group {
	value := rapid.OneOf(
		rapid.Just(math.NaN()), rapid.Just(math.Copysign(0, -1)), rapid.Just(math.Inf(1)), rapid.Float64(),
		rapid.Custom(func(t *rapid.T) float64 {
			return float64(rapid.Int32().Draw(t, "n")) / math.Pow10(rapid.IntRange(0, 7).Draw(t, "decimals"))
		}),
		rapid.Custom(func(t *rapid.T) float64 { return float64(rapid.IntRange(-40000, 40000).Draw(t, "n")) / 100 }),
	)
	groups := make([]Group, rapid.IntRange(1, 3).Draw(t, "groups"))
	for i := range groups {
		rows := rapid.IntRange(1, 40).Draw(t, "rows")
		g := &groups[i]
		g.Times = rapid.SliceOfN(rapid.Int64Range(slot+1, slot+int64(Slot)), rows, rows).Draw(t, "times")
		if rapid.Bool().Draw(t, "sorted") {
			slices.Sort(g.Times)
		}
		g.Lines = rapid.SliceOfN(rapid.Int64Range(1, math.MaxInt64), rows, rows).Draw(t, "lines")
		for j := range rapid.IntRange(1, 4).Draw(t, "sensors") {
			g.Sensors = append(g.Sensors, fmt.Sprintf("s%d.%d", i, j))
			v := make([]float64, rows)
			kind := rapid.IntRange(0, 2).Draw(t, "kind")
			one := value.Draw(t, "one")
			for k := range v {
				switch {
				case kind == 0:
					v[k] = one
				case kind == 1:
					v[k] = value.Draw(t, "v")
				default:
					v[k] = float64(rapid.IntRange(-400, 400).Draw(t, "n")) / 10
				}
			}
			g.Values = append(g.Values, v)
		}
	}
	return groups
}

// Whatever is written is read back with the same bits, alone or by a scan.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		w, err := Create(dir, "a.seg")
		if err != nil {
			rt.Fatal(err)
		}
		defer w.Abort()
		var refs []Ref
		var written [][]Group
		var metas []string
		blocksOf := map[string]int{}
		for d := range rapid.IntRange(0, 4).Draw(rt, "drops") {
			n := rapid.IntRange(0, 3).Draw(rt, "blocks")
			for range n {
				slot := rapid.Int64Range(-1000, 1000).Draw(rt, "slot") * int64(Slot)
				g := drawGroups(rt, slot)
				component := rapid.StringMatching("[a-z]{1,5}").Draw(rt, "component")
				ref, err := w.Block(component, slot, g)
				if err != nil {
					rt.Fatal(err)
				}
				pieces := []Ref{ref}
				for range rapid.IntRange(0, 2).Draw(rt, "pieces") {
					more := drawGroups(rt, slot)
					piece, err := w.Block(component, slot, more)
					if err != nil {
						rt.Fatal(err)
					}
					pieces, g = append(pieces, piece), append(g, more...)
				}
				if ref, err = w.Join(pieces); err != nil {
					rt.Fatal(err)
				}
				refs, written = append(refs, ref), append(written, g)
			}
			if rapid.Bool().Draw(rt, "undo") {
				if err := w.Undo(); err != nil {
					rt.Fatal(err)
				}
				refs, written = refs[:len(refs)-n], written[:len(written)-n]
				continue
			}
			meta := fmt.Sprintf(`{"drop":%d}`, d)
			metas = append(metas, meta)
			blocksOf[meta] = n
			if err := w.Drop([]byte(meta)); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			rt.Fatal(err)
		}
		path := filepath.Join(dir, "a.seg")
		f, err := Open(path)
		if err != nil {
			rt.Fatal(err)
		}
		defer f.Close()
		for i, ref := range refs {
			b, err := f.Block(ref)
			if err != nil {
				rt.Fatal(err)
			}
			compareBlock(rt, b, ref, written[i])
		}
		var scanned []Ref
		if err := Scan(path, func(meta []byte, blocks []Ref) error {
			if len(metas) == 0 || metas[0] != string(meta) || blocksOf[metas[0]] != len(blocks) {
				rt.Fatalf("scan gives %s with %d blocks, want %v", meta, len(blocks), metas)
			}
			metas = metas[1:]
			scanned = append(scanned, blocks...)
			return nil
		}); err != nil {
			rt.Fatal(err)
		}
		if len(metas) != 0 || len(scanned) != len(refs) {
			rt.Fatalf("scan gives %d blocks of %d", len(scanned), len(refs))
		}
		for i := range refs {
			if !sameRef(scanned[i], refs[i]) {
				rt.Fatalf("scan gives %+v, written %+v", scanned[i], refs[i])
			}
		}
	})
}

func sameRef(a, b Ref) bool {
	ta, tb := a.Tails, b.Tails
	a.Tails, b.Tails = nil, nil
	return fmt.Sprint(a) == fmt.Sprint(b) && slices.EqualFunc(ta, tb, func(x, y Tail) bool {
		return x.Sensor == y.Sensor && x.Time == y.Time && math.Float64bits(x.Value) == math.Float64bits(y.Value)
	})
}

// cell is a value of a sensor, missing ones too.
type cell struct {
	time, line int64
	bits       uint64
}

func cellOf(time, line int64, v float64) cell {
	if v != v {
		return cell{time, line, 0x7ff8000000000001}
	}
	return cell{time, line, math.Float64bits(v)}
}

func compareBlock(t *rapid.T, b *Block, ref Ref, want []Group) {
	read := b.Ref
	read.Tails = tails(b.sections)
	if !sameRef(read, ref) {
		t.Fatalf("block %+v, written %+v", read, ref)
	}
	wanted, got := map[string][]cell{}, map[string][]cell{}
	for _, g := range want {
		for j, name := range g.Sensors {
			for k := range g.Times {
				wanted[name] = append(wanted[name], cellOf(g.Times[k], g.Lines[k], g.Values[j][k]))
			}
		}
	}
	latest := map[string]Tail{}
	values, rows := int64(0), int64(0)
	for i, s := range b.Groups() {
		times, err1 := s.Times(nil)
		lines, err2 := s.Lines(nil)
		if err1 != nil || err2 != nil || len(times) != s.Rows || len(lines) != s.Rows {
			t.Fatalf("section %d: %v %v %v %v", i, times, lines, err1, err2)
		}
		rows += int64(s.Rows)
		for j, name := range s.Sensors {
			v, err := s.Column(j, nil)
			if err != nil || len(v) != s.Rows {
				t.Fatalf("column %d: %v, %d rows", j, err, len(v))
			}
			if got[name] != nil {
				t.Fatalf("sensor %s stands in two sections", name)
			}
			whole, places, ok, err := s.Decimals(j, nil)
			for k := range whole {
				if x := float64(whole[k]) / math.Pow10(places); ok && math.Float64bits(x) != math.Float64bits(v[k]) {
					t.Fatalf("row %d of %s: %d / 10^%d instead of %v", k, name, whole[k], places, v[k])
				}
			}
			if err != nil || ok && (len(whole) != s.Rows || slices.ContainsFunc(v, func(x float64) bool { return x != x })) {
				t.Fatalf("decimals of %s: %v, %d of %d rows", name, err, len(whole), s.Rows)
			}
			for k := range v {
				got[name] = append(got[name], cellOf(times[k], lines[k], v[k]))
				if v[k] != v[k] {
					continue
				}
				values++
				if old, ok := latest[name]; !ok || times[k] > old.Time {
					latest[name] = Tail{name, times[k], v[k]}
				}
			}
		}
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Fatalf("read %v, written %v", got, wanted)
	}
	if values != ref.Values || rows != ref.Rows || len(latest) != len(ref.Tails) {
		t.Fatalf("%d rows, %d values and %d tails, the reference says %d, %d and %d", rows, values, len(latest), ref.Rows, ref.Values, len(ref.Tails))
	}
	for _, tail := range ref.Tails {
		if want := latest[tail.Sensor]; want.Time != tail.Time || math.Float64bits(want.Value) != math.Float64bits(tail.Value) {
			t.Fatalf("tail %+v, want %+v", tail, want)
		}
	}
}

func TestTailOfEqualTimesIsTheFirstLine(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), "a.seg")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	nan := math.NaN()
	ref, err := w.Block("pump", 0, []Group{{
		Times: []int64{5, 9, 9, 9, 3}, Lines: []int64{2, 3, 4, 5, 6},
		Sensors: []string{"a", "b", "c"},
		Values:  [][]float64{{1, nan, 3, 4, 5}, {1, nan, nan, nan, 5}, {nan, nan, nan, nan, nan}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []Tail{{"a", 9, 3}, {"b", 5, 1}}
	if !slices.Equal(ref.Tails, want) || ref.Values != 6 {
		t.Errorf("tails %+v of %d values, want %+v of 6", ref.Tails, ref.Values, want)
	}
}

func TestBlockRefusesWhatCannotBeReadBack(t *testing.T) {
	t.Parallel()
	w, err := Create(t.TempDir(), "a.seg")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	one := []float64{1}
	for name, groups := range map[string][]Group{
		"no groups":               nil,
		"no rows":                 {{Sensors: []string{"a"}, Values: [][]float64{nil}}},
		"a short column":          {{Times: []int64{1, 2}, Lines: []int64{1, 2}, Sensors: []string{"a"}, Values: [][]float64{one}}},
		"no lines":                {{Times: []int64{1}, Sensors: []string{"a"}, Values: [][]float64{one}}},
		"a column without a name": {{Times: []int64{1}, Lines: []int64{1}, Values: [][]float64{one}}},
		"a sensor in two groups": {
			{Times: []int64{1}, Lines: []int64{1}, Sensors: []string{"a"}, Values: [][]float64{one}},
			{Times: []int64{2}, Lines: []int64{2}, Sensors: []string{"a"}, Values: [][]float64{one}},
		},
		"a row of another slot": {{Times: []int64{0}, Lines: []int64{1}, Sensors: []string{"a"}, Values: [][]float64{one}}},
	} {
		if _, err := w.Block("pump", 0, groups); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

// A writer that ends early leaves no file under the name, and a file is whole once it has it.
func TestAbort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	w, err := Create(dir, "a.seg")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Abort(), w.Abort()); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
	if err := w.Drop(nil); err == nil {
		if err = w.Close(); err == nil {
			t.Error("closing an aborted segment gives no error")
		}
	}
}

func TestBlockOfAnotherReference(t *testing.T) {
	t.Parallel()
	path, refs := sample(t, 2, 3)
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, change := range []func(*Ref){
		func(r *Ref) { r.Offset++ },
		func(r *Ref) { r.Offset = 1 << 60 },
		func(r *Ref) { r.Offset = -1 },
		func(r *Ref) { r.Component = "x" },
		func(r *Ref) { r.Slot++ },
		func(r *Ref) { r.Rows++ },
		func(r *Ref) { r.Offset = refs[len(refs)-1].Offset + refs[len(refs)-1].Length }, // the drop record
	} {
		ref := refs[0]
		change(&ref)
		if _, err := f.Block(ref); !errors.Is(err, ErrDamaged) {
			t.Errorf("reading %+v: %v, want damage", ref, err)
		}
	}
}

// sample writes a segment of drops with blocks of 300 rows of 18 sensors.
func sample(tb testing.TB, drops, blocks int) (string, []Ref) {
	tb.Helper()
	dir := tb.TempDir()
	w, err := Create(dir, "sample.seg")
	if err != nil {
		tb.Fatal(err)
	}
	defer w.Abort()
	var refs []Ref
	for d := range drops {
		for b := range blocks {
			ref, err := w.Block("pump-7", int64(b)*int64(Slot), []Group{sampleGroup(int64(b)*int64(Slot), 300, 18)})
			if err != nil {
				tb.Fatal(err)
			}
			refs = append(refs, ref)
		}
		if err := w.Drop(fmt.Appendf(nil, `{"Name":"drop-%d.csv"}`, d)); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(dir, "sample.seg"), refs
}

func sampleGroup(slot int64, rows, sensors int) Group {
	var g Group
	for i := range rows {
		g.Times = append(g.Times, slot+int64(i+1)*int64(Slot)/int64(rows))
		g.Lines = append(g.Lines, int64(i+2))
	}
	for s := range sensors {
		g.Sensors = append(g.Sensors, fmt.Sprintf("sensor%02d", s))
		v := make([]float64, rows)
		for i := range v {
			v[i] = math.Round((20+float64(s)+math.Sin(float64(i*s)/17))*1000) / 1000
		}
		g.Values = append(g.Values, v)
	}
	return g
}
