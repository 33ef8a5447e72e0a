package series

import (
	"context"
	"io"
)

// All hands on every batch of a file that r has read nothing of yet, in the
// order of the file and one at a time, and gives what was met. in is the whole
// file; jobs goroutines read it where its form allows that.
func (r *Reader) All(ctx context.Context, in *io.SectionReader, jobs int, add func(*Batch) error) (Report, error) {
	if jobs < 2 || in.Size() <= 2*defaultChunk || !r.splits(in.Size()) {
		err := each(ctx, r, add)
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

// HoldTo puts out the labels after the last row, up to the given one, at which
// only held values stand. It is for rows that are resampled in several parts,
// some of which end earlier than others; call it after Close.
func (r *Resampler) HoldTo(label int64) error { return r.begin(label + int64(r.grid.Rate)) }
