package results

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// maxPages bounds a listing: a thousand keys each. What lies behind is asked for
// one by one.
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
	asked, err := f.seek(ctx, n, wanted)
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
	for _, start := range asked {
		w := f.waits[start]
		if w == nil {
			continue // it is here
		}
		w.looks++
		w.last = w.last || w.late(n, f.Timeout)
		if r := w.ready(); r.After(newest) {
			newest = r
		}
	}
	f.nextLook = n.after(pause(n.business.Sub(newest)))
	f.partial = slices.ContainsFunc(wanted, func(start int64) bool {
		w := f.waits[start]
		return w != nil && w.due(n, f.Timeout)
	})
	if f.partial {
		f.nextLook = n.after(firstLook)
	}
	return nil
}

// wanted are the windows to look for now, ascending; none while it is not time.
func (f *follower) wanted(n now) []int64 {
	if f.held() && !f.nextLook.past(n) {
		return nil
	}
	var out []int64
	due := false
	for _, start := range f.ordered() {
		w := f.waits[start]
		r := w.ready()
		can := !r.IsZero() && !n.business.Before(r.Add(firstLook))
		if !can && !(w.late(n, f.Timeout) && !w.last) {
			continue
		}
		out = append(out, start)
		due = due || w.due(n, f.Timeout)
	}
	if len(out) == 0 || !due && !f.nextLook.past(n) {
		return nil
	}
	return out
}

// held tells whether every window waits for the next look, one whose turn it is too.
func (f *follower) held() bool { return f.failures > 0 || f.partial }

// seek fetches those of the wanted results that are there, and tells of which
// that is known now.
func (f *follower) seek(ctx context.Context, n now, wanted []int64) (asked []int64, err error) {
	if len(wanted) == 1 && !f.unlisted {
		err := f.single(ctx, n, wanted[0])
		if !errors.Is(err, objstore.ErrForbidden) {
			return wanted, err
		}
	}
	found, until, err := f.list(ctx, n, wanted[0], wanted[len(wanted)-1])
	if errors.Is(err, objstore.ErrForbidden) {
		return f.oneByOne(ctx, n, wanted)
	}
	if err != nil {
		return nil, err
	}
	var behind []int64
	for _, start := range wanted {
		if start > until {
			behind = append(behind, start)
			continue
		}
		asked = append(asked, start)
		w := f.waits[start]
		w.veiled = false
		if tag, there := found[start]; !there || tag != "" && tag == f.refused(w.Outcome) {
			continue
		}
		if err := unlessAbsent(f.fetch(ctx, n, w.Outcome)); err != nil {
			return nil, err
		}
	}
	more, err := f.oneByOne(ctx, n, behind)
	return append(asked, more...), err
}

// oneByOne asks for windows by their keys where no listing tells of them: those
// whose turn it is first, then the newest.
func (f *follower) oneByOne(ctx context.Context, n now, wanted []int64) (asked []int64, err error) {
	var due, rest []int64
	for _, start := range slices.Backward(wanted) {
		if f.waits[start].due(n, f.Timeout) {
			due = append(due, start)
		} else {
			rest = append(rest, start)
		}
	}
	asked = append(due, rest...)
	asked = asked[:min(maxSingle, len(asked))]
	for _, start := range asked {
		if err := f.single(ctx, n, start); err != nil {
			return nil, err
		}
	}
	return asked, nil
}

// single asks for a window by its key. Under a policy that allows no listing,
// what is not there is as forbidden as what may not be read: then nobody knows.
func (f *follower) single(ctx context.Context, n now, start int64) error {
	w := f.waits[start]
	err := f.fetch(ctx, n, w.Outcome)
	switch {
	case errors.Is(err, objstore.ErrNotFound):
		f.veiled, w.veiled = false, false
		return nil
	case errors.Is(err, objstore.ErrForbidden) && f.unlisted:
		w.veiled = true
		f.veil(ctx, err)
		return nil
	}
	return err
}

func unlessAbsent(err error) error {
	if errors.Is(err, objstore.ErrNotFound) {
		return nil
	}
	return err
}

// list gives the ETags of the results of windows from the first to the last, as
// far as they are there, and up to which window that is known. A store that
// refuses is not asked again at once.
func (f *follower) list(ctx context.Context, n now, first, last int64) (found map[int64]string, until int64, err error) {
	if f.unlisted && !f.relist.past(n) {
		return nil, 0, &storeError{objstore.ErrForbidden}
	}
	found, until = map[int64]string{}, last
	begin, end := window.ResultKey(f.Prefix, first), window.ResultKey(f.Prefix, last)
	pages, newest := 0, first-1
	err = f.r.store.List(ctx, f.Bucket, common(begin, end), begin[:len(begin)-1], func(page []objstore.Info) (bool, error) {
		for i := range page {
			if page[i].Key > end {
				return false, nil
			}
			if start, err := window.ParseResultKey(f.Prefix, page[i].Key); err == nil {
				found[start] = page[i].ETag
				newest = max(newest, start)
			}
		}
		f.r.set.Turned(f.Name)
		if pages++; pages == maxPages {
			until = newest
			return false, nil
		}
		return true, nil
	})
	if errors.Is(err, objstore.ErrForbidden) {
		f.unlisted, f.relist = true, n.after(relist)
	}
	if err != nil {
		return nil, 0, &storeError{err}
	}
	f.unlisted, f.veiled = false, false
	if crowded := until < last; crowded != f.crowded {
		if f.crowded = crowded; crowded {
			f.log.Warn("the output prefix holds too many other objects between results: some may be found late", zap.String("prefix", f.Prefix))
		}
	}
	return found, until, nil
}

// veil tells people what it costs that the store refuses to list.
func (f *follower) veil(ctx context.Context, err error) {
	f.veiled = true
	what, _ := objstore.Explain(err)
	f.r.board.Stand(ctx, f.Name, CodeStore,
		fmt.Sprintf("s3://%s/%s may not be listed: %s of a result that is not there as of one that may not be read", f.Bucket, f.Prefix, what),
		"give these credentials s3:ListBucket on the bucket for this prefix, and s3:GetObject on what is below it")
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
	if !f.veiled { // that stands until the store tells what is there
		f.r.board.Clear(ctx, f.Name, CodeStore)
	}
}
