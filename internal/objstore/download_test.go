package objstore_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"testing"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestDownload(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	body := bytes.Repeat([]byte("a line of a result\n"), 5000)
	put, err := c.Put(t.Context(), objstore.Object{Bucket: srv.Bucket, Key: "out/2026-01-05T08:00:00Z/results.jsonl", Body: body, Size: int64(len(body)), MD5: md5.Sum(body), SHA256: sha256.Sum256(body)})
	if err != nil {
		t.Fatal(err)
	}
	get := func(key, known string, limit int64) (string, objstore.Info, error) {
		var b bytes.Buffer
		in, err := c.Download(t.Context(), srv.Bucket, key, known, limit, &b)
		return b.String(), in, err
	}
	const key = "out/2026-01-05T08:00:00Z/results.jsonl"
	got, in, err := get(key, "", int64(len(body)))
	if err != nil || got != string(body) || in.ETag != put.ETag || in.Size != int64(len(body)) {
		t.Errorf("%d bytes, %+v, %v", len(got), in, err)
	}
	if got, _, err := get(key, "0123456789abcdef0123456789abcdef", 1<<20); err != nil || got != string(body) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, _, err := get(key, put.ETag, 1<<20); !errors.Is(err, objstore.ErrSame) || got != "" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, in, err := get(key, "", int64(len(body))-1); !errors.Is(err, objstore.ErrTooLarge) || got != "" || in.ETag != put.ETag {
		t.Errorf("%d bytes, %+v, %v", len(got), in, err)
	}
	if _, _, err := get("out/none", "", 1); !errors.Is(err, objstore.ErrNotFound) {
		t.Error(err)
	}
	if _, err := c.Download(t.Context(), "no-such-bucket", "k", "", 1, &bytes.Buffer{}); objstore.KindOf(err) != objstore.KindNoBucket {
		t.Error(err)
	}
}
