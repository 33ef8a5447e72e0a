package backfill

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"millwright/config"
	"millwright/ingest/take"
	"millwright/internal/series"
)

// file is one file to be read.
type file struct {
	folder    int    // index into files.folders
	name      string // path below it, with slashes
	component string // "" when its columns tell
	size      int64
	mod       time.Time
	rank      int // order on the command line; late rows come last
}

// files are what the paths of a command stand for, in their order.
type files struct {
	folders []take.Folder
	list    []file
	bytes   int64
	wanted  map[string]bool // components
	known   map[string]bool // components of any scheduler

	own  []string // folders that are skipped below others: state_dir and the archives
	seen map[string]bool
	sum  *Summary
}

func (f *files) path(x *file) string {
	return filepath.Join(f.folders[x.folder].Path, filepath.FromSlash(x.name))
}

// find lists the files of a command for the wanted components.
func (b *Backfill) find(ctx context.Context, o Options, wanted map[string]bool, sum *Summary) (*files, error) {
	f := &files{wanted: wanted, known: map[string]bool{}, own: []string{b.cfg.StateDir}, seen: map[string]bool{}, sum: sum}
	for _, s := range b.streams {
		f.known[s.Component] = true
	}
	for i := range b.cfg.Drops {
		d := &b.cfg.Drops[i]
		folder, err := dropFolder(d, b.cfg.Limits, o.Component)
		if err != nil {
			return nil, err
		}
		f.folders = append(f.folders, folder)
		f.own = append(f.own, d.Archive.Dir)
	}
	for _, p := range o.Paths {
		if err := f.add(ctx, p); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// dropFolder resolves a drop folder's settings.
func dropFolder(d *config.Drop, limits config.Limits, component string) (take.Folder, error) {
	rule, err := take.ParseComponent(d.Component)
	if component != "" {
		rule, err = take.ParseComponent(component)
		if err == nil && rule.Kind != take.ByName {
			err = fmt.Errorf("%q is no component's name", component)
		}
		if err != nil {
			err = usage("--component: %s", err)
		}
	}
	return take.Folder{Path: d.Path, Include: d.Include, Component: rule, Rename: d.CSV.Rename, CSV: d.Options(limits)}, err
}

// add adds what one path stands for.
func (f *files) add(ctx context.Context, p string) error {
	abs, err := filepath.Abs(p)
	if err != nil {
		return fmt.Errorf("find %s: %w", p, err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: there is no such file or folder; correct the path", p)
	case err != nil:
		return fmt.Errorf("look at %s: %w", p, err)
	case !info.IsDir() && !info.Mode().IsRegular():
		return usage("%s: it is neither a file nor a folder", p)
	}
	folder, name := f.place(abs)
	if folder < 0 { // links that the user names are followed
		if abs, err = filepath.EvalSymlinks(abs); err != nil {
			return fmt.Errorf("look at %s: %w", p, err)
		}
		if folder, name = f.place(abs); folder < 0 {
			folder, name = f.outside(abs, info.IsDir())
		}
	}
	root, err := os.OpenRoot(f.folders[folder].Path)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	if !info.IsDir() {
		return f.file(root, folder, name)
	}
	return f.walk(ctx, root, folder, name)
}

// place finds the drop folder that holds a path: the deepest one.
func (f *files) place(abs string) (folder int, name string) {
	folder = -1
	for i := range f.folders {
		rel, err := filepath.Rel(f.folders[i].Path, abs)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") {
			continue
		}
		if folder < 0 || len(f.folders[i].Path) > len(f.folders[folder].Path) {
			folder, name = i, filepath.ToSlash(rel)
		}
	}
	return folder, name
}

// outside treats a path that lies in no drop folder by the settings of the first.
func (f *files) outside(abs string, dir bool) (folder int, name string) {
	like := f.folders[0]
	name = "."
	if like.Path = abs; !dir {
		like.Path, name = filepath.Dir(abs), filepath.Base(abs)
	}
	f.sum.note("%s lies in no drop folder: it is read by the settings of the first one, %s", abs, f.folders[0].Path)
	f.folders = append(f.folders, like)
	return len(f.folders) - 1, name
}

// walk adds the files below a folder in the order of their names.
func (f *files) walk(ctx context.Context, root *os.Root, folder int, start string) error {
	return fs.WalkDir(root.FS(), start, func(name string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("list %s: %w", filepath.Join(root.Name(), name), err)
		case e.IsDir():
			own := slices.Contains(f.own, filepath.Join(root.Name(), filepath.FromSlash(name)))
			if name != start && (own || strings.HasPrefix(path.Base(name), ".")) {
				return fs.SkipDir
			}
			return nil
		case e.Type().IsRegular() && f.folders[folder].Includes(name):
			return f.file(root, folder, name)
		}
		return nil
	})
}

// file adds a file unless it is of another component.
func (f *files) file(root *os.Root, folder int, name string) error {
	info, err := root.Lstat(name)
	if err != nil {
		return fmt.Errorf("look at file: %w", err)
	}
	x := file{folder: folder, name: name, size: info.Size(), mod: info.ModTime(), rank: len(f.list)}
	full := f.path(&x)
	if f.seen[full] || !info.Mode().IsRegular() {
		return nil
	}
	f.seen[full] = true
	x.component, err = f.folders[folder].ComponentOf(name)
	out := File{Path: full, Component: x.component, State: refused}
	switch {
	case err != nil:
		out.Reason = err.Error() + "; or give --component"
	case x.component == "" || f.wanted[x.component]:
		f.list, f.bytes = append(f.list, x), f.bytes+x.size
		return nil
	case f.known[x.component]:
		out.State, out.Reason = skipped, "its component is not one of this command's"
	default:
		out.Reason = fmt.Sprintf("no scheduler has the component %q: add it to a scheduler's components, correct the component rule or give --component", x.component)
	}
	f.sum.Skipped = append(f.sum.Skipped, out)
	return nil
}

// late adds the rows that the daemon took too late for their window: those of
// only, or of all wanted components.
func (f *files) late(stateDir, only string) error {
	components := make([]string, 0, len(f.wanted))
	for c := range f.wanted {
		if only == "" || c == only {
			components = append(components, c)
		}
	}
	slices.Sort(components)
	for _, c := range components {
		dir := filepath.Join(stateDir, "late", c)
		names, err := filepath.Glob(filepath.Join(globEscape(dir), "*.csv"))
		if err != nil {
			return fmt.Errorf("list %s: %w", dir, err)
		}
		if len(names) == 0 {
			continue
		}
		root, err := os.OpenRoot(dir)
		if err != nil {
			return fmt.Errorf("open folder: %w", err)
		}
		f.folders = append(f.folders, take.Folder{
			Path: dir, Component: take.ComponentRule{Kind: take.ByName, Name: c},
			CSV: series.Options{Delimiter: ",", Decimal: ".", Encoding: "utf-8", TimestampFormat: "iso", Layout: series.Long, MaxBytes: -1},
		})
		for _, name := range names {
			if err := f.file(root, len(f.folders)-1, filepath.Base(name)); err != nil {
				_ = root.Close()
				return err
			}
		}
		_ = root.Close()
	}
	return nil
}

func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(s)
}
