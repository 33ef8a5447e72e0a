package series

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// Conversion resamples one CSV into another. The zero value of Jobs is one.
type Conversion struct {
	Read     Options
	Resample ResampleOptions
	Rename   map[string]string // raw column name -> sensor name
	Jobs     int               // rows are read by so many at a time, where the file allows it

	chunk int64 // bytes that each reads at a time; 0: defaultChunk
}

// Converted says what a Conversion met and did.
type Converted struct {
	Dialect  Dialect
	Read     Report
	Resample ResampleReport
	Columns  []string // of the output, without the timestamp
	Clashes  []Clash  // columns left out
	Sorted   bool     // rows were so far out of order that the file was sorted first
}

// Restartable is an output that can be begun again.
type Restartable interface {
	io.Writer
	Restart() error // forgets everything written so far
}

// Stream converts what can be read once. Rows beyond the reorder horizon are
// left out and counted in Resample.TooLate.
func (c Conversion) Stream(ctx context.Context, in io.Reader, out io.Writer) (Converted, error) {
	r, err := NewReader(in, c.Read)
	if err != nil {
		return Converted{}, err
	}
	defer r.Close()
	return c.convert(ctx, r, out, false)
}

// File converts a file. Rows may stand in any order: where some are beyond the
// reorder horizon, out is restarted and the file is sorted first.
func (c Conversion) File(ctx context.Context, in *io.SectionReader, out Restartable) (Converted, error) {
	done, err := c.first(ctx, in, out)
	if !errors.Is(err, errTooLate) {
		return done, err
	}
	if err := out.Restart(); err != nil {
		return Converted{}, fmt.Errorf("begin output again: %w", err)
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return Converted{}, fmt.Errorf("read input again: %w", err)
	}
	return c.sorted(ctx, in, out)
}

// errTooLate ends a pass over a file that has to be sorted.
var errTooLate = errors.New("rows are beyond the reorder horizon")

// first is the pass that suits most files: rows are nearly in order.
func (c Conversion) first(ctx context.Context, in *io.SectionReader, out io.Writer) (Converted, error) {
	r, err := NewReader(in, c.Read)
	if err != nil {
		return Converted{}, err
	}
	defer r.Close()
	if c.chunk == 0 {
		c.chunk = defaultChunk
	}
	if c.Jobs > 1 && in.Size() > 2*c.chunk && r.splits(in.Size()) {
		return c.inParallel(ctx, r, in, out)
	}
	return c.convert(ctx, r, out, true)
}

// convert is one pass over rows as they come. With whole it ends with
// errTooLate at the first row that is beyond the horizon.
func (c Conversion) convert(ctx context.Context, r *Reader, out io.Writer, whole bool) (Converted, error) {
	sink := c.sink(r, out)
	defer sink.close()
	s := NewResampler(c.Resample, sink.row)
	add := s.Add
	if whole {
		add = inHorizon(s)
	}
	err := errors.Join(Each(ctx, r, add), s.Close())
	if err == nil {
		err = sink.finish(r.Names())
	}
	return c.converted(r, s, sink), err
}

// inParallel is convert for a file that can be read in several places at once.
func (c Conversion) inParallel(ctx context.Context, r *Reader, in *io.SectionReader, out io.Writer) (Converted, error) {
	sink := c.sink(r, out)
	defer sink.close()
	s := NewResampler(c.Resample, sink.row)
	p, err := newParallel(r, in, c.Jobs, c.chunk, inHorizon(s))
	if err == nil {
		err = p.run(ctx, c.Jobs)
	}
	if err == nil && p.odd >= 0 {
		err = p.inOrder(ctx, r)
	}
	if err = errors.Join(err, s.Close()); err == nil {
		err = p.hopeless()
	}
	if err == nil {
		err = sink.finish(r.Names())
	}
	done := c.converted(r, s, sink)
	if p != nil {
		done.Read = p.report
	}
	return done, err
}

// Each hands on every batch of r, each valid until add returns, until ctx ends.
func Each(ctx context.Context, r *Reader, add func(*Batch) error) error {
	for ctx.Err() == nil {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = add(b)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// inHorizon adds to s and ends with errTooLate when it had to leave a row out.
func inHorizon(s *Resampler) func(*Batch) error {
	return func(b *Batch) error {
		if err := s.Add(b); err != nil {
			return err
		}
		if s.report.TooLate > 0 {
			return errTooLate
		}
		return nil
	}
}

// sorted is a pass over a file whose rows are in no order.
func (c Conversion) sorted(ctx context.Context, in io.Reader, out io.Writer) (Converted, error) {
	r, err := NewReader(in, c.Read)
	if err != nil {
		return Converted{}, err
	}
	defer r.Close()
	sorter := NewSorter(c.Resample.Scratch, 0)
	defer sorter.Close()
	sink := c.sink(r, out)
	defer sink.close()
	s := NewResampler(c.Resample, sink.row)
	err = Each(ctx, r, sorter.Add)
	if err == nil {
		err = sorter.Each(func(b *Batch) error { return errors.Join(s.Add(b), ctx.Err()) })
	}
	if err = errors.Join(err, s.Close()); err == nil {
		err = sink.finish(r.Names())
	}
	done := c.converted(r, s, sink)
	done.Sorted = true
	return done, err
}

func (c Conversion) sink(r *Reader, out io.Writer) rowSink {
	if r.Dialect().Layout == Long {
		return newLongSink(out, c.Rename, c.Resample.Scratch)
	}
	return newWideSink(out, mapColumns(r.Names(), c.Rename))
}

func (c Conversion) converted(r *Reader, s *Resampler, sink rowSink) Converted {
	columns, clashes := sink.names()
	return Converted{Dialect: r.Dialect(), Read: r.Report(), Resample: s.Report(), Columns: columns, Clashes: clashes}
}
