package seal

import (
	"cmp"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/internal/drop"
	"millwright/internal/segment"
	"millwright/internal/series"
	"millwright/internal/shelf"
	"millwright/internal/window"
)

// row is a line of a wide drop; NaN is an empty cell.
type row struct {
	at     int64 // Unix ns
	values []float64
}

// file is a drop as the tests write it. Line 1 is its header.
type file struct {
	path      string
	component string
	sensors   []string
	rows      []row
	long      bool // a group per sensor
}

// fataler is what the rig needs of *testing.T and *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// rig is a plant with a sealer: drops are taken, windows uploaded, time moves.
type rig struct {
	t       fataler
	dir     string
	book    book
	streams []Stream
	sealer  *Sealer
	now     time.Time
	wait    Waiting
	objects map[string][]byte // the bucket, by bucket/key
	puts    map[string]int
	room    int64 // bytes on the shelf, 0 for none
	shelf   *shelf.Shelf
	offered []window.Sealed
	derived int
	taken   []file
	seg     int
}

func newRig(t fataler, dir string, b book, now time.Time, streams ...Stream) *rig {
	t.Helper()
	r := &rig{t: t, dir: dir, book: b, streams: streams, now: now, objects: map[string][]byte{}, puts: map[string]int{}}
	r.wait.ClockSettled = true
	if err := os.MkdirAll(r.dirs().Segments, 0o750); err != nil {
		t.Fatal(err)
	}
	r.restart()
	return r
}

func (r *rig) dirs() Dirs {
	return Dirs{State: r.dir, Segments: filepath.Join(r.dir, "spool", "segments"), Windows: filepath.Join(r.dir, "spool", "windows")}
}

// restart is what a crash is followed by: what is in memory is gone.
func (r *rig) restart() {
	r.t.Helper()
	if r.shelf = nil; r.room > 0 {
		r.shelf = shelf.New(r.room)
	}
	r.sealer = New(r.streams, r.book, r.dirs(), Settings{
		Shelf: r.shelf, Sealed: func(w []window.Sealed) { r.offered = append(r.offered, w...) },
	}, zap.NewNop())
	if err := r.sealer.Load(bg, r.now); err != nil {
		r.t.Fatal(err)
	}
}

// take makes drops taken, all in one segment, and returns their IDs.
func (r *rig) take(files ...file) []int64 {
	r.t.Helper()
	refs := r.commit(files...)
	r.sealer.Took(refs, r.now)
	var ids []int64
	for _, ref := range refs {
		ids = append(ids, ref.Drop)
	}
	return slices.Compact(ids)
}

// commit is take without telling the sealer, as before a crash.
func (r *rig) commit(files ...file) []segment.Ref {
	r.t.Helper()
	r.seg++
	w, err := segment.Create(r.dirs().Segments, fmt.Sprintf("%06d.seg", r.seg))
	if err != nil {
		r.t.Fatal(err)
	}
	var batch []drop.Taking
	for _, f := range files {
		batch = append(batch, r.write(w, f))
	}
	if err := w.Close(); err != nil {
		r.t.Fatal(err)
	}
	drops, err := r.book.CommitTaken(bg, batch)
	if err != nil {
		r.t.Fatal(err)
	}
	r.taken = append(r.taken, files...)
	var refs []segment.Ref
	for i, b := range batch {
		for _, ref := range b.Blocks {
			ref.Drop = drops[i].ID
			refs = append(refs, ref)
		}
	}
	return refs
}

func (r *rig) write(w *segment.Writer, f file) drop.Taking {
	r.t.Helper()
	d := drop.Taking{Drop: drop.Drop{
		Folder: "/srv/drop", Name: f.path, Component: f.component, State: drop.Taken, TakenAt: r.now, Segment: w.Name(),
		Identity: sha256.Sum256(fmt.Append(nil, f.path, f.rows, r.seg)), Counts: drop.Counts{Rows: f.count()},
	}}
	latest := map[string]int64{}
	bySlot := map[int64][]int{}
	for i, x := range f.rows {
		bySlot[segment.SlotOf(x.at)] = append(bySlot[segment.SlotOf(x.at)], i)
		for _, name := range f.sensors {
			latest[name] = max(latest[name], x.at)
		}
	}
	for _, slot := range sortedKeys(bySlot) {
		if groups := f.groups(bySlot[slot]); len(groups) > 0 {
			ref, err := w.Block(f.component, slot, groups)
			if err != nil {
				r.t.Fatal(err)
			}
			d.Blocks = append(d.Blocks, ref)
		}
	}
	if err := w.Drop([]byte("{}")); err != nil {
		r.t.Fatal(err)
	}
	d.Latest = map[string]map[string]int64{f.component: latest}
	return d
}

// count is the number of rows as a segment counts them.
func (f file) count() (n int64) {
	for _, x := range f.rows {
		if !f.long {
			n++
			continue
		}
		for _, v := range x.values {
			if v == v {
				n++
			}
		}
	}
	return n
}

func (f file) groups(rows []int) []segment.Group {
	if !f.long {
		g := segment.Group{Sensors: f.sensors, Values: make([][]float64, len(f.sensors))}
		for _, i := range rows {
			g.Times, g.Lines = append(g.Times, f.rows[i].at), append(g.Lines, int64(i)+2)
			for k := range f.sensors {
				g.Values[k] = append(g.Values[k], f.rows[i].values[k])
			}
		}
		return []segment.Group{g}
	}
	var out []segment.Group
	for k, name := range f.sensors {
		g := segment.Group{Sensors: []string{name}, Values: make([][]float64, 1)}
		for _, i := range rows {
			if v := f.rows[i].values[k]; v == v {
				g.Times, g.Lines = append(g.Times, f.rows[i].at), append(g.Lines, int64(i)+2)
				g.Values[0] = append(g.Values[0], v)
			}
		}
		if len(g.Times) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (r *rig) seal() int {
	r.t.Helper()
	n, err := r.sealer.Seal(bg, r.now, r.wait)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) close() int {
	r.t.Helper()
	n, err := r.sealer.Close(bg, r.now)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

// upload puts everything pending into the bucket and says that it is verified.
// What is neither on the shelf nor in a file is asked for.
func (r *rig) upload() {
	r.t.Helper()
	pending, err := r.book.Pending(bg, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, w := range pending {
		body, ok := r.content(w)
		if !ok {
			if err := r.sealer.Derive(bg, w, "gone"); err != nil {
				r.t.Fatal(err)
			}
			r.derived++
			continue
		}
		if sha256.Sum256(body) != w.SHA256 || w.MD5 != md5.Sum(body) && (w.Path != "" || w.MD5 != [md5.Size]byte{}) || int64(len(body)) != w.Size {
			r.t.Fatalf("%s is not what its record says", w.Path)
		}
		r.objects[w.Bucket+"/"+w.Key] = body
		r.puts[w.Bucket+"/"+w.Key]++
		err = r.book.Uploaded(bg, []window.Result{{ID: w.ID, Generation: w.Generation, Verified: true, At: r.now}})
		if err != nil {
			r.t.Fatal(err)
		}
		r.shelf.Remove(w.ID, w.Generation, true)
	}
}

// content is a window's CSV, as an uploader finds it.
func (r *rig) content(w window.Sealed) ([]byte, bool) {
	r.t.Helper()
	if body := r.shelf.Get(w.ID, w.Generation); body != nil {
		return slices.Clone(body), true
	}
	if w.Path == "" {
		return nil, false
	}
	body, err := os.ReadFile(w.Path)
	if err != nil {
		r.t.Fatal(err)
	}
	return body, true
}

// at moves time and does a pass, as the agent does.
func (r *rig) at(t time.Time) {
	r.t.Helper()
	r.now = t
	r.seal()
	r.upload()
	r.close()
}

func (r *rig) record(scheduler, component string, start int64) window.Record {
	r.t.Helper()
	rec, ok, err := r.book.Window(bg, window.ID{Scheduler: scheduler, Component: component, Start: start})
	if err != nil {
		r.t.Fatal(err)
	}
	if !ok {
		r.t.Fatalf("window %s of %s has no record", time.Unix(0, start).UTC().Format(time.RFC3339), component)
	}
	return rec
}

func (r *rig) has(scheduler, component string, start int64) bool {
	_, ok, err := r.book.Window(bg, window.ID{Scheduler: scheduler, Component: component, Start: start})
	return err == nil && ok
}

// csv is the newest generation of a window, on the shelf or in the spool.
func (r *rig) csv(scheduler, component string, start int64) string {
	r.t.Helper()
	body, ok := r.content(r.record(scheduler, component, start).Sealed)
	if !ok {
		r.t.Fatal("it is not at hand")
	}
	return string(body)
}

// text is the content of a file below the state folder, "" for none.
func (r *rig) text(name string) string {
	r.t.Helper()
	body, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(name)))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	return string(body)
}

// files lists what lies below a folder.
func (r *rig) files(name string) (out []string) {
	r.t.Helper()
	root := filepath.Join(r.dir, filepath.FromSlash(name))
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			rel, _ := filepath.Rel(root, path)
			out = append(out, rel)
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *rig) drop(id int64) drop.Drop {
	r.t.Helper()
	d, ok, err := r.book.Drop(bg, id)
	if err != nil || !ok {
		r.t.Fatalf("drop %d: %v, %v", id, ok, err)
	}
	return d
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	var keys []K
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var nan = math.NaN()

// minute data: five-minute windows, two minutes' offset, half a minute's margin.
func stream(change ...func(*Stream)) Stream {
	s := Stream{
		Scheduler: "s", Component: "pump", Bucket: "plant",
		Cadence:    window.Cadence{Frequency: 5 * time.Minute, Delay: 2 * time.Minute, Margin: 30 * time.Second, Rate: time.Minute},
		Naming:     window.Naming{Prefix: "in/", Delimiter: "_"},
		Spec:       series.Spec{},
		OverdueMax: 72 * time.Hour,
	}
	for _, f := range change {
		f(&s)
	}
	return s
}

func clock(t testing.TB, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05.999999999", "2026-01-05 "+s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func ns(t testing.TB, s string) int64 { t.Helper(); return clock(t, s).UnixNano() }

// rows makes rows every step from after from to to, v counting up from first.
func rowsOf(from, to time.Time, step time.Duration, sensors int, first float64) []row {
	var out []row
	for t := from.Add(step); !t.After(to); t = t.Add(step) {
		x := row{at: t.UnixNano()}
		for range sensors {
			x.values = append(x.values, first)
			first++
		}
		out = append(out, x)
	}
	return out
}
