package validate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"millwright/config"
	"millwright/ingest/take"
	"millwright/internal/series"
)

// input is a file to look into.
type input struct {
	shown     string // as a person would write it
	dir, name string // opened below dir, with slashes
	folder    *source
	below     string // path below the drop folder, with slashes
	size      int64
	mod       time.Time
	component string // "" when its columns tell
	why       string // it is not to be taken, for this reason
}

// source is a drop folder's settings.
type source struct {
	take.Folder
	settle time.Duration // from a file's last change until it is whole
}

// maxDepth is how many folders deep below a path files are found.
const maxDepth = 8

// finder turns paths into inputs.
type finder struct {
	sources []*source
	cfg     *config.Config
	found   []*input
	seen    map[string]bool
	notes   []string
	missing []error // paths that are not there
}

func newFinder(cfg *config.Config) (*finder, error) {
	f := &finder{cfg: cfg, seen: map[string]bool{}}
	if cfg == nil {
		return f, nil
	}
	for i := range cfg.Drops {
		d := &cfg.Drops[i]
		rule, err := take.ParseComponent(d.Component)
		if err != nil {
			return nil, err // refused by the load
		}
		s := &source{Folder: take.Folder{
			Path: d.Path, Include: d.Include, Component: rule, Rename: d.CSV.Rename, CSV: d.Options(cfg.Limits),
			Complete: take.Complete{Rule: take.Rule(d.Complete.Rule), Settle: d.Complete.Settle.Duration(), Marker: d.Complete.Marker},
		}}
		if d.Complete.Rule == config.Settle && !d.Complete.Settle.None() {
			s.settle = d.Complete.Settle.Duration()
		}
		f.sources = append(f.sources, s)
	}
	return f, nil
}

// path takes a file, or a folder with all that is below it.
func (f *finder) path(ctx context.Context, name string) error {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		f.missing = append(f.missing, fmt.Errorf("%s: there is no such file or folder; correct the path", name))
		return nil
	}
	if err != nil {
		return err
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			return fmt.Errorf("read %s: it is no regular file", name)
		}
		s, below := f.source(filepath.Dir(abs))
		real, err := filepath.EvalSymlinks(abs) // named by a person: a link is meant
		if err != nil {
			return err
		}
		in := &input{shown: name, dir: filepath.Dir(real), name: filepath.Base(real), folder: s, below: path.Join(below, filepath.Base(abs)), size: info.Size(), mod: info.ModTime()}
		if f.cfg != nil && !s.Includes(in.below) {
			f.note(fmt.Sprintf("%s: its name does not match drops.include, the daemon would leave it alone", name))
		}
		f.add(in)
		return nil
	}
	s, below := f.source(abs)
	root, err := os.OpenRoot(abs)
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(at string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && at == ".":
			return err
		case err != nil:
			f.note(fmt.Sprintf("%s: %s; check the rights on it", filepath.Join(name, at), errors.Unwrap(err)))
			return nil
		case e.IsDir():
			if at != "." && (strings.HasPrefix(e.Name(), ".") || strings.Count(at, "/")+1 > maxDepth) {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular() || !s.Includes(path.Join(below, at)):
			return nil
		}
		info, err := e.Info()
		if err != nil {
			return nil // gone by now
		}
		f.add(&input{shown: filepath.Join(name, filepath.FromSlash(at)), dir: abs, name: at, folder: s, below: path.Join(below, at), size: info.Size(), mod: info.ModTime()})
		return nil
	})
}

// source gives the settings for files in dir, and where dir lies below the drop
// folder. Files that lie in no drop folder are read as if dir were the only one,
// or the first.
func (f *finder) source(dir string) (*source, string) {
	var best *source
	below := ""
	for _, s := range f.sources {
		rel, err := filepath.Rel(s.Path, dir)
		if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			continue
		}
		if best == nil || len(s.Path) > len(best.Path) {
			best, below = s, filepath.ToSlash(rel)
		}
	}
	if best != nil {
		return best, below
	}
	s := &source{Folder: take.Folder{Path: dir, Component: take.ComponentRule{Kind: take.ByFolder}, CSV: series.Options{Layout: series.Auto}}}
	if len(f.sources) > 0 {
		first := *f.sources[0]
		s = &first
		s.Path = dir
		if len(f.sources) > 1 {
			f.note(fmt.Sprintf("%s lies in no drop folder: it is read with the settings of the first, %s", dir, f.sources[0].Path))
		}
	}
	return s, ""
}

func (f *finder) add(in *input) {
	key := filepath.Join(in.dir, in.name)
	if f.seen[key] {
		return
	}
	f.seen[key] = true
	component, err := in.folder.ComponentOf(in.below)
	if in.component = component; err != nil {
		in.why = err.Error()
	}
	f.found = append(f.found, in)
}

func (f *finder) note(s string) { f.notes = append(f.notes, s) }

// open opens the file without following links out of its folder.
func (in *input) open() (*os.File, error) {
	root, err := os.OpenRoot(in.dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	defer root.Close()
	return root.Open(in.name)
}
