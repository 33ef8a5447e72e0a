package lake_test

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"millwright/inference/lake"
	"millwright/internal/objstore"
	"millwright/internal/series"
)

// TestDamagedObjectsAreErrors flips bytes of an object. What is read then is an
// error or wrong numbers, never a panic.
func TestDamagedObjectsAreErrors(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := r.must(r.put("d.csv", "pump", csvOf(history(1, 24, false))))
	o := m.Objects[0]
	whole, _, err := r.client.Get(t.Context(), r.bucket, o.Key, o.Size)
	if err != nil {
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(1, 1))
	failed := 0
	for range 300 {
		b := append([]byte(nil), whole...)
		for range 1 + rnd.IntN(4) {
			b[rnd.IntN(len(b))] ^= byte(1 << rnd.IntN(8))
		}
		if rnd.IntN(4) == 0 {
			b = b[:rnd.IntN(len(b))]
		}
		if _, err := r.client.Put(t.Context(), objstore.Object{Bucket: r.bucket, Key: "damaged", Body: b, Size: int64(len(b)), SHA256: sha256.Sum256(b), MD5: md5.Sum(b)}); err != nil {
			t.Fatal(err)
		}
		bad := o
		bad.Key = "damaged"
		if err := r.lake().Raw(t.Context(), []lake.Object{bad}, "pump", kinds, math.MinInt64, math.MaxInt64, func(*series.Batch) error { return nil }); err != nil {
			failed++
		}
	}
	if failed < 100 {
		t.Errorf("only %d of 300 were noticed", failed)
	}
}

// rotten is a store that gives back other bytes than it was given.
type rotten struct{ *objstore.Client }

func (r rotten) Get(ctx context.Context, bucket, key string, limit int64) ([]byte, objstore.Info, error) {
	b, info, err := r.Client.Get(ctx, bucket, key, limit)
	if err == nil {
		b[len(b)/2] ^= 1
	}
	return b, info, err
}

func (r rotten) Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (objstore.Info, error) {
	b, info, err := r.Get(ctx, bucket, key, limit)
	if err == nil {
		_, err = w.Write(b)
	}
	return info, err
}

func TestWrongBytesAreNoticed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	small := r.must(r.put("small.csv", "pump", csvOf(history(1, 24, false)))).Objects[0]
	var b strings.Builder
	b.WriteString("Timestamp,noise\n")
	rnd := rand.New(rand.NewPCG(1, 1))
	for i := range 60_000 {
		fmt.Fprintf(&b, "2024-01-01T%02d:%02d:%02d,%v\n", i/3600, i/60%60, i%60, rnd.Float64())
	}
	large := r.must(r.put("large.csv", "pump", b.String())).Objects[0]
	if large.Size < 256<<10 {
		t.Fatal(large.Size)
	}
	for _, o := range []lake.Object{small, large} {
		read := func(store lake.Store) error {
			return lake.New(store, r.o, nopLog()).Raw(t.Context(), []lake.Object{o}, "pump", kinds, math.MinInt64, math.MaxInt64, func(*series.Batch) error { return nil })
		}
		if err := read(r.client); err != nil {
			t.Error(err)
		}
		if err := read(rotten{r.client}); err == nil || !strings.Contains(err.Error(), "not what was written") {
			t.Error(err)
		}
	}
}
