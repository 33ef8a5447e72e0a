package objstore_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func TestDownloadFrom(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	c := srv.Client(t, "")
	const key = "train/pump 7/a+b.csv"
	body := bytes.Repeat([]byte("2026-01-05T08:00:00,1.5\n"), 5000)
	put, err := c.Put(t.Context(), objstore.Object{Bucket: srv.Bucket, Key: key, Body: body, Size: int64(len(body)), MD5: md5.Sum(body), SHA256: sha256.Sum256(body)})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{0, 1, 65_537, len(body) - 1, len(body)} {
		var b bytes.Buffer
		in, err := c.DownloadFrom(t.Context(), srv.Bucket, key, put.ETag, int64(at), math.MaxInt64-1, &b)
		if err != nil || !bytes.Equal(b.Bytes(), body[at:]) || in.Size != int64(len(body)-at) || in.ETag != put.ETag {
			t.Errorf("from %d: %d bytes, %+v, %v", at, b.Len(), in, err)
		}
	}
	if _, err := c.DownloadFrom(t.Context(), srv.Bucket, key, put.ETag, int64(len(body)+1), 1<<20, &bytes.Buffer{}); err == nil {
		t.Error("it begins after the object's end")
	}
	for _, at := range []int64{5, int64(len(body))} {
		if _, err := c.DownloadFrom(t.Context(), srv.Bucket, key, "0123456789abcdef0123456789abcdef", at, 1<<20, &bytes.Buffer{}); !errors.Is(err, objstore.ErrExists) {
			t.Error("of another object:", err)
		}
	}
	var b bytes.Buffer
	if _, err := c.DownloadFrom(t.Context(), srv.Bucket, key, put.ETag, 10, int64(len(body)-11), &b); !errors.Is(err, objstore.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := c.DownloadFrom(t.Context(), srv.Bucket, key, put.ETag, 10, int64(len(body)-10), &b); err != nil {
		t.Error(err)
	}
	if _, err := c.DownloadFrom(t.Context(), srv.Bucket, "none", put.ETag, 10, 1, &b); !errors.Is(err, objstore.ErrNotFound) {
		t.Error(err)
	}
}

// Some stores know no ranges or conditions, some answer another range.
func TestDownloadFromStoresThatKnowLess(t *testing.T) {
	t.Parallel()
	const all = "0123456789"
	for _, c := range []struct {
		name   string
		answer func(http.ResponseWriter)
		want   string // "": an error
	}{
		{"no ranges", func(w http.ResponseWriter) { w.Header().Set("ETag", `"e"`); _, _ = w.Write([]byte(all)) }, "456789"},
		{"no conditions", func(w http.ResponseWriter) { w.Header().Set("ETag", `"f"`); _, _ = w.Write([]byte(all)) }, ""},
		{"too short", func(w http.ResponseWriter) { w.Header().Set("ETag", `"e"`); _, _ = w.Write([]byte("012")) }, ""},
		{"another range", func(w http.ResponseWriter) {
			w.Header().Set("ETag", `"e"`)
			w.Header().Set("Content-Range", "bytes 0-9/10")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write([]byte(all))
		}, ""},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "bytes=4-" || r.Header.Get("If-Match") != `"e"` {
				t.Errorf("%s: asked with %v", c.name, r.Header)
			}
			c.answer(w)
		}))
		var b bytes.Buffer
		_, err := storeAt(t, srv.URL).DownloadFrom(t.Context(), "plant", "k", "e", 4, 1<<20, &b)
		srv.Close()
		if (err == nil) != (c.want != "") || b.String() != c.want {
			t.Errorf("%s: %q, %v", c.name, b.String(), err)
		}
	}
}

func TestPutSaysWhatTheContentIs(t *testing.T) {
	t.Parallel()
	var got []string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = append(got, r.Header.Get("Content-Type")) }))
	defer srv.Close()
	c := storeAt(t, srv.URL)
	for _, kind := range []string{"", "application/jsonl"} {
		o := object("plant", "k", []byte("{}\n"))
		o.Type = kind
		if _, err := c.Put(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 2 || got[0] != "text/csv" || got[1] != "application/jsonl" {
		t.Error(got)
	}
}

// storeAt is a client of a server that believes everybody.
func storeAt(t *testing.T, url string) *objstore.Client {
	t.Helper()
	name := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(name, []byte("[default]\naws_access_key_id=a\naws_secret_access_key=b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := objstore.New(t.Context(), objstore.Settings{Endpoint: url, PathStyle: true, CredentialsFile: name}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return c
}
