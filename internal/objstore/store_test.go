package objstore_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestMain(m *testing.M) { os.Exit(s3test.Main(m)) }

func object(bucket, key string, body []byte) objstore.Object {
	return objstore.Object{
		Bucket: bucket, Key: key, Body: body, Size: int64(len(body)),
		SHA256: sha256.Sum256(body), MD5: md5.Sum(body), Instance: "gw-17", Generation: 2,
	}
}

func TestPutHeadGetOddKeys(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	ctx := t.Context()
	for _, key := range []string{
		"in/pump-7_20260102030405.csv", "in/pump 7_2026-01-02-03-04-05.csv", "out/2026-01-02T03:04:05Z/results.jsonl",
		"in/ü+&=?%20#.csv", "a//b.csv", "in/($!*')~.csv",
	} {
		o := object(srv.Bucket, key, []byte("Timestamp,flow\n"+key))
		put, err := c.Put(ctx, o)
		if err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		in, err := c.Head(ctx, srv.Bucket, key)
		if err != nil {
			t.Errorf("%q: %v", key, err)
			continue
		}
		if in.ETag != hex.EncodeToString(o.MD5[:]) || in.ETag != put.ETag || in.Size != o.Size ||
			in.SHA256 != hex.EncodeToString(o.SHA256[:]) || in.Instance != "gw-17" || in.Generation != 2 || in.LastModified.IsZero() {
			t.Errorf("%q: %+v", key, in)
		}
		got, in2, err := c.Get(ctx, srv.Bucket, key, 1<<10)
		if err != nil || !bytes.Equal(got, o.Body) || in2.Generation != 2 || in2.Instance != "gw-17" {
			t.Errorf("%q: get %q %+v %v", key, got, in2, err)
		}
		if _, _, err := c.Get(ctx, srv.Bucket, key, 3); !errors.Is(err, objstore.ErrTooLarge) {
			t.Errorf("%q: limit: %v", key, err)
		}
		if err := c.Delete(ctx, srv.Bucket, key); err != nil {
			t.Error(err)
		}
		if _, err := c.Head(ctx, srv.Bucket, key); !errors.Is(err, objstore.ErrNotFound) {
			t.Errorf("%q: after delete: %v", key, err)
		}
	}
}

func TestPutConditions(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	o := object(srv.Bucket, "k", []byte("one"))
	o.IfNoneMatch = true
	first, err := c.Put(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), o); !errors.Is(err, objstore.ErrExists) {
		t.Errorf("existing object replaced: %v", err)
	}
	two := object(srv.Bucket, "k", []byte("two"))
	two.IfMatch = first.ETag
	if _, err := c.Put(t.Context(), two); err != nil {
		t.Error(err)
	}
	if _, err := c.Put(t.Context(), two); !errors.Is(err, objstore.ErrExists) {
		t.Errorf("changed object replaced: %v", err)
	}
}

func TestPutWrongDigest(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	o := object(srv.Bucket, "k", []byte("one"))
	o.Body = []byte("two")
	if _, err := c.Put(t.Context(), o); objstore.KindOf(err) != objstore.KindDigest {
		t.Errorf("damaged body: %v, kind %d", err, objstore.KindOf(err))
	}
	o.Body = []byte("longer")
	if _, err := c.Put(t.Context(), o); err == nil {
		t.Error("wrong size accepted")
	}
	o.Body, o.File = nil, filepath.Join(t.TempDir(), "missing")
	if _, err := c.Put(t.Context(), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

func TestPutFromFileAndEmpty(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	o := object(srv.Bucket, "file", body)
	o.Body, o.File = nil, filepath.Join(t.TempDir(), "f.csv")
	if err := os.WriteFile(o.File, body, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	got, _, err := c.Get(t.Context(), srv.Bucket, "file", 1<<20)
	if err != nil || !bytes.Equal(got, body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if _, err := c.Put(t.Context(), object(srv.Bucket, "empty", nil)); err != nil {
		t.Error(err)
	}
}

func TestPutFileInParts(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	body := make([]byte, 17<<20+3)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range body {
		body[i] = byte(r.Uint32())
	}
	name := filepath.Join(t.TempDir(), "train.csv")
	if err := os.WriteFile(name, body, 0o600); err != nil {
		t.Fatal(err)
	}
	lim := rate.NewLimiter(1<<30, 1<<20)
	ctx := objstore.WithLimit(t.Context(), func(ctx context.Context, n int) error { return lim.WaitN(ctx, n) })
	o := objstore.Object{Bucket: srv.Bucket, Key: "train/pump.csv", File: name, Size: int64(len(body)), SHA256: sha256.Sum256(body), Instance: "gw", Generation: 1}
	if _, err := c.PutFile(ctx, o); err != nil {
		t.Fatal(err)
	}
	in, err := c.Head(t.Context(), srv.Bucket, o.Key)
	if err != nil || in.Size != o.Size || in.SHA256 != hex.EncodeToString(o.SHA256[:]) {
		t.Errorf("%+v %v", in, err)
	}
	got, _, err := c.Get(t.Context(), srv.Bucket, o.Key, 32<<20)
	if err != nil || sha256.Sum256(got) != o.SHA256 {
		t.Errorf("content differs: %v", err)
	}
	o.Size--
	if _, err := c.PutFile(t.Context(), o); err == nil {
		t.Error("a file that grew was accepted")
	}
}

func TestPutFileCancelledLeavesNoParts(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	name := filepath.Join(t.TempDir(), "train.csv")
	if err := os.WriteFile(name, make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ctx = objstore.WithLimit(ctx, func(ctx context.Context, n int) error {
		cancel()
		return ctx.Err()
	})
	_, err := c.PutFile(ctx, objstore.Object{Bucket: srv.Bucket, Key: "t.csv", File: name, Size: 20 << 20})
	if err == nil || objstore.KindOf(err) != objstore.KindCanceled {
		t.Errorf("%v", err)
	}
	if _, err := c.Head(t.Context(), srv.Bucket, "t.csv"); !errors.Is(err, objstore.ErrNotFound) {
		t.Error(err)
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	var want []string
	for i := range 1203 {
		key := fmt.Sprintf("in/k%05d.csv", i)
		if _, err := c.Put(t.Context(), object(srv.Bucket, key, []byte(key))); err != nil {
			t.Fatal(err)
		}
		want = append(want, key)
	}
	read := func(prefix, after string, stop int) []string {
		var got []string
		err := c.List(t.Context(), srv.Bucket, prefix, after, func(page []objstore.Info) (bool, error) {
			for _, in := range page {
				if in.Size != int64(len(in.Key)) || in.ETag == "" {
					t.Errorf("%+v", in)
				}
				got = append(got, in.Key)
			}
			return stop == 0 || len(got) < stop, nil
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	if got := read("in/", "", 0); !slices.Equal(got, want) {
		t.Errorf("%d keys of %d", len(got), len(want))
	}
	if got := read("in/", want[1200], 0); !slices.Equal(got, want[1201:]) {
		t.Errorf("after: %v", got)
	}
	if got := read("in/", "", 1); len(got) != 1000 {
		t.Errorf("stopped after %d", len(got))
	}
	if got := read("other/", "", 0); len(got) != 0 {
		t.Errorf("%v", got)
	}
	boom := errors.New("boom")
	if err := c.List(t.Context(), srv.Bucket, "", "", func([]objstore.Info) (bool, error) { return true, boom }); !errors.Is(err, boom) {
		t.Error(err)
	}
}

func TestBucketsAndStoreTime(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	if err := c.HeadBucket(t.Context(), srv.Bucket); err != nil {
		t.Error(err)
	}
	if err := c.CreateBucket(t.Context(), srv.Bucket); err != nil {
		t.Error("a bucket of ours:", err)
	}
	if err := c.HeadBucket(t.Context(), "missing-bucket"); err == nil {
		t.Error("a missing bucket was found")
	}
	_, err := c.Put(t.Context(), object("missing-bucket", "k", []byte("x")))
	if objstore.KindOf(err) != objstore.KindNoBucket {
		t.Errorf("%v", err)
	}
	store, local, err := c.StoreTime(t.Context(), srv.Bucket)
	if err != nil || store.Sub(local).Abs() > 10*time.Second { // its Date may be two seconds old
		t.Errorf("%s %s %v", store, local, err)
	}
	fresh := srv.Client(t, "")
	if _, _, err := fresh.StoreTime(t.Context(), srv.Bucket); err != nil {
		t.Error("without an earlier answer:", err)
	}
}

// Without an MD5 the store checks the SHA-256, which it also answers when asked.
func TestPutVouched(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	for _, withMD5 := range []bool{true, false} {
		for _, vouch := range []bool{true, false} {
			o := object(srv.Bucket, "k", []byte("one"))
			tag := hex.EncodeToString(o.MD5[:])
			if !withMD5 {
				o.MD5 = [md5.Size]byte{}
			}
			o.Vouch = vouch
			if in, err := c.Put(t.Context(), o); err != nil || in.Vouched != vouch || in.ETag != tag {
				t.Errorf("MD5 %v, vouch %v: %+v, %v", withMD5, vouch, in, err)
			}
			o.Body = []byte("two")
			if in, err := c.Put(t.Context(), o); objstore.KindOf(err) != objstore.KindDigest || in.Vouched {
				t.Errorf("MD5 %v, vouch %v, damaged body: %v, kind %d", withMD5, vouch, err, objstore.KindOf(err))
			}
		}
	}
}
