package s3server_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap/zaptest"

	"millwright/internal/objstore"
	"millwright/internal/s3server"
)

// One process holds one server: these run one after the other.

func TestStartServeClose(t *testing.T) {
	for _, sidecar := range []bool{false, true} {
		dir := t.TempDir()
		cred := filepath.Join(dir, "credentials")
		if err := os.WriteFile(cred, []byte("[default]\naws_access_key_id=a\naws_secret_access_key=secret-key\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		srv, err := s3server.Start(t.Context(), s3server.Options{Dir: filepath.Join(dir, "s3"), AccessKey: "a", SecretKey: "secret-key", Sidecar: sidecar})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = srv.Close() })
		if sidecar && !srv.Sidecar {
			t.Error("sidecar was asked for")
		}
		c, err := objstore.New(t.Context(), objstore.Settings{Endpoint: srv.Endpoint, PathStyle: true, CredentialsFile: cred}, zaptest.NewLogger(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CreateBucket(t.Context(), "plant"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Put(t.Context(), objstore.Object{Bucket: "plant", Key: "k", Body: nil, Instance: "gw", Generation: 3, MD5: [16]byte{0xd4, 0x1d, 0x8c, 0xd9, 0x8f, 0, 0xb2, 4, 0xe9, 0x80, 9, 0x98, 0xec, 0xf8, 0x42, 0x7e}, SHA256: emptySum}); err != nil {
			t.Fatal(err)
		}
		in, err := c.Head(t.Context(), "plant", "k")
		if err != nil || in.Instance != "gw" || in.Generation != 3 {
			t.Errorf("head: %+v, %v: metadata must survive", in, err)
		}
		if _, err := s3server.Start(t.Context(), s3server.Options{Dir: dir, AccessKey: "a", SecretKey: "b"}); err == nil || !strings.Contains(err.Error(), "one") && !strings.Contains(err.Error(), "another") {
			t.Errorf("second server: %v", err)
		}
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := srv.Close(); err != nil {
			t.Error("Close must be safe twice:", err)
		}
		if _, err := http.Get(srv.Endpoint); err == nil {
			t.Error("it still answers after Close")
		}
	}
}

func TestEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv, err := s3server.Start(ctx, s3server.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for err == nil { // it answers until it has seen that
		var resp *http.Response
		if resp, err = http.Get(srv.Endpoint); err == nil {
			resp.Body.Close()
		}
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}

func TestBadOptions(t *testing.T) {
	for name, o := range map[string]s3server.Options{
		"no keys":     {Dir: t.TempDir()},
		"no address":  {Dir: t.TempDir(), AccessKey: "a", SecretKey: "b", Listen: "nowhere"},
		"unusable":    {Dir: "/proc/none", AccessKey: "a", SecretKey: "b"},
		"busy/absent": {Dir: t.TempDir(), AccessKey: "a", SecretKey: "b", Listen: "192.0.2.1:1"},
	} {
		if _, err := s3server.Start(t.Context(), o); err == nil {
			t.Error(name, "was accepted")
		}
	}
}

var emptySum = [32]byte{0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}

// HTTP clients dial ahead: a connection that has sent nothing yet is no request.
func TestSilentConnectionsDoNotFailClose(t *testing.T) {
	srv, err := s3server.Start(t.Context(), s3server.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(srv.Endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
	c.Close() // it goes on until it has seen that, and the next one waits for it
	next, err := s3server.Start(t.Context(), s3server.Options{Dir: t.TempDir(), AccessKey: "a", SecretKey: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Error(err)
	}
}
