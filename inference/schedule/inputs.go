package schedule

import (
	"context"
	"fmt"
	"math"
	"slices"

	"millwright/inference/detect/frame"
	"millwright/internal/window"
)

// data is what an attempt has read.
type data struct {
	files   []File // of the window, by key
	tables  []*table
	context *frame.Frame // rows before the window
}

// look finds out what there is to read, and reads it.
func (w *work) look(ctx context.Context) (*Inputs, *data, error) {
	in := &Inputs{From: w.lookback()}
	past, err := w.tails.Rows(ctx, w.e.Model, in.From, w.e.Start)
	if err != nil {
		return nil, nil, err
	}
	in.Past = w.windows(past)
	if in.Files, err = w.ofWindow(ctx); err != nil {
		return nil, nil, err
	}
	if err := w.ofContext(ctx, in); err != nil {
		return nil, nil, err
	}
	if err := w.room(ctx, in.Files, in.Context); err != nil {
		return nil, nil, err
	}
	d, now, before := &data{}, Stretch{w.e.Start, w.e.End()}, Stretch{in.From, w.e.Start}
	if in.Files, d.tables, err = w.fetch(ctx, in.Files, how{span: now}); err != nil {
		return nil, nil, err
	}
	var tables []*table
	if in.Context, tables, err = w.fetch(ctx, in.Context, how{span: before, context: true}); err != nil {
		return nil, nil, err
	}
	w.remark(in.Files, d.tables)
	in.Files, d.tables = within(in.Files, d.tables, now)
	in.Context, tables = within(in.Context, tables, before)
	d.files = in.Files
	d.context = w.context(in, past, in.Context, tables)
	return in, d, nil
}

// within leaves out files without a row in span: they may be replaced before
// another attempt, as those of the next window are, and it does not matter.
func within(files []File, tables []*table, span Stretch) ([]File, []*table) {
	n := 0
	for i, t := range tables {
		if slices.ContainsFunc(t.times, span.holds) {
			files[n], tables[n] = files[i], t
			n++
		}
	}
	return files[:n], tables[:n]
}

// again reads what an earlier attempt found.
func (w *work) again(ctx context.Context, in *Inputs) (*data, error) {
	past, err := w.tails.Rows(ctx, w.e.Model, in.From, w.e.Start)
	if err != nil {
		return nil, err
	}
	if err := w.room(ctx, in.Files, in.Context); err != nil {
		return nil, err
	}
	d := &data{}
	if d.files, d.tables, err = w.fetch(ctx, in.Files, how{span: Stretch{w.e.Start, w.e.End()}, exact: true}); err != nil {
		return nil, err
	}
	files, tables, err := w.fetch(ctx, in.Context, how{span: Stretch{in.From, w.e.Start}, exact: true, context: true})
	if err != nil {
		return nil, err
	}
	w.remark(d.files, d.tables)
	d.context = w.context(in, past, files, tables)
	return d, nil
}

// windows are the windows of which there are rows, joined where they touch.
func (w *work) windows(rows *frame.Frame) []Stretch {
	c := w.cadence()
	var all []Stretch
	for _, label := range rows.Labels {
		start := c.Start(label)
		switch n := len(all); {
		case n > 0 && all[n-1].To > start: // the same
		case n > 0 && all[n-1].To == start:
			all[n-1].To = c.End(start)
		default:
			all = append(all, Stretch{start, c.End(start)})
		}
	}
	return all
}

// ofWindow lists the files that may have rows of the window.
func (w *work) ofWindow(ctx context.Context) ([]File, error) {
	from, to := w.e.stamps(w.e.Start)
	limit := w.limit()
	lists := make([][]File, len(w.parts))
	names := w.components()
	err := w.each(ctx, w.o.Readers, len(w.parts), func(ctx context.Context, i int) error {
		files, err := w.e.find(ctx, w.store, w.parts[i].name, names, from, to, 3*window.MaxFiles)
		if err != nil {
			return err
		}
		var size int64
		for _, f := range files {
			size += f.Size
		}
		switch {
		case len(files) > 3*window.MaxFiles:
			return w.e.crowded(w.parts[i].name, len(files))
		case size > limit:
			return w.e.heavy(w.parts[i].name, size, limit)
		}
		lists[i] = files
		return nil
	})
	if err != nil {
		return nil, err
	}
	var size int64
	files := slices.Concat(lists...)
	for _, f := range files {
		size += f.Size
	}
	if size > w.o.RunBytes {
		return nil, fail("The data files within expected range of (%s, %s] have %d bytes, more than the %d that an execution takes.", instant(w.e.Start), instant(w.e.End()), size, w.o.RunBytes)
	}
	slices.SortFunc(files, File.before)
	return files, nil
}

// limit is what a component's files of one run may have together: a period's worth
// for each of the three that are looked at.
func (w *work) limit() int64 { return 3 * window.LimitOf(w.e.Frequency).Bytes }

func (w *work) components() []string {
	names := make([]string, len(w.parts))
	for i, p := range w.parts {
		names[i] = p.name
	}
	return names
}

// ofContext lists the files of the windows in in.From to Start that are not in
// in.Past, the newest of them if there are too many, and moves in.From accordingly.
func (w *work) ofContext(ctx context.Context, in *Inputs) error {
	holes := w.holes(in)
	if len(holes) == 0 {
		return nil
	}
	f := int64(w.e.Frequency)
	lists := make([][]File, len(w.parts))
	reach := make([]int64, len(w.parts)) // stamps before it were not listed
	names := w.components()
	err := w.each(ctx, w.o.Readers, len(w.parts), func(ctx context.Context, i int) (err error) {
		from, _ := w.e.stamps(slices.Min(holes))
		_, to := w.e.stamps(slices.Max(holes))
		for reach[i] = math.MinInt64; ; {
			if lists[i], err = w.e.find(ctx, w.store, w.parts[i].name, names, from, to, w.o.ContextFiles); err != nil || len(lists[i]) <= w.o.ContextFiles {
				return err
			}
			from += (to - from + 1) / 2
			reach[i] = from
		}
	})
	if err != nil {
		return err
	}
	wanted := set(holes)
	files := slices.DeleteFunc(slices.Concat(lists...), func(x File) bool {
		s := w.cadence().Start(x.Stamp + 1) // the window that begins at or before the stamp
		return x.Size > w.limit() || !wanted[s-f] && !wanted[s] && !wanted[s+f]
	})
	slices.SortFunc(files, func(a, b File) int { // the newest first
		if a.Stamp != b.Stamp {
			return int(min(1, max(-1, b.Stamp-a.Stamp)))
		}
		return a.before(b)
	})
	var size int64
	cut := slices.Max(reach)
	for i, x := range files {
		if size += x.Size; i >= w.o.ContextFiles || size > w.o.ContextBytes {
			cut = max(cut, x.Stamp+1)
			break
		}
	}
	if cut > math.MinInt64 {
		files = slices.DeleteFunc(files, func(x File) bool { return x.Stamp < cut })
		in.From = max(in.From, w.cadence().Start(cut)+2*f) // windows before it miss a file
		w.notes = append(w.notes, "there are more files than an execution reads of the time before the window: rows after "+instant(in.From)+" are its context")
	}
	slices.SortFunc(files, File.before)
	in.Context = files
	return nil
}

// holes are the windows between in.From and Start that in.Past has not.
func (w *work) holes(in *Inputs) []int64 {
	var holes []int64
	past := in.Past
	for s := in.From; s < w.e.Start; s += int64(w.e.Frequency) {
		for len(past) > 0 && past[0].To <= s {
			past = past[1:]
		}
		if len(past) == 0 || s < past[0].From {
			holes = append(holes, s)
		}
	}
	return holes
}

// context joins the rows of History that are meant with those of files.
func (w *work) context(in *Inputs, past *frame.Frame, files []File, tables []*table) *frame.Frame {
	columns := w.m.Columns()
	g := newGrid(w.e.Frequency, w.m.Rate(), columns, set(w.holes(in)))
	for _, p := range w.parts {
		some, theirs := of(p.name, files, tables)
		g.add(p, some, theirs)
	}
	read := g.frame()
	out := &frame.Frame{Columns: columns}
	next := 0
	until := func(label int64) {
		for ; next < len(read.Labels) && read.Labels[next] < label; next++ {
			out.Append(read.Labels[next], read.Row(next))
		}
	}
	fit := newFit(past.Columns, columns)
	stretches := in.Past
	for i, label := range past.Labels {
		for len(stretches) > 0 && stretches[0].To < label {
			stretches = stretches[1:]
		}
		if label <= in.From || len(stretches) == 0 || label <= stretches[0].From {
			continue // of a window that came to be later
		}
		until(label)
		if row := fit.row(past.Row(i)); !blank(row) {
			out.Append(label, row)
		}
	}
	until(math.MaxInt64)
	return out
}

// rows brings the window's files to the grid. Every component has to have a row.
func (w *work) rows(d *data) (*frame.Frame, error) {
	g := newGrid(w.e.Frequency, w.m.Rate(), w.m.Columns(), map[int64]bool{w.e.Start: true})
	for _, p := range w.parts {
		files, tables := of(p.name, d.files, d.tables)
		if g.add(p, files, tables)[w.e.Start] == 0 {
			return nil, w.e.absent(p.name, &w.notes)
		}
		var missing []string
		for i, s := range p.sensors {
			if !slices.ContainsFunc(tables, func(t *table) bool { return t.cols[i] != nil }) {
				missing = append(missing, s)
			}
		}
		switch {
		case len(missing) == len(p.sensors):
			return nil, w.e.strange(p.name, missing)
		case len(missing) > 0:
			w.notes = append(w.notes, fmt.Sprintf("the files of %s have no column %s", p.name, few(missing)))
		}
	}
	return g.frame(), nil
}

// of gives a component's files with their tables.
func of(component string, files []File, tables []*table) (some []File, theirs []*table) {
	for i, f := range files {
		if f.Component == component {
			some, theirs = append(some, f), append(theirs, tables[i])
		}
	}
	return some, theirs
}

func (w *work) remark(files []File, tables []*table) {
	for i, f := range files {
		for _, n := range tables[i].notes {
			w.notes = append(w.notes, f.Key+": "+n)
		}
	}
}

func set(starts []int64) map[int64]bool {
	m := make(map[int64]bool, len(starts))
	for _, s := range starts {
		m[s] = true
	}
	return m
}

func (in *Inputs) equal(o *Inputs) bool {
	return in == o || in.From == o.From && slices.Equal(in.Files, o.Files) && slices.Equal(in.Context, o.Context) && slices.Equal(in.Past, o.Past)
}
