package objstore_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap/zaptest"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

// The SDK's own chain, as a gateway uses it: a rotated shared credentials file
// is followed, and credential_process is asked. Not parallel: it sets the
// environment.
func TestChain(t *testing.T) {
	srv := s3test.New(t)
	dir := t.TempDir()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(dir, "credentials"))
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(dir, "config"))
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_CA_BUNDLE"} {
		t.Setenv(name, "")
	}
	c, err := objstore.New(t.Context(), objstore.Settings{Endpoint: srv.Endpoint, PathStyle: true}, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	if c.Region() != "us-east-1" {
		t.Error(c.Region())
	}
	put := func() error {
		_, err := c.Put(t.Context(), object(srv.Bucket, "k", []byte("x")))
		return err
	}
	if err := put(); objstore.KindOf(err) != objstore.KindNoCredentials {
		t.Fatalf("without any: %v", err)
	}
	writeKeys(t, filepath.Join(dir, "credentials"), s3test.AccessKey, "wrong")
	if err := put(); objstore.KindOf(err) != objstore.KindCredentials {
		t.Fatalf("wrong keys: %v", err)
	}
	writeKeys(t, filepath.Join(dir, "credentials"), s3test.AccessKey, s3test.SecretKey)
	if err := put(); err != nil {
		t.Fatal("rotated file:", err)
	}
	if err := os.Remove(filepath.Join(dir, "credentials")); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "helper")
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\necho '{\"Version\":1,\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"%s\"}'\n", s3test.AccessKey, s3test.SecretKey), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config"), fmt.Appendf(nil, "[default]\ncredential_process = %s\n", script), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Error("credential_process:", err)
	}
}

// A store with a certificate of the company's own, behind a proxy that wants a
// password.
func TestProxyAndOwnAuthority(t *testing.T) {
	t.Parallel()
	store := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	t.Cleanup(store.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: store.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	var through atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
			w.WriteHeader(http.StatusProxyAuthRequired)
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer up.Close()
		through.Add(1)
		w.WriteHeader(http.StatusOK)
		down, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer down.Close()
		go func() { _, _ = io.Copy(up, down) }()
		_, _ = io.Copy(down, up)
	}))
	t.Cleanup(proxy.Close)
	c := client(t, objstore.Settings{Endpoint: store.URL, CAFile: ca, Proxy: strings.Replace(proxy.URL, "http://", "http://user:hunter2@", 1)})
	if _, err := c.Put(t.Context(), object("plant", "k", []byte("x"))); err != nil || through.Load() == 0 {
		t.Errorf("%v, %d through the proxy", err, through.Load())
	}
}

// What is written is encrypted with the configured key.
func TestKMSHeaders(t *testing.T) {
	t.Parallel()
	var seen atomic.Pointer[http.Header]
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen.Store(&r.Header)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
		w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
	}))
	t.Cleanup(srv.Close)
	c := client(t, objstore.Settings{Endpoint: srv.URL, KMSKeyID: "alias/plant"})
	in, err := c.Put(t.Context(), object("plant", "k", []byte("x")))
	if err != nil || !in.KMS {
		t.Errorf("%+v %v", in, err)
	}
	h := *seen.Load()
	if h.Get("X-Amz-Server-Side-Encryption") != "aws:kms" || h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") != "alias/plant" ||
		!strings.Contains(h.Get("Authorization"), "x-amz-server-side-encryption") || h.Get("Content-Type") != "text/csv" || h.Get("Content-Md5") == "" {
		t.Errorf("%v", h)
	}
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-Checksum") || strings.HasPrefix(name, "X-Amz-Sdk-Checksum") || name == "Idempotency-Key" {
			t.Errorf("header %s: other stores stumble over it", name)
		}
	}
}

// Whatever a server answers, it is put in words without a panic, and without
// what looks like a key.
func FuzzExplain(f *testing.F) {
	f.Add(403, "<Error><Code>AccessDenied</Code><Message>key AKIAEXAMPLEEXAMPLE</Message></Error>")
	f.Add(301, "<Error><Region>eu-west-1</Region>")
	f.Add(500, "\x00<<<")
	f.Fuzz(func(t *testing.T, code int, body string) {
		if code < 300 || code > 599 {
			return
		}
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(code)
			if r.Method != http.MethodHead {
				_, _ = io.WriteString(w, body)
			}
		}))
		defer srv.Close()
		name := filepath.Join(t.TempDir(), "credentials")
		if err := os.WriteFile(name, []byte("[default]\naws_access_key_id=AKIAEXAMPLEEXAMPLE\naws_secret_access_key=s\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := objstore.New(t.Context(), objstore.Settings{Endpoint: srv.URL, PathStyle: true, CredentialsFile: name}, zaptest.NewLogger(t))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Head(t.Context(), "plant", "k")
		_, perr := c.Put(t.Context(), object("plant", "k", []byte("x")))
		for _, err := range []error{err, perr} {
			if err == nil {
				t.Fatal("no error")
			}
			what, remedy := objstore.Explain(err)
			if what == "" || remedy == "" || strings.Contains(what+remedy, "AKIAEXAMPLEEXAMPLE") {
				t.Errorf("%q %q", what, remedy)
			}
		}
	})
}
