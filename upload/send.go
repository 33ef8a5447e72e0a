package upload

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// outcome is how one attempt went.
type outcome struct {
	it      *item
	is      ending
	info    objstore.Info  // of the object, when one is known
	md5     [md5.Size]byte // of the window, when it was taken
	took    time.Duration  // from the first request to the answer of the PUT
	err     error
	what    string // err in words
	remedy  string
	scope   objstore.Scope
	contact bool // the store was asked
	suspect bool // the spool file is damaged
	quiet   bool // it was told to whoever asked
	odd     bool // the check's ETag is not the MD5 of what was sent
	tries   int  // PUTs of this attempt
}

type ending uint8

const (
	failed     ending = iota
	put               // sent; to be checked
	verified          // sent and checked
	adopted           // it was there already
	unverified        // sent; the policy or the store's ETags forbid the check
	kept              // not sent: what is there is left alone for good
	wanting           // not sent: its content is not at hand and was asked for
)

// job is what a worker knows of an item; the item itself belongs to the loop.
type job struct {
	window.Sealed
	it      *item
	seen    sight
	suspect bool
	odd     int
	check   bool // look after the PUT, too
}

// send looks what is at the key, puts the window unless it is there, and looks
// again. The first look catches what an aborted PUT left behind as well.
func (u *Uploader) send(ctx context.Context, j job) outcome {
	if u.limit != nil {
		ctx = objstore.WithLimit(ctx, u.limit)
	}
	start := time.Now()
	seen := j.seen
	if !seen.fresh(start) || seen.listed && judge(&j.Sealed, u.set.Instance, seen.info, true) == unclear {
		var err error
		if seen, err = u.look(ctx, &j.Sealed); err != nil {
			return u.fail(j, err, true)
		}
	}
	o := objstore.Object{
		Bucket: j.Bucket, Key: j.Key, Size: j.Size, SHA256: j.SHA256,
		Instance: u.set.Instance, Generation: j.Generation,
	}
	buf, err := u.content(&j.Sealed, &o)
	if err != nil && !u.present(ctx, &j, seen) {
		return u.unusable(ctx, j, err)
	}
	for try := 1; ; try++ {
		if err == nil && !seen.absent {
			takeSum(&j.Sealed, &o)
		}
		if done, out := u.decide(j, seen, &o); done {
			return out
		}
		info, err := u.put(ctx, &j.Sealed, o)
		switch kind := objstore.KindOf(err); {
		case err == nil:
			if buf != nil {
				u.buffers.pool.Put(buf) // only now: a PUT that failed may still be reading it
			}
			took := time.Since(start)
			u.pace.add(time.Now(), took)
			out := outcome{it: j.it, is: put, info: info, md5: j.MD5, took: took, contact: true, tries: try}
			if j.check {
				out = u.check(ctx, j, out)
			}
			return out
		case try < 3 && (kind == objstore.KindExists || kind == objstore.KindNotFound):
			// Somebody wrote or removed it since the look: one of our own PUTs
			// that was given up for lost, or another gateway.
			if seen.blocked {
				seen.absent = false
			} else if seen, err = u.look(ctx, &j.Sealed); err != nil {
				return u.fail(j, err, true)
			}
		default:
			return u.fail(j, err, true)
		}
	}
}

func (u *Uploader) file(s *window.Sealed) string {
	if u.set.Dir != "" && !filepath.IsAbs(s.Path) {
		return filepath.Join(u.set.Dir, s.Path)
	}
	return s.Path
}

// present reports whether the bucket holds the window's bytes already, so that
// the file is not needed.
func (u *Uploader) present(ctx context.Context, j *job, seen sight) bool {
	if seen.absent || seen.blocked {
		return false
	}
	u.fetchSum(ctx, &j.Sealed, seen.info)
	return judge(&j.Sealed, u.set.Instance, seen.info, seen.listed) == equal
}

// decide turns what is at the key into the condition of the PUT, or into an end
// without one.
func (u *Uploader) decide(j job, seen sight, o *objstore.Object) (bool, outcome) {
	o.IfNoneMatch, o.IfMatch = false, ""
	switch {
	case seen.absent:
		o.IfNoneMatch = true
		return false, outcome{}
	case seen.blocked && u.set.Existing == Keep:
		return true, u.differs(j, objstore.Info{})
	case seen.blocked && u.blind(placeOf(&j.Sealed)) && !u.before(&j.Sealed): // it is there, and the policy hides whose it is
		return false, outcome{}
	case seen.blocked:
		return true, u.yield(outcome{
			it: j.it, contact: true, err: fmt.Errorf("put %s: %w", j.Key, objstore.ErrForbidden),
			what:   "an object is there already, and the policy forbids to look whose it is",
			remedy: "give these credentials s3:GetObject on the prefix",
		}, &j.Sealed)
	}
	switch v := judge(&j.Sealed, u.set.Instance, seen.info, seen.listed); {
	case v == equal:
		return true, outcome{it: j.it, is: adopted, info: seen.info, contact: true}
	case u.set.Existing == Keep:
		return true, u.differs(j, seen.info)
	case (v == ours || v == unclear) && u.before(&j.Sealed):
		return true, u.leave(outcome{
			it: j.it, contact: true, info: seen.info,
			what: "the bucket has it from before the ledger was lost, with other content: it is left alone",
		}, &j.Sealed)
	case v == ours, v == foreign && u.set.Existing == ReplaceAny:
		o.IfMatch = seen.info.ETag
		return false, outcome{}
	case v == unclear: // a listing is all that the policy allows; where that is for good, it forbids conditions on an ETag too
		if !u.blind(placeOf(&j.Sealed)) {
			o.IfMatch = seen.info.ETag
		}
		return false, outcome{}
	}
	who := "a program that is not millwright"
	if seen.info.Instance != "" {
		who = fmt.Sprintf("the instance %q", seen.info.Instance)
	}
	return true, u.yield(outcome{
		it: j.it, contact: true,
		err:    fmt.Errorf("put %s: conflict", j.Key),
		what:   fmt.Sprintf("the object was last written by %s and is left alone", who),
		remedy: fmt.Sprintf("two writers share the key: give each its own prefix or component name; if the object may go, delete s3://%s/%s and it is uploaded within 5 minutes", j.Bucket, j.Key),
	}, &j.Sealed)
}

// differs ends the attempt at an object that Keep leaves alone.
func (u *Uploader) differs(j job, found objstore.Info) outcome {
	if u.set.Differs != nil {
		u.set.Differs(j.Sealed, found)
	}
	return outcome{
		it: j.it, contact: true, quiet: true, err: fmt.Errorf("put %s: other content", j.Key),
		what: "the bucket holds other content at the key and it is left alone", remedy: "compare the two; replace it only when the new one is right",
	}
}

// putOnce puts with the condition, and without it where the store has none.
func (u *Uploader) putOnce(ctx context.Context, o objstore.Object) (objstore.Info, error) {
	if _, plain := u.plain.Load(o.Bucket); plain {
		o.IfNoneMatch, o.IfMatch = false, ""
	}
	info, err := u.store.Put(ctx, o)
	if objstore.KindOf(err) == objstore.KindUnsupported && (o.IfNoneMatch || o.IfMatch != "") {
		o.IfNoneMatch, o.IfMatch = false, ""
		if info, err = u.store.Put(ctx, o); err == nil {
			u.plain.Store(o.Bucket, struct{}{})
		}
	}
	return info, err
}

// look finds out what is at the key. A policy may forbid HEAD, or answer 403
// for what is not there; then a listing of the one key is tried. What neither
// tells is left to the PUT's condition.
func (u *Uploader) look(ctx context.Context, s *window.Sealed) (sight, error) {
	at := time.Now()
	info, err := u.head(ctx, s)
	switch kind := objstore.KindOf(err); {
	case err == nil:
		return sight{at: at, info: info}, nil
	case errors.Is(err, objstore.ErrNotFound):
		return sight{at: at, absent: true}, nil
	case kind != objstore.KindForbidden && kind != objstore.KindOther:
		return sight{}, err
	}
	found, err := u.listOne(ctx, s)
	switch {
	case err != nil:
		return sight{at: at, absent: true, blocked: true}, nil
	case found == nil:
		return sight{at: at, absent: true}, nil
	}
	return sight{at: at, info: *found, listed: true}, nil
}

// head asks for the metadata, and counts how often in a row it was forbidden.
func (u *Uploader) head(ctx context.Context, s *window.Sealed) (objstore.Info, error) {
	info, err := u.store.Head(ctx, s.Bucket, s.Key)
	n, _ := u.hidden.LoadOrStore(placeOf(s), new(atomic.Int32))
	switch {
	case errors.Is(err, objstore.ErrForbidden):
		n.(*atomic.Int32).Add(1)
	case err == nil:
		n.(*atomic.Int32).Store(0)
	}
	return info, err
}

// blind reports whether the policy at a place hides objects for good, so that
// puts go without a condition. A refusal now and then does not count: without
// conditions a PUT that was given up for lost may arrive after a later one.
func (u *Uploader) blind(p place) bool {
	n, ok := u.hidden.Load(p)
	return ok && n.(*atomic.Int32).Load() >= 8
}

func (u *Uploader) listOne(ctx context.Context, s *window.Sealed) (*objstore.Info, error) {
	var found *objstore.Info
	err := u.store.List(ctx, s.Bucket, s.Key, "", func(page []objstore.Info) (bool, error) {
		for i := range page {
			if page[i].Key == s.Key {
				in := page[i]
				found = &in
			}
		}
		return false, nil // the key itself is the first with it as a prefix
	})
	return found, err
}

// fail puts an error in words.
func (u *Uploader) fail(j job, err error, contact bool) outcome {
	what, remedy := objstore.Explain(err)
	kind := objstore.KindOf(err)
	return outcome{
		it: j.it, err: err, what: what, remedy: remedy, scope: kind.Scope(),
		contact: contact && kind != objstore.KindCanceled,
	}
}
