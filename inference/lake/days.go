package lake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"millwright/internal/series"
)

const day = int64(24 * time.Hour)

// DayOf is the day of an instant (Unix ns), in days since 1970-01-01 UTC.
func DayOf(t int64) int64 {
	d := t / day
	if t%day < 0 {
		d--
	}
	return d
}

func dayName(d int64) string { return time.Unix(d*86400, 0).UTC().Format(time.DateOnly) }

// days turns rows in the order of time into an object for each UTC day.
type days struct {
	key       func(day int64) string
	component string
	limit     int // objects
	scratch   string
	table     *table
	gatherer  *gatherer
	uploads   *uploads
	staged    *staged
	object    Object
	objects   []Object // by day
	at        []int
}

func (l *Lake) newDays(ctx context.Context, f File, part int, sensors []string) (*days, error) {
	t, err := newTable(sensors)
	if err != nil {
		return nil, err
	}
	d := &days{
		component: f.Component, limit: l.o.MaxDays, scratch: l.o.Scratch, table: t, gatherer: newGatherer(sensors), uploads: l.newUploads(ctx),
		key: func(day int64) string { return f.objectKey(day, part) },
	}
	for i := range sensors {
		d.at = append(d.at, i)
	}
	return d, nil
}

// add takes rows with a column for each sensor, in the order of time.
func (d *days) add(b *series.Batch) error {
	d.gatherer.add(b)
	for i := 0; i < len(b.Times); {
		of := DayOf(b.Times[i])
		j, _ := slices.BinarySearch(b.Times[i:], (of+1)*day)
		if j += i; d.staged == nil || d.object.Day != of {
			if err := d.begin(of, b.Times[i]); err != nil {
				return err
			}
		}
		if err := d.table.add(b.Times, b.Columns, d.at, i, j); err != nil {
			return err
		}
		d.object.End = b.Times[j-1]
		i = j
	}
	return nil
}

func (d *days) begin(of, start int64) error {
	if err := d.finish(); err != nil {
		return err
	}
	if len(d.objects) == d.limit {
		return &DiscardError{Reason: fmt.Sprintf("its rows lie on more than %d days; correct the timestamps", d.limit)}
	}
	d.staged = newStaged(d.scratch)
	d.object = Object{Component: d.component, Day: of, Key: d.key(of), Start: start}
	d.table.begin(d.staged)
	return nil
}

// finish sends the object that is open.
func (d *days) finish() error {
	if d.staged == nil {
		return nil
	}
	if err := d.table.end(); err != nil {
		return err
	}
	s, o := d.staged, d.object
	d.staged = nil
	o.Rows, o.Size = d.table.rows, s.size
	d.objects = append(d.objects, o)
	d.uploads.add(o.Key, s)
	return nil
}

// end waits until all objects are in the bucket and gives them.
func (d *days) end() ([]Object, error) {
	if err := d.finish(); err != nil {
		return nil, err
	}
	return d.objects, d.uploads.end()
}

// close gives everything back. It may be called twice.
func (d *days) close() {
	d.uploads.close()
	if d.staged != nil {
		d.staged.close()
		d.staged = nil
	}
}

// read hands a part's rows on, sorted where they have to be.
func read(ctx context.Context, r *series.Reader, d *days, sort bool, l *Lake) error {
	take := d.add
	var sorter *series.Sorter
	if sort {
		sorter = series.NewSorter(l.o.Scratch, l.o.Memory)
		defer sorter.Close()
		take = sorter.Add
	}
	p := picker{sensors: d.table.columns}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if b = p.pick(b, r.Names()); !sort && !p.ordered(b) {
			return errDisorder
		}
		if err := take(b); err != nil {
			return err
		}
	}
	if sort {
		return sorter.Each(d.add)
	}
	return nil
}

// picker takes the columns of sensors out of batches.
type picker struct {
	sensors []string
	names   int // of the Reader, when at was made
	at      []int
	out     series.Batch
	last    int64
	begun   bool
}

func (p *picker) pick(b *series.Batch, names []string) *series.Batch {
	if p.at == nil || p.names != len(names) {
		p.at, p.names = p.at[:0], len(names)
		for _, s := range p.sensors {
			p.at = append(p.at, slices.Index(names, s))
		}
	}
	p.out.Times, p.out.Sorted, p.out.Columns = b.Times, b.Sorted, p.out.Columns[:0]
	for _, i := range p.at {
		p.out.Columns = append(p.out.Columns, b.Columns[i])
	}
	return &p.out
}

// ordered tells whether a batch goes on in the order of time.
func (p *picker) ordered(b *series.Batch) bool {
	before, begun := p.last, p.begun
	if n := len(b.Times); n > 0 {
		p.last, p.begun = b.Times[n-1], true
	}
	if b.Sorted {
		return true
	}
	for _, t := range b.Times {
		if begun && t < before {
			return false
		}
		before, begun = t, true
	}
	return true
}
