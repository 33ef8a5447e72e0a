package series

import (
	"context"
	"errors"
	"io"
)

// Scan reads a file on jobs goroutines, where the file allows it. begin is
// called once it is known how the file is written, before its first row; what
// it returns gets every batch, in the order of the file, from one goroutine at
// a time. The error is a *HopelessError when no row can be used.
func Scan(ctx context.Context, in *io.SectionReader, o Options, jobs int, begin func(*Reader) (func(*Batch) error, error)) (Report, error) {
	r, err := NewReader(in, o)
	if err != nil {
		return Report{}, err
	}
	defer r.Close()
	add, err := begin(r)
	if err != nil {
		return Report{}, err
	}
	if jobs < 2 || in.Size() <= 8*defaultChunk || !r.splits(in.Size()) {
		err := Each(ctx, r, add)
		return r.Report(), err
	}
	p, err := newParallel(r, in, jobs, defaultChunk, add)
	if err != nil {
		return Report{}, err
	}
	if err = p.run(ctx, jobs); err == nil && p.odd >= 0 {
		err = p.inOrder(ctx, r)
	}
	if err == nil {
		err = p.hopeless()
	}
	var hopeless *HopelessError
	if errors.As(err, &hopeless) || err == nil {
		return p.report, err
	}
	return Report{}, err
}
