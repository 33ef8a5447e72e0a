package schedule

import (
	"context"
	"errors"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// large is the size from which on only those rows of a file are kept that are
// wanted, and none for other runs.
const large = 1 << 20

// how files are read.
type how struct {
	span    Stretch // rows that are wanted
	exact   bool    // only as an earlier attempt did
	context bool    // do without what cannot be had: never FAILED for lack of context
}

// fetch reads files, several at a time, and gives those that were read, in the
// version that was.
func (w *work) fetch(ctx context.Context, files []File, h how) ([]File, []*table, error) {
	files = slices.Clone(files)
	tables := make([]*table, len(files))
	err := w.each(ctx, w.o.Readers, len(files), func(ctx context.Context, i int) (err error) {
		err = w.safely(func() (err error) {
			files[i], tables[i], err = w.file(ctx, files[i], h)
			return err
		})
		if h.context && errors.As(err, new(*failure)) {
			tables[i], err = nil, nil
		}
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	n := 0
	for i, t := range tables {
		if t != nil {
			files[n], tables[n] = files[i], t
			n++
		}
	}
	return files[:n], tables[:n], nil
}

// file reads one file; the table is nil for one that was removed after it was listed.
func (w *work) file(ctx context.Context, f File, h how) (File, *table, error) {
	p := w.parts[slices.IndexFunc(w.parts, func(p part) bool { return p.name == f.Component })]
	k := fileKey{w.e.Input.Bucket, f.Key, f.ETag, strings.Join(p.sensors, "\n")}
	if t := w.tables.get(k); t != nil {
		return f, t, nil
	}
	if f.Size > large {
		w.large.Lock() // one at a time, so that memory holds one of them
		defer w.large.Unlock()
	}
	body, info, err := w.store.Get(ctx, w.e.Input.Bucket, f.Key, w.limit())
	gone := errors.Is(err, objstore.ErrNotFound)
	huge := errors.Is(err, objstore.ErrTooLarge)
	switch {
	case err != nil && !gone && !huge:
		return f, nil, refused("read the data files at", Place{w.e.Input.Bucket, w.e.Input.Naming.Prefix}, err)
	case h.exact && (gone || info.ETag != f.ETag):
		return f, nil, w.e.changed(f)
	case gone:
		return f, nil, nil
	case huge:
		return f, nil, w.e.heavy(f.Component, info.Size, w.limit())
	}
	f.ETag, f.Size = info.ETag, int64(len(body))
	k.etag = f.ETag
	if f.Size > large {
		return f, parse(body, p.sensors, w.limit(), h.span), nil
	}
	t := parse(body, p.sensors, w.limit(), always())
	w.tables.put(k, t)
	return f, t, nil
}

// each calls fn for 0 to n-1, some at a time, and waits for all. It gives the error
// of the lowest number, a failure before others. A panic, as what a file holds may
// bring about, is a failure: it would end all runs, and again at each restart.
func (w *work) each(ctx context.Context, atOnce, n int, fn func(ctx context.Context, i int) error) error {
	errs := make([]error, n)
	if n == 1 {
		return w.safely(func() error { return fn(ctx, 0) })
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(atOnce, n) {
		wg.Go(func() {
			for i := range next {
				if errs[i] = w.safely(func() error { return fn(ctx, i) }); errs[i] != nil && !errors.As(errs[i], new(*failure)) {
					cancel() // the attempt is over
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return first(errs)
}

// safely makes a failure of a panic.
func (w *work) safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			w.log.Error("execution panicked", zap.String("scheduler", w.e.Scheduler), zap.String("window", instant(w.e.Start)), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fail("The execution could not be carried out: the service met a mistake of its own: %v.", p)
		}
	}()
	return do()
}

func first(errs []error) error {
	var some error
	for _, err := range errs {
		switch {
		case err == nil:
		case !errors.As(err, new(*failure)) && !errors.Is(err, context.Canceled):
			return err
		case some == nil || errors.Is(some, context.Canceled):
			some = err
		}
	}
	return some
}
