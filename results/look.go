package results

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// maxPages bounds a listing: a thousand keys each. What lies behind is looked
// for by the next one, or one by one.
const maxPages = 64

// maxSingle is how many objects are asked for one by one in a look.
const maxSingle = 16

// look asks the bucket for results that are awaited: a single one by its key,
// several by one listing.
func (f *follower) look(ctx context.Context, n now) error {
	wanted := f.wanted(n)
	if len(wanted) == 0 {
		return nil
	}
	err := f.seek(ctx, n, wanted)
	if err != nil && !storeFault(err) {
		return err
	}
	if err != nil {
		f.failures++
		f.nextLook = n.after(min(firstLook<<min(f.failures, 10), lastPause))
		f.unreachable(ctx, err)
		return nil
	}
	f.reached(ctx)
	var newest time.Time
	for _, start := range wanted {
		w := f.waits[start]
		if w == nil {
			continue // it is here
		}
		w.looks++
		w.last = w.last || !n.business.Before(w.end(f.Timeout))
		if r := w.ready(); r.After(newest) {
			newest = r
		}
	}
	f.nextLook = n.after(pause(n.business.Sub(newest)))
	return nil
}

// wanted are the windows to look for now, ascending; none while it is not time.
func (f *follower) wanted(n now) []int64 {
	if f.failures > 0 && !f.nextLook.past(n) {
		return nil
	}
	var out []int64
	due := false
	for _, start := range f.ordered() {
		w := f.waits[start]
		late := !n.business.Before(w.end(f.Timeout))
		r := w.ready()
		can := !r.IsZero() && !n.business.Before(r.Add(firstLook))
		if !can && !(late && !w.last) {
			continue
		}
		out = append(out, start)
		due = due || w.looks == 0 || late && !w.last
	}
	if len(out) == 0 || !due && !f.nextLook.past(n) {
		return nil
	}
	return out
}

// seek fetches those of the wanted results that are there.
func (f *follower) seek(ctx context.Context, n now, wanted []int64) error {
	if len(wanted) == 1 {
		err := f.fetch(ctx, n, f.waits[wanted[0]].Outcome)
		if errors.Is(err, objstore.ErrNotFound) {
			return nil
		}
		return err
	}
	found, err := f.list(ctx, wanted[0], wanted[len(wanted)-1])
	if errors.Is(err, objstore.ErrForbidden) {
		return f.oneByOne(ctx, n, wanted, err)
	}
	if err != nil {
		return err
	}
	for _, start := range wanted {
		if tag, there := found[start]; !there || tag != "" && tag == f.refused[start] {
			continue
		}
		if err := f.fetch(ctx, n, f.waits[start].Outcome); err != nil && !errors.Is(err, objstore.ErrNotFound) {
			return err
		}
	}
	return nil
}

// oneByOne is for a policy that allows no listing: the newest windows are asked
// for by their keys. What is not there may be called forbidden then, so that
// nobody knows whether it is.
func (f *follower) oneByOne(ctx context.Context, n now, wanted []int64, refusal error) error {
	for _, start := range wanted[max(0, len(wanted)-maxSingle):] {
		err := f.fetch(ctx, n, f.waits[start].Outcome)
		if err != nil && !errors.Is(err, objstore.ErrNotFound) && !errors.Is(err, objstore.ErrForbidden) {
			return err
		}
	}
	return refusal
}

// list gives the ETags of the results of windows from the first to the last, as
// far as they are there.
func (f *follower) list(ctx context.Context, first, last int64) (map[int64]string, error) {
	found := map[int64]string{}
	begin, end := window.ResultKey(f.Prefix, first), window.ResultKey(f.Prefix, last)
	pages := 0
	err := f.r.store.List(ctx, f.Bucket, common(begin, end), begin[:len(begin)-1], func(page []objstore.Info) (bool, error) {
		for i := range page {
			if page[i].Key > end {
				return false, nil
			}
			if start, err := window.ParseResultKey(f.Prefix, page[i].Key); err == nil {
				found[start] = page[i].ETag
			}
		}
		pages++
		f.r.set.Turned(f.Name)
		return pages < maxPages, nil
	})
	if err != nil {
		return nil, &storeError{err}
	}
	if pages == maxPages {
		f.log.Warn("the output prefix holds too many objects between results; some may be found late", zap.String("prefix", f.Prefix))
	}
	return found, nil
}

// common is the longest common prefix.
func common(a, b string) string {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// storeError is a request that did not get through: it is made again, and
// nothing is known of the result.
type storeError struct{ err error }

func (e *storeError) Error() string { return e.err.Error() }
func (e *storeError) Unwrap() error { return e.err }

func storeFault(err error) bool {
	var s *storeError
	return errors.As(err, &s)
}

// unreachable tells people that results cannot be looked for.
func (f *follower) unreachable(ctx context.Context, err error) {
	if over(ctx, err) {
		return
	}
	what, remedy := objstore.Explain(err)
	remedy = strings.ReplaceAll(remedy, "s3:PutObject and s3:GetObject", "s3:GetObject")
	f.r.board.Stand(ctx, f.Name, CodeStore, fmt.Sprintf("results in s3://%s/%s cannot be looked for: %s", f.Bucket, f.Prefix, what), remedy)
	if f.failures == 1 {
		f.log.Warn("look for results", zap.String("what", what), zap.Error(err))
	}
}

func (f *follower) reached(ctx context.Context) {
	f.failures = 0
	f.r.board.Clear(ctx, f.Name, CodeStore)
}
