package backfill

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/time/rate"

	"millwright/config"
	"millwright/ingest/take"
	"millwright/internal/objstore"
	"millwright/internal/series"
)

// corpus is the training data of one scheduler: what decides its rows, and
// where it goes.
type corpus struct {
	*Backfill
	o         Options
	sum       *Summary
	job       *job
	room      *room
	files     *files
	scheduler *config.Scheduler
	place     Place
	grid      series.Grid
	spec      series.Spec
	specs     map[string]series.Spec
	step      Step  // of reading
	total     int64 // bytes to be read
}

// training makes the training data of all chosen schedulers. It needs no
// ledger: the same files give the same objects, and objects that are there
// already are not sent again, so a killed run is taken up by doing it again.
func (b *Backfill) training(ctx context.Context, o Options, sum *Summary) (err error) {
	work, err := b.corpora(o, sum)
	if err != nil {
		return err
	}
	j, err := openJob(b.cfg, o)
	if err != nil {
		return err
	}
	defer func() {
		if e := j.close(err == nil); err == nil {
			err = e
		}
	}()
	if err := j.clear(); err != nil { // what a killed run left
		return err
	}
	if o.RateLimit > 0 {
		l := rate.NewLimiter(rate.Limit(o.RateLimit), int(max(o.RateLimit/4, 16<<10)))
		ctx = objstore.WithLimit(ctx, l.WaitN)
	}
	space, err := newRoom(ctx, b.cfg, j.dir)
	if err != nil {
		return err
	}
	for i, c := range work {
		c.job, c.room = j, space
		wanted := map[string]bool{}
		for _, name := range c.scheduler.Components {
			wanted[name] = true
		}
		about := sum
		if i > 0 { // the same files again, for another scheduler: their faults are told
			about = &Summary{}
		}
		if c.files, err = b.find(ctx, o, wanted, about); err != nil {
			return err
		}
		if err := c.files.late(b.cfg.StateDir, o.Component); err != nil {
			return err
		}
		if err := c.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// corpora are the schedulers of the command with their places.
func (b *Backfill) corpora(o Options, sum *Summary) ([]*corpus, error) {
	var out []*corpus
	owner := map[string]string{}
	for _, s := range b.chosen(o) {
		p := Place{s.Training.Bucket, s.Training.Prefix}
		if o.Dest != nil {
			p = *o.Dest
		}
		if p.Bucket == "" {
			if o.Scheduler != "" {
				return nil, fmt.Errorf("%w: the scheduler %s has no training.bucket: add it, or give --dest s3://bucket/prefix/", ErrConfig, s.Name)
			}
			sum.note("the scheduler %s has no training.bucket: no training data is made for it", s.Name)
			continue
		}
		for _, c := range s.Components {
			key := p.Bucket + "\x00" + p.Prefix + c
			if other, taken := owner[key]; taken {
				return nil, usage("the schedulers %s and %s would write the same training data of %s: choose one with --scheduler", other, s.Name, c)
			}
			owner[key] = s.Name
		}
		out = append(out, &corpus{
			Backfill: b, o: o, sum: sum, scheduler: s, place: p, grid: s.Grid(), spec: s.Resample.Spec(), specs: s.Resample.Specs(),
		})
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: no scheduler has a training.bucket: add it, or give --dest s3://bucket/prefix/", ErrConfig)
	}
	return out, nil
}

// source is a file of training data with what its beginning tells.
type source struct {
	*file
	long    bool
	names   []string
	columns []take.Column // beside names; those of no wanted component are empty
	first   int64         // its first row, Unix ns
	report  series.Report // of the last reading
}

// run reads the files group by group and sends what becomes of them.
func (c *corpus) run(ctx context.Context) error {
	c.step = c.Progress.Step("read files for "+c.scheduler.Name, UnitBytes, c.files.bytes)
	defer c.step.Done()
	c.total = c.files.bytes
	var sources []*source
	for i := range c.files.list {
		x := &c.files.list[i]
		if c.scheduler.Late.OnConflict == config.Last {
			x.rank = -x.rank // what comes first wins
		}
		s, err := c.peek(ctx, x)
		if err != nil {
			return err
		}
		if s != nil {
			sources = append(sources, s)
		} else {
			c.step.Add(x.size)
		}
	}
	for _, g := range c.groups(sources) {
		if err := g.run(ctx); err != nil {
			return err
		}
	}
	return nil
}

// peek reads the beginning of a file; nil when nothing of it can be used, which
// the summary says.
func (c *corpus) peek(ctx context.Context, x *file) (*source, error) {
	s := &source{file: x}
	refuse := func(state, reason string) (*source, error) {
		c.sum.Files = append(c.sum.Files, File{Path: c.files.path(x), Component: x.component, State: state, Reason: reason})
		return nil, nil
	}
	err := c.open(x, 0, silent{}, func(r *series.Reader, _ *io.SectionReader) error {
		b, err := r.Next()
		if err != nil {
			return err
		}
		s.long, s.names, s.first = b.Sensor != nil, slices.Clone(r.Names()), oldest(b.Times)
		return ctx.Err()
	})
	switch why, empty := hopeless(err); {
	case why != "" && empty:
		return refuse(read, why)
	case why != "":
		return refuse(unusable, why)
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", c.files.path(x), err)
	}
	if s.columns, err = c.columns(x, s.names); err != nil {
		return refuse(refused, err.Error())
	}
	if !s.long && !slices.ContainsFunc(s.columns, func(c take.Column) bool { return c.Component != "" }) {
		return refuse(skipped, "none of its columns is of a component of this command")
	}
	return s, nil
}

// columns gives the meaning of a file's names, without those that are not wanted.
func (c *corpus) columns(x *file, names []string) ([]take.Column, error) {
	columns, err := c.files.folders[x.folder].Columns(x.component, names)
	for i := range columns {
		if !c.files.wanted[columns[i].Component] {
			columns[i] = take.Column{}
		}
	}
	return columns, err
}

// account puts what a reading met into the summary.
func (c *corpus) account(s *source) {
	r := &s.report
	f := File{Path: c.files.path(s.file), Component: s.component, State: read, Reason: r.Damage, Rows: Rows{
		Read: r.Rows, Bad: r.Bad[series.BadStamp] + r.Bad[series.GapStamp] + r.Bad[series.BadRow],
		Ambiguous: r.Bad[series.Ambiguous], BadCells: r.Bad[series.BadCell],
	}}
	if r.Damage != "" {
		f.State = unusable
	}
	for _, x := range r.Faults {
		f.Faults = append(f.Faults, Fault{Line: x.Line, Column: x.Column, Reason: x.Reason, Text: x.Text})
	}
	c.sum.Files = append(c.sum.Files, f)
	c.sum.Rows.add(f.Rows)
}

func (c *corpus) specOf(sensor string) series.Spec {
	if spec, ok := c.specs[sensor]; ok {
		return spec
	}
	return c.spec
}

// order is how columns stand in a component's objects (ruling 3).
func (c *corpus) order(component string, sensors []string) []string {
	if schema := c.scheduler.Schema[component]; len(schema) > 0 {
		return schema
	}
	slices.SortFunc(sensors, strings.Compare)
	return slices.Compact(sensors)
}
