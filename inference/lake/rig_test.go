package lake_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"

	"millwright/inference/lake"
	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "30") // each writes to a bucket; a flag of the command line is stronger
	os.Exit(s3test.Main(m))
}

// rig is a lake over a bucket of a real server. Sources and the lake share it.
type rig struct {
	t      testing.TB
	client *objstore.Client
	bucket string
	o      lake.Options
}

func newRig(t testing.TB) *rig {
	t.Helper()
	s := s3test.New(t)
	return &rig{t: t, client: s.Client(t, ""), bucket: s.Bucket, o: lake.Options{Bucket: s.Bucket, Scratch: t.TempDir()}}
}

func nopLog() *zap.Logger { return zap.NewNop() }

func (r *rig) lake() *lake.Lake { return lake.New(r.client, r.o, zap.NewNop()) }

// put stores a source object and gives the File for it.
func (r *rig) put(key, component, content string) lake.File {
	r.t.Helper()
	b := []byte(content)
	info, err := r.client.Put(r.t.Context(), objstore.Object{Bucket: r.bucket, Key: key, Body: b, Size: int64(len(b)), SHA256: sha256.Sum256(b), MD5: md5.Sum(b)})
	if err != nil {
		r.t.Fatal(err)
	}
	return lake.File{Dataset: "ds", Ingestion: "in", Bucket: r.bucket, Key: key, ETag: info.ETag, Size: int64(len(b)), Component: component}
}

func (r *rig) ingest(f lake.File) (*lake.Manifest, error) {
	return r.lake().Ingest(r.t.Context(), f, lake.Checkpoint{}, func(context.Context, lake.Checkpoint) error { return nil })
}

func (r *rig) must(f lake.File) *lake.Manifest {
	r.t.Helper()
	m, err := r.ingest(f)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// listing is keys and ETags under a prefix, without it.
func (r *rig) listing(prefix string) []string {
	r.t.Helper()
	var all []string
	err := r.client.List(r.t.Context(), r.bucket, prefix, "", func(page []objstore.Info) (bool, error) {
		for _, o := range page {
			all = append(all, strings.TrimPrefix(o.Key, prefix)+" "+o.ETag)
		}
		return true, nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

var errKilled = errors.New("killed")

// killer is a store that dies at the nth write: before it, or right after it.
type killer struct {
	lake.Store
	left  atomic.Int64
	after bool
}

func (k *killer) write(do func() error) error {
	n := k.left.Add(-1)
	if n < 0 || n == 0 && !k.after {
		return errKilled
	}
	err := do()
	if n == 0 {
		return errKilled
	}
	return err
}

func (k *killer) Put(ctx context.Context, o objstore.Object) (info objstore.Info, err error) {
	err = k.write(func() error { info, err = k.Store.Put(ctx, o); return err })
	return info, err
}

func (k *killer) PutFile(ctx context.Context, o objstore.Object) (info objstore.Info, err error) {
	err = k.write(func() error { info, err = k.Store.PutFile(ctx, o); return err })
	return info, err
}

func (k *killer) Delete(ctx context.Context, bucket, key string) error {
	return k.write(func() error { return k.Store.Delete(ctx, bucket, key) })
}

func same[T comparable](t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, got, want []T,
) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Fatalf("%s: %s", what, difference(got, want))
	}
}

func difference[T comparable](got, want []T) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%d of %d are missing, the first is %v", len(want)-i, len(want), want[i])
		case i >= len(want):
			return fmt.Sprintf("%d more than %d, the first is %v", len(got)-i, len(want), got[i])
		case got[i] != want[i]:
			return fmt.Sprintf("number %d is %v, not %v", i, got[i], want[i])
		}
	}
	return "equal"
}
