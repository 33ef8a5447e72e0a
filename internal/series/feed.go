package series

import (
	"context"
	"io"
	"slices"
)

// All hands on every batch of a file that r has read nothing of yet, in the
// order of the file and one at a time, and gives what was met. in is the whole
// file; jobs goroutines read it where its form allows that.
func (r *Reader) All(ctx context.Context, in *io.SectionReader, jobs int, add func(*Batch) error) (Report, error) {
	if jobs < 2 || in.Size() <= 2*defaultChunk || !r.splits(in.Size()) {
		err := Each(ctx, r, add)
		return r.Report(), err
	}
	p, err := newParallel(r, in, jobs, defaultChunk, add)
	if err != nil {
		return r.Report(), err
	}
	err = p.run(ctx, jobs)
	if err == nil && p.odd >= 0 {
		err = p.inOrder(ctx, r)
	}
	if err == nil {
		err = p.hopeless()
	}
	return p.report, err
}

// Held is what the sensors of a Resampler hold after its last row.
type Held struct{ c collector }

// Held is for rows that are resampled in several parts, some of which end
// earlier than others. Call it after Close.
func (r *Resampler) Held() *Held {
	return &Held{collector{
		grid: r.c.grid, plans: slices.Clone(r.c.plans), last: slices.Clone(r.c.last), row: slices.Clone(r.c.row),
	}}
}

// Cells gives the cells of a label after the last row, and whether any value is
// held there. They are valid until the next call.
func (h *Held) Cells(label int64) (cells []float64, some bool) { return h.c.heldCells(label) }
