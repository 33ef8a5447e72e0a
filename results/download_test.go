package results

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"io"
	"testing"
	"time"

	"millwright/internal/objstore"
	"millwright/internal/window"
)

// replacing is a store whose reads meet a write: the first ones give the bytes of
// before with the tag of what comes after.
type replacing struct {
	Store
	body  []byte
	tags  []string // of the reads in turn; then the store itself answers
	reads int
}

func (r *replacing) Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error) {
	r.reads++
	if r.reads <= len(r.tags) {
		_, err := w.Write(r.body)
		return objstore.Info{Key: key, ETag: r.tags[r.reads-1], Size: int64(len(r.body))}, err
	}
	return r.Store.Download(ctx, bucket, key, known, limit, w)
}

func tag(body []byte) string {
	sum := md5.Sum(body)
	return hex.EncodeToString(sum[:])
}

func TestReadThatMeetsAWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	whole := r.lines(0, 0.1, 0.2, 0.3)
	r.put(0, whole)
	meets := &replacing{Store: r.store, body: whole[:len(whole)-20], tags: []string{tag(whole)}}
	r.f.r.store = meets
	r.until(wake + time.Minute)
	r.is(0, window.Delivered)
	r.onSite(0, whole)
	if meets.reads != 2 {
		t.Errorf("%d reads", meets.reads)
	}
}

// TestLongWrite of a store that gives old bytes with the new tag for a while:
// they are refused, the tag is not.
func TestLongWrite(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	whole := r.lines(0, 0.1, 0.2, 0.3)
	r.put(0, whole)
	r.f.r.store = &replacing{Store: r.store, body: whole[:len(whole)-20], tags: []string{tag(whole), tag(whole)}}
	r.until(wake + 3*time.Minute)
	r.is(0, window.Delivered)
	r.onSite(0, whole)
}

// TestTagsThatAreNoMD5 of a store whose tags look like one: the result comes,
// and is read twice for it.
func TestTagsThatAreNoMD5(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.uploaded(0)
	whole := r.lines(0, 0.1, 0.2, 0.3)
	odd := tag([]byte("something else"))
	other := &replacing{Store: r.store, body: whole, tags: []string{odd, odd}}
	r.f.r.store = other
	r.until(wake + 20*time.Second)
	if o := r.is(0, window.Delivered); o.ETag != odd || other.reads != 2 {
		t.Errorf("%+v after %d reads", o, other.reads)
	}
	r.onSite(0, whole)
}
