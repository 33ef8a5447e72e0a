package objstore_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/zap"

	"millwright/internal/objstore"
)

// Both ends of the connection are in the figure.
func benchClient(b *testing.B) *objstore.Client {
	b.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(srv.Close)
	name := filepath.Join(b.TempDir(), "credentials")
	if err := os.WriteFile(name, []byte("[default]\naws_access_key_id=a\naws_secret_access_key=b\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	c, err := objstore.New(b.Context(), objstore.Settings{Endpoint: srv.URL, PathStyle: true, CredentialsFile: name}, zap.NewNop())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkPut(b *testing.B) {
	c := benchClient(b)
	o := object("plant", "", bytes.Repeat([]byte("01234567"), 7000))
	b.SetBytes(o.Size)
	b.ReportAllocs()
	for i := range b.N {
		o.Key = fmt.Sprintf("in/pump_%d.csv", i)
		if _, err := c.Put(b.Context(), o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHead(b *testing.B) {
	c := benchClient(b)
	b.ReportAllocs()
	for range b.N {
		if _, err := c.Head(b.Context(), "plant", "in/pump_20260102030405.csv"); err != nil {
			b.Fatal(err)
		}
	}
}
