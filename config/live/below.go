package live

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"millwright/config"
	"millwright/ingest/take"
)

const (
	mostFolders = 2000 // that are looked at below a drop folder
	mostNamed   = 3    // that are named of those with the same trouble
	deepest     = 8    // folders below a drop folder, as the agent looks for files
)

// trouble is what is wrong with some folders below a drop folder.
type trouble struct {
	key, problem, remedy string
	warning              bool
	folders              []string
}

// below is a walk through the folders of components.
type below struct {
	report  *Report
	key     string // of the drop folder in the file
	drop    *config.Drop
	files   take.Folder
	skipped []string
	found   []*trouble
	looked  int
}

// below looks at the folders below a drop folder: one for each component, as a
// rule, made by other programs with rights of their own.
func (r *Report) below(ctx context.Context, i int, d *config.Drop) {
	rule, err := take.ParseComponent(d.Component)
	if err != nil {
		return // a fault of the file
	}
	b := &below{report: r, key: fmt.Sprintf("drops[%d]", i), drop: d, files: take.Folder{Path: d.Path, Include: d.Include, Component: rule}, skipped: []string{r.cfg.StateDir, d.Archive.Dir}}
	for o := range r.cfg.Drops {
		if o != i {
			b.skipped = append(b.skipped, r.cfg.Drops[o].Path)
		}
	}
	b.folder(ctx, ".", 0)
	for _, t := range b.found {
		names := strings.Join(t.folders[:min(len(t.folders), mostNamed)], ", ")
		if n := len(t.folders) - mostNamed; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		say := r.fault
		if t.warning {
			say = r.warn
		}
		say(t.key, names+": "+t.problem, t.remedy)
	}
}

func (b *below) add(t trouble, folder string) {
	at := slices.IndexFunc(b.found, func(o *trouble) bool { return o.key == t.key && o.problem == t.problem })
	if at < 0 {
		b.found, at = append(b.found, &t), len(b.found)
	}
	b.found[at].folders = append(b.found[at].folders, folder)
}

// folder looks at the folder at name, a path below the drop folder.
func (b *below) folder(ctx context.Context, name string, depth int) {
	path := filepath.Join(b.drop.Path, name)
	if b.looked++; b.looked > mostFolders || ctx.Err() != nil || depth > 0 && slices.Contains(b.skipped, path) {
		return
	}
	entries, err := os.ReadDir(path)
	if depth > 0 {
		if err != nil {
			b.add(trouble{key: b.key + ".path", problem: "cannot be listed: " + cause(err), remedy: "give the agent's user the rights r and x on it"}, path)
			return
		}
		if b.drop.After != config.Keep && unix.Access(path, unix.W_OK|unix.X_OK) != nil {
			b.add(trouble{key: b.key + ".after", problem: "files cannot be taken away from there", remedy: "give the agent's user the right w on it, or use after: keep"}, path)
		}
	}
	judged := false
	for _, e := range entries {
		at := filepath.Join(name, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir() && depth < deepest:
			b.folder(ctx, at, depth+1)
		case e.Type()&fs.ModeSymlink != 0:
			if st, err := os.Stat(filepath.Join(b.drop.Path, at)); err == nil && st.IsDir() {
				b.add(trouble{key: b.key + ".path", problem: "links to folders are not followed", remedy: "name the folders themselves in drops", warning: true}, filepath.Join(b.drop.Path, at))
			}
		case e.Type().IsRegular() && !judged && b.files.Includes(at):
			judged = b.files.Component.Kind != take.ByFile
			b.component(at, path)
		}
	}
}

// component holds a file's component against those of the schedulers.
func (b *below) component(file, folder string) {
	name, err := b.files.ComponentOf(file)
	switch {
	case err != nil:
		b.add(trouble{key: b.key + ".component", problem: err.Error(), remedy: "until then its files are refused", warning: true}, folder)
	case name == "": // its columns tell
	case !slices.ContainsFunc(b.report.cfg.Schedulers, func(s config.Scheduler) bool { return slices.Contains(s.Components, name) }):
		b.add(trouble{key: b.key + ".component", problem: fmt.Sprintf("no scheduler has the component %q: its files are refused", name), remedy: "add it to a scheduler's components, or correct drops.component", warning: true}, folder)
	}
}
