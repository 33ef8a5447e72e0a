package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"millwright/config"
	"millwright/internal/objstore"
)

// Store is the part of objstore.Client that the checks use. Errors are explained
// by objstore.Explain.
type Store interface {
	HeadBucket(ctx context.Context, bucket string) error
	List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []objstore.Info) (bool, error)) error
	Put(ctx context.Context, o objstore.Object) (objstore.Info, error)
	Head(ctx context.Context, bucket, key string) (objstore.Info, error)
	Delete(ctx context.Context, bucket, key string) error
	StoreTime(ctx context.Context, bucket string) (store, local time.Time, err error)
}

var _ Store = (*objstore.Client)(nil)

const (
	clockWarn  = 30 * time.Second
	clockFault = 5 * time.Minute
)

// Buckets checks what the agent needs of the store: writing and looking below
// every input prefix, listing below every output prefix, and a clock that agrees.
func Buckets(ctx context.Context, cfg *config.Config, store Store) Report {
	r := Report{cfg: cfg}
	reached := map[string]bool{} // by bucket
	inputs, outputs := map[string]bool{}, map[string]bool{}
	for i := range cfg.Schedulers {
		key, s := fmt.Sprintf("schedulers[%d]", i), &cfg.Schedulers[i]
		if r.bucket(ctx, store, reached, key+".input.bucket", s.Input.Bucket) && first(inputs, s.Input.Bucket+"/"+s.Input.Prefix) {
			r.input(ctx, store, key+".input", s.Input.Bucket, s.Input.Prefix)
		}
		if r.bucket(ctx, store, reached, key+".output.bucket", s.Output.Bucket) && first(outputs, s.Output.Bucket+"/"+s.Output.Prefix) {
			r.output(ctx, store, key+".output", s.Output.Bucket, s.Output.Prefix)
		}
		if t := s.Training; t.Bucket != "" && r.bucket(ctx, store, reached, key+".training.bucket", t.Bucket) && first(inputs, t.Bucket+"/"+t.Prefix) {
			r.input(ctx, store, key+".training", t.Bucket, t.Prefix)
		}
	}
	return r
}

// bucket asks for a bucket once, and for the clock with the first that answers.
// A policy may forbid the question and still allow all that is needed.
func (r *Report) bucket(ctx context.Context, store Store, reached map[string]bool, key, bucket string) bool {
	if ok, asked := reached[bucket]; asked {
		return ok
	}
	err := store.HeadBucket(ctx, bucket)
	reached[bucket] = err == nil || errors.Is(err, objstore.ErrForbidden)
	if !reached[bucket] {
		r.failed(key, "cannot be reached", err)
		return false
	}
	if len(reached) == 1 {
		r.clock(ctx, store, bucket)
	}
	return true
}

func (r *Report) clock(ctx context.Context, store Store, bucket string) {
	theirs, ours, err := store.StoreTime(ctx, bucket)
	if err != nil {
		r.warnFailed("s3", "the store's clock cannot be asked for", err)
		return
	}
	off := ours.Sub(theirs).Round(time.Second)
	text := fmt.Sprintf("this machine's clock is %s ahead of the store's", off)
	if off < 0 {
		text = fmt.Sprintf("this machine's clock is %s behind the store's", -off)
	}
	const remedy = "set it, and keep it by NTP (timedatectl set-ntp true)"
	switch {
	case off.Abs() > clockFault:
		r.fault("s3", text+": requests are refused, and windows close at the wrong time", remedy)
	case off.Abs() > clockWarn:
		r.warn("s3", text+": windows close at the wrong time", remedy)
	}
}

// input puts a small object, looks at it and removes it again.
func (r *Report) input(ctx context.Context, store Store, key, bucket, prefix string) {
	body := []byte("written by 'millwright config check', may be deleted\n")
	probe := prefix + ".millwright-check-" + r.cfg.Instance
	o := objstore.Whole(bucket, probe, body)
	o.Instance = r.cfg.Instance
	_, err := store.Put(ctx, o)
	if err != nil {
		r.failed(key, "nothing can be written below "+where(bucket, prefix), err)
		return
	}
	if _, err = store.Head(ctx, bucket, probe); err != nil {
		r.warnFailed(key, "what is written cannot be looked at, so windows stay unverified", err)
	}
	if err = store.Delete(ctx, bucket, probe); err != nil {
		r.warnFailed(key, "the probe "+where(bucket, probe)+" cannot be deleted, which the agent never does", err)
	}
}

func (r *Report) output(ctx context.Context, store Store, key, bucket, prefix string) {
	one := func([]objstore.Info) (bool, error) { return false, nil }
	if err := store.List(ctx, bucket, prefix, "", one); err != nil {
		r.failed(key, "results below "+where(bucket, prefix)+" cannot be listed", err)
	}
}

func (r *Report) failed(key, what string, err error) {
	problem, remedy := objstore.Explain(err)
	r.fault(key, what+": "+problem, remedy)
}

func (r *Report) warnFailed(key, what string, err error) {
	problem, remedy := objstore.Explain(err)
	r.warn(key, what+": "+problem, remedy)
}

func where(bucket, key string) string { return "s3://" + bucket + "/" + key }

// first tells whether key is new to seen.
func first(seen map[string]bool, key string) bool {
	was := seen[key]
	seen[key] = true
	return !was
}
