package validate

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"millwright/internal/sensorstat"
	"millwright/internal/series"
)

// reading is the work on one file.
type reading struct {
	g        *files
	in       *input
	out      *File
	long     bool
	naming   naming
	names    func() []string // of the Reader
	columns  []string        // of the file, with the stamp
	parts    []*partRows
	interval sensorstat.Interval
	bad      map[string]int64 // cells that are no number, by raw name
	refused  string
	born     time.Time // of the file; zero for not known
	mask     []bool
	first    []int64 // stamps of the first tag, for the interval
}

// partRows is one component's share of a file.
type partRows struct {
	*part
	rows   *sensorstat.Rows
	at     []int // wide layout: its columns
	counts []*counter
	used   int64
}

// read looks into one file. What is wrong with it is in the File.
func (g *files) read(ctx context.Context, in *input) *File {
	r := &reading{g: g, in: in, bad: map[string]int64{}, out: &File{Path: in.shown, Size: in.size, State: Usable, Components: []string{}}}
	if in.why != "" {
		r.out.State, r.out.Why = Refused, in.why
		return r.out
	}
	file, err := in.open()
	if err != nil {
		r.out.State, r.out.Why = Unreadable, err.Error()
		return r.out
	}
	defer file.Close()
	if g.o.Arrival.ModTime {
		r.born = birth(file)
	}
	rep, err := r.scan(ctx, io.NewSectionReader(counted{file, g.o.Read}, 0, in.size))
	r.finish(rep, err)
	return r.out
}

// manyFaults is the size, in bytes, beyond which a file is read without asking
// for every single fault: it can be read on several goroutines then.
const manyFaults = 2 << 20

func (r *reading) scan(ctx context.Context, in *io.SectionReader) (series.Report, error) {
	o := r.in.folder.CSV
	o.ModTime = r.in.mod
	if r.in.size <= manyFaults {
		o.OnFault = r.fault
	}
	rep, err := series.Scan(ctx, in, o, r.g.jobs, r.begin)
	if err != nil || o.OnFault != nil || rep.Bad[series.BadCell] == 0 {
		return rep, err
	}
	if total(rep.Bad) == int64(len(rep.Faults)) {
		for _, f := range rep.Faults {
			r.fault(f)
		}
		return rep, nil
	}
	// There are more than a report keeps: their columns are counted in a second pass.
	o.OnFault = r.fault
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return rep, err
	}
	_, err = series.Scan(ctx, in, o, 1, func(*series.Reader) (func(*series.Batch) error, error) {
		return func(*series.Batch) error { return nil }, nil
	})
	return rep, err
}

func (r *reading) fault(f series.Fault) {
	if f.Kind == series.BadCell {
		r.bad[f.Column]++
	}
}

// begin is called before the first row.
func (r *reading) begin(rd *series.Reader) (func(*series.Batch) error, error) {
	d := rd.Dialect()
	r.out.Dialect, r.names, r.columns, r.long = d.String(), rd.Names, d.Columns, d.Layout == series.Long
	if !r.long {
		r.name(rd.Names())
	}
	return r.add, nil
}

// name maps the file's names, again when there are more of them.
func (r *reading) name(raw []string) {
	r.naming = newNaming(r.in.folder, r.in.component, raw)
	for _, c := range r.naming.columns {
		if c.Component != "" && !slices.ContainsFunc(r.parts, func(p *partRows) bool { return p.name == c.Component }) {
			r.parts = append(r.parts, r.part(c.Component))
		}
	}
	for _, p := range r.parts {
		sensors := r.naming.sensors(p.name)
		p.rows.Name(sensors)
		p.at = p.at[:0]
		for i, s := range sensors {
			if s != "" {
				p.at = append(p.at, i)
			}
		}
	}
}

func (r *reading) part(component string) *partRows {
	layout := series.Wide
	if r.long {
		layout = series.Long
	}
	p := r.g.part(component)
	rows := &partRows{part: p, rows: p.set.Rows(layout)}
	for label, t := range p.tables {
		rows.counts = append(rows.counts, &counter{label: label, table: t, slots: map[int64]*tally{}})
	}
	if p.tables == nil && r.g.o.Config != nil && r.refused == "" {
		r.refused = fmt.Sprintf("no scheduler has the component %q: add it to a scheduler's components, or correct drops.component", component)
	}
	return rows
}

// add takes a batch.
func (r *reading) add(b *series.Batch) error {
	if raw := r.names(); len(raw) > len(r.naming.columns) {
		r.name(raw)
	}
	if r.long {
		r.first = r.first[:0]
		for i, tag := range b.Sensor {
			if tag == 0 {
				r.first = append(r.first, b.Times[i])
			}
		}
		r.interval.Add(r.first)
	} else {
		r.interval.Add(b.Times)
	}
	for _, p := range r.parts {
		p.rows.Add(b)
		mask := r.valued(p, b)
		for _, c := range p.counts {
			c.add(b.Times, mask, b.Sorted)
		}
		p.used += count(mask, b.Len())
	}
	return nil
}

// valued tells which rows say something of the component; nil: all.
func (r *reading) valued(p *partRows, b *series.Batch) []bool {
	n := b.Len()
	r.mask = slices.Grow(r.mask[:0], n)[:n]
	if r.long {
		for i, tag := range b.Sensor {
			v := b.Columns[0][i]
			c := r.naming.columns[tag]
			r.mask[i] = v == v && c.Component == p.name && c.Sensor != ""
		}
		return r.mask
	}
	clear(r.mask)
	for _, c := range p.at {
		holes := false
		for i, v := range b.Columns[c] {
			if v == v {
				r.mask[i] = true
			} else {
				holes = true
			}
		}
		if !holes {
			return nil
		}
	}
	return r.mask
}

func count(mask []bool, n int) int64 {
	if mask == nil {
		return int64(n)
	}
	k := int64(0)
	for _, b := range mask {
		if b {
			k++
		}
	}
	return k
}

// counted tells how much was read.
type counted struct {
	io.ReaderAt
	read func(int64)
}

func (c counted) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	if c.read != nil {
		c.read(int64(n))
	}
	return n, err
}
