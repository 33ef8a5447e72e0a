package upload

import (
	"context"
	"errors"
	"fmt"

	"millwright/internal/objstore"
)

// check looks at what the store holds after a PUT (promise 4).
func (u *Uploader) check(ctx context.Context, j job, out outcome) outcome {
	info, err := u.head(ctx, &j.Sealed)
	listed := false
	switch kind := objstore.KindOf(err); {
	case err == nil:
	case errors.Is(err, objstore.ErrNotFound):
		return u.lost(j, out, "the object is not in the bucket after its upload")
	case kind == objstore.KindForbidden || kind == objstore.KindOther:
		found, lerr := u.listOne(ctx, &j.Sealed)
		if lerr != nil {
			if k := objstore.KindOf(lerr); k != objstore.KindForbidden && k != objstore.KindOther && k != objstore.KindUnsupported {
				return u.fail(j, lerr, true)
			}
			return unverifiable(out, "the policy forbids to look at objects")
		}
		if found == nil {
			return u.lost(j, out, "the object is not in the bucket after its upload")
		}
		info, listed = *found, true
	default:
		return u.fail(j, err, true)
	}
	return u.compare(j, out, info, listed)
}

// compare settles an upload by what the store says of the object.
func (u *Uploader) compare(j job, out outcome, info objstore.Info, listed bool) outcome {
	switch checked(&j.Sealed, info, listed, out.info, j.odd) {
	case equal:
		out.is, out.info = verified, info
		return out
	case unclear:
		if listed {
			return unverifiable(out, "the policy forbids to look at objects, and the store's ETags are no MD5")
		}
		return unverifiable(out, "the store's ETags are not the MD5 of what was sent")
	case ours:
		u.distrust(j.Bucket)
		out = u.lost(j, out, fmt.Sprintf("the store holds other bytes than were sent (ETag %s, sent %s)", info.ETag, out.info.ETag))
		out.odd = true
		return out
	}
	return u.lost(j, out, "the object was replaced right after its upload")
}

// lost is an upload whose check failed: it is done again.
func (u *Uploader) lost(j job, out outcome, what string) outcome {
	return outcome{
		it: j.it, contact: true, took: out.took, err: fmt.Errorf("check %s: %s", j.Key, what), what: what,
		remedy: "it is uploaded again; if it repeats, look for another program that writes or deletes there, and for a proxy that alters requests",
	}
}

func unverifiable(out outcome, why string) outcome {
	out.is = unverified
	out.what = "uploaded, but not checked: " + why
	out.remedy = "give these credentials s3:GetObject on the prefix, or s3:ListBucket on the bucket"
	return out
}

// checkMany checks uploads of many windows with few listings, and asks for one
// by one what listings do not tell.
func (u *Uploader) checkMany(ctx context.Context, jobs []job, outs []outcome) []outcome {
	byBucket := map[string][]int{}
	for i := range jobs {
		byBucket[jobs[i].Bucket] = append(byBucket[jobs[i].Bucket], i)
	}
	var rest []int
	for bucket, ids := range byBucket {
		keys := make([]string, len(ids))
		for k, i := range ids {
			keys[k] = jobs[i].Key
		}
		sights := u.survey(ctx, bucket, keys)
		for k, i := range ids {
			s := sights[k]
			if s.at.IsZero() || s.absent || checked(&jobs[i].Sealed, s.info, true, outs[i].info, jobs[i].odd) != equal {
				rest = append(rest, i)
				continue
			}
			outs[i] = u.compare(jobs[i], outs[i], s.info, true)
		}
	}
	u.each(rest, func(i int) { outs[i] = u.check(ctx, jobs[i], outs[i]) })
	return outs
}

// each runs fn for all of ids, a few at a time.
func (u *Uploader) each(ids []int, fn func(int)) {
	const atOnce = 8
	next := make(chan int)
	done := make(chan struct{})
	for range min(atOnce, len(ids)) {
		go func() {
			defer func() { done <- struct{}{} }()
			for i := range next {
				fn(i)
			}
		}()
	}
	for _, i := range ids {
		next <- i
	}
	close(next)
	for range min(atOnce, len(ids)) {
		<-done
	}
}
