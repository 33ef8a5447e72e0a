package take

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"go.uber.org/zap"

	"millwright/internal/atomicfile"
	"millwright/internal/drop"
)

// Candidate is a settled file that was not taken as it is.
type Candidate struct {
	Folder    string // the drop folder, absolute
	Name      string // path below the folder, with slashes
	Component string // "" when its columns tell, or when it has none and will be refused
	Size      int64
	ModTime   time.Time

	folder *Folder
	still  bool  // its end is believed although there is no newline
	seen   bool  // something was taken from this path before
	refuse error // it has no component
}

// Listing is what one pass over all folders found.
type Listing struct {
	Candidates []Candidate // settled and not taken yet, oldest first, then by name
	Files      int         // that match the patterns
	Unsettled  int         // files that are not whole yet, or wait for another try
	Faults     []Fault     // folders and files that cannot be read
	Next       time.Time   // real time: no listing is worth it before, but for a hint
	Took       time.Duration
}

// Fault is a folder or a file that cannot be read now. It is tried again.
type Fault struct {
	Folder string // the drop folder
	Name   string // path below it, "" for the folder itself
	Err    error
}

// maxDepth is how many folders deep below a drop folder files are found.
const maxDepth = 8

// List looks at every folder once. The listing is the truth; events only say
// when it is worth looking.
func (t *Taker) List(ctx context.Context) (Listing, error) {
	if err := t.load(ctx); err != nil {
		return Listing{}, err
	}
	start := t.wall()
	p := pass{t: t, now: start, again: time.Duration(1<<63 - 1)}
	t.files.begin()
	for _, f := range t.folders {
		if err := p.folder(ctx, f); err != nil {
			return Listing{}, err
		}
	}
	t.files.end()
	t.report(p.Faults)
	slices.SortFunc(p.Candidates, func(a, b Candidate) int {
		return cmp.Or(a.ModTime.Compare(b.ModTime), strings.Compare(a.Folder, b.Folder), strings.Compare(a.Name, b.Name))
	})
	p.Took = t.wall().Sub(start)
	p.Next = t.pace.next(start, p.Took, p.Unsettled > 0, p.again, t.watch.active(), len(p.Candidates) > 0)
	t.watch.listed(p.dirs, p.Took)
	return p.Listing, nil
}

// load fills the memory from the ledger, once. Files that were put away are left
// out: when one appears again, somebody wants it to be looked at.
func (t *Taker) load(ctx context.Context) error {
	if t.loaded {
		return nil
	}
	t.sweep()
	for _, f := range t.folders {
		err := t.ledger.EachSeen(ctx, f.Path, func(name string, size int64, mod time.Time, st drop.State) error {
			if st != drop.Archived && st != drop.Deleted && st != drop.Gone && st != drop.Damaged {
				t.files.done(t.files.path(f.index, name), t.files.stat(size, mod))
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("load what is known of %s: %w", f.Path, err)
		}
	}
	t.loaded = true
	return nil
}

// Forget has a file listed again as if nothing had been taken of it. It must not
// be called while List or Take runs.
func (t *Taker) Forget(folder, name string) {
	for _, f := range t.folders {
		if f.Path == folder {
			delete(t.files.known, t.files.path(f.index, name))
		}
	}
}

// sweep removes what an earlier run did not finish.
func (t *Taker) sweep() {
	for _, dir := range []string{t.dirs.Segments, t.dirs.Quarantine} {
		entries, _ := os.ReadDir(dir) // not made yet, or unreadable: then writing will say so
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), atomicfile.TempSuffix) {
				_ = os.Remove(filepath.Join(dir, e.Name())) // otherwise at the next start
			}
		}
	}
}

// pass is the work of one List.
type pass struct {
	Listing
	t     *Taker
	now   time.Time
	again time.Duration // until the first file that is not settled may be
	dirs  []string      // every folder listed, absolute
}

func (p *pass) folder(ctx context.Context, f *Folder) error {
	root, err := os.OpenRoot(f.Path)
	if err != nil {
		p.Faults = append(p.Faults, Fault{f.Path, "", fmt.Errorf("open drop folder: %w; it is tried again", err)})
		return nil
	}
	defer root.Close()
	return p.dir(ctx, f, root, "", 0)
}

// dir lists one folder. Only ctx's error ends the pass.
func (p *pass) dir(ctx context.Context, f *Folder, root *os.Root, dir string, depth int) error {
	d, err := root.OpenFile(cmp.Or(dir, "."), os.O_RDONLY|syscall.O_DIRECTORY, 0) // a pipe put in its place cannot block
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) || dir == "" {
			p.Faults = append(p.Faults, Fault{f.Path, dir, fmt.Errorf("open folder: %w", err)})
		}
		return nil
	}
	p.dirs = append(p.dirs, filepath.Join(f.Path, filepath.FromSlash(dir)))
	var below []string
	for {
		if err := ctx.Err(); err != nil {
			d.Close()
			return err
		}
		entries, err := d.ReadDir(1024)
		for _, e := range entries {
			name := path.Join(dir, e.Name())
			switch {
			case e.IsDir():
				if depth < maxDepth && !strings.HasPrefix(e.Name(), ".") && !p.skipped(f, name) {
					below = append(below, name)
				}
			case e.Type().IsRegular() && f.includes(name):
				p.file(f, root, name, e)
			}
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				p.Faults = append(p.Faults, Fault{f.Path, dir, fmt.Errorf("list folder: %w", err)})
			}
			break
		}
	}
	d.Close()
	for _, name := range below {
		if err := p.dir(ctx, f, root, name, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// skipped tells folders that are ours, or drop folders of their own.
func (p *pass) skipped(f *Folder, name string) bool {
	dir := filepath.Join(f.Path, filepath.FromSlash(name))
	return slices.ContainsFunc(p.t.dirs.Skip, func(s string) bool { return filepath.Clean(s) == dir }) ||
		slices.ContainsFunc(p.t.folders, func(o *Folder) bool { return filepath.Clean(o.Path) == dir })
}

func (p *pass) file(f *Folder, root *os.Root, name string, e fs.DirEntry) {
	info, err := e.Info()
	if err != nil || !info.Mode().IsRegular() {
		return // gone, or another thing by now
	}
	p.Files++
	files := p.t.files
	key, stat := files.path(f.index, name), files.stat(info.Size(), info.ModTime())
	same, seen := files.has(key, stat)
	if same {
		return
	}
	w, g := files.look(key, stat, p.now, info.ModTime())
	ok, again := f.Complete.settled(g)
	switch f.Complete.Rule {
	case Rename:
		ok = true
	case Marker:
		m, err := root.Lstat(name + f.Complete.Marker)
		ok, again = err == nil && m.Mode().IsRegular(), eager
	}
	still, stillAgain := f.Complete.stillAt(g)
	switch {
	case w.hold == holdStill && !still:
		ok, again = false, stillAgain
	case w.hold == holdRetry && p.now.Before(w.retry):
		ok, again = false, w.retry.Sub(p.now)
	}
	if w.err != nil {
		p.Faults = append(p.Faults, Fault{f.Path, name, w.err})
	} else if busy := p.now.Sub(w.first); !ok && w.hold == holdNothing && f.Complete.Rule == Settle && busy > restless {
		p.Faults = append(p.Faults, Fault{f.Path, name, fmt.Errorf("it is not taken: it never rests for %s (drops.complete.settle), for %s by now; choose a shorter settle time or another rule", f.Complete.Settle, busy.Truncate(restless))})
	}
	if !ok {
		p.Unsettled++
		p.again = min(p.again, again)
		return
	}
	c := Candidate{Folder: f.Path, Name: name, Size: info.Size(), ModTime: info.ModTime(), folder: f, still: still, seen: seen}
	c.Component, c.refuse = f.Component.ofFile(f.Path, name)
	p.Candidates = append(p.Candidates, c)
}

// fault is a Fault that was said.
type fault struct {
	text string
	seen bool
}

// report logs faults when they begin, change and end.
func (t *Taker) report(now []Fault) {
	for k, v := range t.faults {
		v.seen = false
		t.faults[k] = v
	}
	for _, f := range now {
		where := filepath.Join(f.Folder, filepath.FromSlash(f.Name))
		if t.faults[where].text != f.Err.Error() {
			t.log.Warn("drops cannot be read", zap.String("path", where), zap.Error(f.Err))
		}
		t.faults[where] = fault{f.Err.Error(), true}
	}
	for k, v := range t.faults {
		if !v.seen {
			t.log.Info("drops can be read again", zap.String("path", k))
			delete(t.faults, k)
		}
	}
}
