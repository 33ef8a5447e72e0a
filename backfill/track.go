package backfill

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"millwright/ingest/take"
	"millwright/internal/series"
)

// track is files of which no other track has a sensor. It is brought to the
// grid as one stream of rows: in most cases the files follow each other in
// time, and are read in that order; else all rows are sorted first.
type track struct {
	*group
	sources []*source // by first row
	long    bool      // some have one row per value, so all are read like that

	columns []take.Column       // what the Resampler's sensors are
	index   map[take.Column]int // the inverse
	heard   []bool              // by column: it holds numbers, in some file
	void    []float64           // NaN, as long as a batch
	rows    series.Batch        // scratch
}

func newTrack(g *group) *track { return &track{group: g} }

// errOverlap ends the reading in order: the files have to be sorted.
var errOverlap = errors.New("rows of several files lie between each other")

// read puts the track's bins behind those of the tracks before it.
func (t *track) read(ctx context.Context) error {
	err := t.attempt(ctx, t.inOrder)
	if !errors.Is(err, errOverlap) {
		return err
	}
	for _, s := range t.sources { // they are read again
		t.total += s.size
	}
	t.step.Total(t.total)
	t.bins.again()
	return t.attempt(ctx, t.sorted)
}

func (t *track) attempt(ctx context.Context, how func(context.Context, *series.Resampler) error) error {
	t.begin()
	out := t.bins.begin()
	r := series.NewResampler(series.ResampleOptions{
		Grid: t.grid, SpecOf: func(i int) series.Spec { return t.specOf(t.columns[i].Sensor) }, Scratch: t.job.dir,
	}, out.put)
	if err := how(ctx, r); err != nil {
		return errors.Join(err, r.Close())
	}
	if err := r.Close(); err != nil {
		return err
	}
	done := r.Report()
	t.sum.Rows.add(Rows{Repeated: done.Repeats.Differing, Same: done.Repeats.Same, TooLate: done.TooLate})
	for _, s := range t.sources {
		t.account(s)
	}
	return out.end(t, r.Held())
}

// begin forgets what an attempt found. The columns of wide files are known
// beforehand.
func (t *track) begin() {
	t.columns, t.index, t.heard = nil, map[take.Column]int{}, nil
	if t.long {
		return
	}
	for _, s := range t.sources {
		t.places(s.columns)
	}
}

// places gives the index of each column among the track's, -1 for none.
func (t *track) places(columns []take.Column) []int {
	at := make([]int, len(columns))
	for i, c := range columns {
		if at[i] = -1; c.Component == "" {
			continue
		}
		k, ok := t.index[c]
		if !ok {
			k = len(t.columns)
			t.index[c], t.columns, t.heard = k, append(t.columns, c), append(t.heard, false)
		}
		at[i] = k
	}
	return at
}

// inOrder reads file after file. A row that is not later than those of earlier
// files is fine while the Resampler can still sort it in, and while the file
// stands behind theirs on the command line: then the right one of two values
// wins.
func (t *track) inOrder(ctx context.Context, r *series.Resampler) error {
	latest, rank, climbing := int64(math.MinInt64), math.MinInt, true
	for _, s := range t.sources {
		climbing = climbing && s.rank > rank
		rank = s.rank
		before := latest
		err := t.each(ctx, s, t.last(latest), func(b *series.Batch) error {
			if !climbing && first(b) <= before {
				return errOverlap
			}
			latest = max(latest, last(b))
			if err := r.Add(b); err != nil {
				return err
			}
			if r.Report().TooLate > 0 {
				return errOverlap
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// last is what a file in local time begins after, 0 for nothing.
func (t *track) last(latest int64) int64 {
	if latest == math.MinInt64 {
		return 0
	}
	return latest
}

// sorted reads all files in the order of the command line and sorts their rows;
// of rows with the same timestamp the first stays the first.
func (t *track) sorted(ctx context.Context, r *series.Resampler) error {
	sorter := series.NewSorter(t.job.dir, int(t.cfg.Limits.Memory.Bytes()/4))
	defer sorter.Close()
	for _, s := range byRank(t.sources) {
		if err := t.each(ctx, s, 0, sorter.Add); err != nil {
			return err
		}
		if err := t.room.check(ctx, 0); err != nil {
			return err
		}
	}
	return sorter.Each(func(b *series.Batch) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return r.Add(b)
	})
}

// each hands on a file's rows with the track's columns.
func (t *track) each(ctx context.Context, s *source, after int64, add func(*series.Batch) error) error {
	at, names := t.places(s.columns), s.columns
	err := t.open(s.file, after, t.step, func(r *series.Reader, in *io.SectionReader) error {
		known := len(s.names)
		var err error
		s.report, err = r.All(ctx, in, t.o.Jobs, func(b *series.Batch) error {
			if n := len(r.Names()); n > known { // tags that were not met before
				known = n
				if names, err = t.corpus.columns(s.file, r.Names()); err != nil {
					return fmt.Errorf("%w; give the file alone, or correct it", err)
				}
				at = t.places(names)
			}
			if b = t.adapt(b, at); b.Len() == 0 {
				return nil
			}
			return add(b)
		})
		return err
	})
	if err != nil {
		return wrapFile(t.files.path(s.file), err)
	}
	t.hear(s, names, at)
	return nil
}

func wrapFile(path string, err error) error {
	if errors.Is(err, errOverlap) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// hear notes which columns are sensors: those that hold only text are none.
func (t *track) hear(s *source, names []take.Column, at []int) {
	text := map[string]bool{}
	for _, name := range s.report.TextColumns {
		text[name] = true
	}
	for i := range names {
		if at[i] >= 0 && (s.long || !text[s.names[i]]) {
			t.heard[at[i]] = true
		}
	}
}

func first(b *series.Batch) int64 {
	if b.Sorted {
		return b.Times[0]
	}
	return oldest(b.Times)
}

func last(b *series.Batch) int64 {
	if b.Sorted {
		return b.Times[len(b.Times)-1]
	}
	m := b.Times[0]
	for _, x := range b.Times {
		m = max(m, x)
	}
	return m
}
