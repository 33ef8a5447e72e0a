// Package validate looks into sensor files as taking them would and says what
// is wrong with them, how good each sensor is, and what every wake-up of a
// scheduler would see of them. It writes nothing and sends nothing.
package validate

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"millwright/config"
	"millwright/internal/sensorstat"
	"millwright/internal/window"
)

// Arrival says when a file is taken to be there. The settle time of its drop
// folder is added to all of them.
type Arrival struct {
	ModTime bool          // when it was last modified
	After   time.Duration // else so long after its last row
}

// ParseArrival reads mtime or +DURATION.
func ParseArrival(s string) (Arrival, error) {
	if s == "" {
		return Arrival{}, nil
	}
	if s == "mtime" {
		return Arrival{ModTime: true}, nil
	}
	d, err := time.ParseDuration(strings.TrimPrefix(s, "+"))
	if !strings.HasPrefix(s, "+") || err != nil || d < 0 {
		return Arrival{}, fmt.Errorf("read the arrival %q: use mtime, or a time after the last row such as +90s or +5m", s)
	}
	return Arrival{After: d}, nil
}

// Options of a validation. The zero value looks at files and sensors only.
type Options struct {
	Config  *config.Config // nil: everything is found out from the files, and there are no wake-ups
	Arrival Arrival
	Jobs    int         // files, or parts of one, that are read at a time; 0: one
	Read    func(int64) // told about bytes as they are read, on several goroutines; nil: nobody
	Total   func(int64) // told once how many bytes there are; nil: nobody
}

// Run looks into files and folders. Its error says that a path cannot be looked
// at at all, or that ctx has ended; whatever is wrong with a file is in the Report.
// With paths that are not there the Report is of the others, if there are any.
func Run(ctx context.Context, o Options, paths []string) (*Report, error) {
	find, err := newFinder(o.Config)
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		if err := find.path(ctx, filepath.Clean(p)); err != nil {
			return nil, err
		}
	}
	if len(find.missing) == len(paths) {
		return nil, errors.Join(find.missing...)
	}
	o.Jobs = max(1, o.Jobs)
	groups := group(find.found, &o)
	if o.Total != nil {
		n := int64(0)
		for _, in := range find.found {
			n += in.size
		}
		o.Total(n)
	}
	read(ctx, groups, &o)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r := &Report{Files: []*File{}, Components: []Component{}, Notes: append([]string{}, find.notes...)}
	parts := map[string]*part{}
	shared := newSame()
	for _, g := range groups {
		for _, f := range g.files {
			f.Columns = shared.columns(f.Columns)
		}
		r.Files = append(r.Files, g.files...)
		for _, p := range g.parts {
			parts[p.name] = p
			r.Components = append(r.Components, p.component())
		}
	}
	slices.SortStableFunc(r.Files, func(a, b *File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(r.Components, func(a, b Component) int { return strings.Compare(a.Name, b.Name) })
	if o.Config != nil {
		for i := range o.Config.Schedulers {
			r.Schedulers = append(r.Schedulers, wakeups(&o.Config.Schedulers[i], parts))
		}
	}
	r.conclude()
	return r, errors.Join(find.missing...)
}

// files is a group of files that are read one after the other, since they may
// speak of the same components.
type files struct {
	inputs []*input
	files  []*File
	parts  map[string]*part
	jobs   int // goroutines to read one of them
	shared same
	o      *Options
}

// part is one component as far as it was read.
type part struct {
	name   string
	set    *sensorstat.Set
	files  int
	rows   int64
	tables map[window.Label]*table // nil without a scheduler
}

func (p *part) component() Component {
	c := Component{Name: p.name, Files: p.files, Rows: p.rows, Sensors: p.set.Sensors()}
	for _, s := range c.Sensors {
		c.Quality.Add(s)
	}
	grade := map[sensorstat.Grade]int{sensorstat.Low: 0, sensorstat.Medium: 1, sensorstat.High: 2}
	slices.SortStableFunc(c.Sensors, func(a, b sensorstat.Statistics) int { return grade[a.Grade] - grade[b.Grade] })
	return c
}

// group puts files of one component together, all files where columns tell the
// component.
func group(found []*input, o *Options) []*files {
	slices.SortStableFunc(found, func(a, b *input) int { return strings.Compare(a.shown, b.shown) })
	one := slices.ContainsFunc(found, func(in *input) bool { return in.component == "" && in.why == "" })
	byName := map[string]*files{}
	var all []*files
	for _, in := range found {
		key := in.component
		if one {
			key = ""
		}
		g := byName[key]
		if g == nil {
			g = &files{parts: map[string]*part{}, shared: newSame(), o: o}
			byName[key] = g
			all = append(all, g)
		}
		g.inputs = append(g.inputs, in)
	}
	for _, g := range all {
		g.jobs = max(1, o.Jobs/len(all))
	}
	return all
}

// read reads groups beside each other.
func read(ctx context.Context, groups []*files, o *Options) {
	todo := make(chan *files)
	var workers sync.WaitGroup
	for range min(o.Jobs, len(groups)) {
		workers.Go(func() {
			for g := range todo {
				for _, in := range g.inputs {
					if ctx.Err() != nil {
						break
					}
					g.files = append(g.files, g.read(ctx, in))
				}
			}
		})
	}
	for _, g := range groups {
		todo <- g
	}
	close(todo)
	workers.Wait()
}

// part gives a component of the group.
func (g *files) part(name string) *part {
	p := g.parts[name]
	if p != nil {
		return p
	}
	p = &part{name: name, set: sensorstat.NewSet()}
	g.parts[name] = p
	if g.o.Config == nil {
		return p
	}
	for i := range g.o.Config.Schedulers {
		s := &g.o.Config.Schedulers[i]
		if slices.Contains(s.Components, name) {
			if p.tables == nil {
				p.tables = map[window.Label]*table{}
			}
			p.tables[s.Cadence().Label] = newTable()
		}
	}
	return p
}
