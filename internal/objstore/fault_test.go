package objstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"

	"millwright/internal/objstore"
	"millwright/internal/s3server/s3test"
)

func keysFile(t *testing.T, access, secret string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "credentials")
	writeKeys(t, name, access, secret)
	return name
}

func writeKeys(t *testing.T, name, access, secret string) {
	t.Helper()
	if err := os.WriteFile(name, fmt.Appendf(nil, "[default]\naws_access_key_id=%s\naws_secret_access_key=%s\n", access, secret), 0o600); err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, s objstore.Settings) *objstore.Client {
	t.Helper()
	if s.CredentialsFile == "" {
		s.CredentialsFile = keysFile(t, "AKIAEXAMPLEEXAMPLE", "very-secret-indeed")
	}
	s.PathStyle = true
	c, err := objstore.New(t.Context(), s, zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Whatever the store says no with, people get a cause and a remedy, and no key.
func TestExplainAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		status              int
		code, extra         string
		kind                objstore.Kind
		mentions, mentions2 string
	}{
		{403, "AccessDenied", "", objstore.KindForbidden, "denies", "s3:PutObject"},
		{403, "AccessDenied", "<Message>not authorized to perform: kms:GenerateDataKey</Message>", objstore.KindKMS, "key", "kms:GenerateDataKey"},
		{400, "KMS.DisabledException", "<Message>arn is disabled</Message>", objstore.KindKMS, "disabled", "kms_key_id"},
		{301, "PermanentRedirect", "", objstore.KindRegion, "region", "s3.region"},
		{400, "AuthorizationHeaderMalformed", "<Message>expecting 'eu-west-1'</Message><Region>eu-west-1</Region>", objstore.KindRegion, "eu-west-1", "set s3.region"},
		{404, "NoSuchBucket", "", objstore.KindNoBucket, "does not exist", "create"},
		{400, "ExpiredToken", "<Token0>FwoGZXIvYXdzEXAMPLE</Token0>", objstore.KindCredentials, "expired", "renew"},
		{403, "InvalidAccessKeyId", "<Message>key AKIAEXAMPLEEXAMPLE</Message>", objstore.KindCredentials, "does not accept", "access key"},
		{403, "SignatureDoesNotMatch", "", objstore.KindCredentials, "does not accept", "secret"},
		{403, "RequestTimeTooSkewed", "", objstore.KindClock, "clock", "NTP"},
		{503, "SlowDown", "", objstore.KindBusy, "overloaded", "retried"},
		{500, "InternalError", "", objstore.KindBusy, "500", "operator"},
		{429, "", "", objstore.KindBusy, "429", ""},
		{501, "NotImplemented", "", objstore.KindUnsupported, "support", "endpoint"},
		{507, "", "", objstore.KindFull, "room", "quota"},
		{400, "BadDigest", "", objstore.KindDigest, "not what was sent", "proxy"},
		{412, "PreconditionFailed", "", objstore.KindExists, "somebody else", ""},
		{418, "Teapot", "<Message>X-Amz-Signature=abcdef https://user:pw@host/</Message>", objstore.KindOther, "Teapot", ""},
	}
	for _, tc := range cases {
		t.Run(fmt.Sprint(tc.status, tc.code), func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(tc.status)
				if tc.code != "" && r.Method != http.MethodHead {
					fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code>%s</Error>`, tc.code, tc.extra)
				}
			}))
			t.Cleanup(srv.Close)
			c := client(t, objstore.Settings{Endpoint: srv.URL})
			_, putErr := c.Put(t.Context(), object("plant", "in/k.csv", []byte("x")))
			listErr := c.List(t.Context(), "plant", "in/", "", func([]objstore.Info) (bool, error) { return true, nil })
			for _, err := range []error{putErr, listErr} {
				if objstore.KindOf(err) != tc.kind {
					t.Errorf("kind %d of %v, want %d", objstore.KindOf(err), err, tc.kind)
				}
				what, remedy := objstore.Explain(err)
				if !strings.Contains(what, tc.mentions) || !strings.Contains(remedy, tc.mentions2) || remedy == "" {
					t.Errorf("explained as %q, %q", what, remedy)
				}
				for _, secret := range []string{"AKIAEXAMPLEEXAMPLE", "very-secret", "FwoGZX", "abcdef", "user:pw"} {
					if strings.Contains(what+remedy, secret) {
						t.Errorf("secret in %q, %q", what, remedy)
					}
				}
			}
		})
	}
}

func TestExplainNetwork(t *testing.T) {
	t.Parallel()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	t.Cleanup(tls.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(407) }))
	t.Cleanup(proxy.Close)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := gone.Addr().String()
	_ = gone.Close()
	silent := listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	breaks := listener(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 512))
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	for name, tc := range map[string]struct {
		s        objstore.Settings
		kind     objstore.Kind
		mentions string
	}{
		"refused":     {objstore.Settings{Endpoint: "http://" + nobody}, objstore.KindRefused, "refused"},
		"dns":         {objstore.Settings{Endpoint: "http://store.invalid"}, objstore.KindDNS, "store.invalid"},
		"tls":         {objstore.Settings{Endpoint: tls.URL}, objstore.KindTLS, "secure connection"},
		"tls to http": {objstore.Settings{Endpoint: "https" + strings.TrimPrefix(plain.URL, "http")}, objstore.KindTLS, "secure connection"},
		"proxy 407":   {objstore.Settings{Endpoint: "https://store.invalid", Proxy: proxy.URL}, objstore.KindProxy, "407"},
		"proxy gone":  {objstore.Settings{Endpoint: "https://store.invalid", Proxy: "http://user:hunter2@" + nobody}, objstore.KindProxy, "proxy"},
		"silent":      {objstore.Settings{Endpoint: silent, Idle: 100 * time.Millisecond}, objstore.KindTimeout, "in time"},
		"broken":      {objstore.Settings{Endpoint: breaks}, objstore.KindBroken, "broke"},
		"no keys":     {objstore.Settings{Endpoint: plain.URL, CredentialsFile: "/nowhere/credentials"}, objstore.KindNoCredentials, "no credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := client(t, tc.s)
			_, err := c.Put(t.Context(), object("plant", "k", bytes.Repeat([]byte("x"), 1000)))
			what, remedy := objstore.Explain(err)
			if objstore.KindOf(err) != tc.kind || !strings.Contains(what, tc.mentions) || remedy == "" {
				t.Errorf("kind %d of %v: %q, %q", objstore.KindOf(err), err, what, remedy)
			}
			if strings.Contains(what+remedy, "hunter2") {
				t.Error("password shown:", what)
			}
			if err := c.HeadBucket(t.Context(), "plant"); objstore.KindOf(err) != tc.kind {
				t.Errorf("kind %d of %v through the SDK", objstore.KindOf(err), err)
			}
		})
	}
}

func listener(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { defer c.Close(); serve(c) }()
		}
	}()
	return "http://" + l.Addr().String()
}

// A link that moves bytes, however few, is not cut off.
func TestSlowLinkWorks(t *testing.T) {
	t.Parallel()
	const idle = 3 * time.Second // of which a busy machine may take one itself
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 16<<10)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			if _, err := io.ReadFull(r.Body, buf); err != nil {
				return
			}
			<-tick.C
		}
	}))
	srv.Config.ConnState = func(c net.Conn, s http.ConnState) {
		if s == http.StateNew {
			_ = c.(*net.TCPConn).SetReadBuffer(16 << 10)
		}
	}
	srv.Start()
	t.Cleanup(srv.Close)
	c := client(t, objstore.Settings{Endpoint: srv.URL, Idle: idle})
	body := bytes.Repeat([]byte("x"), 2<<20)
	start := time.Now()
	if _, err := c.Put(t.Context(), object("plant", "k", body)); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took < 2*idle {
		t.Errorf("%s: the fault did not take effect", took)
	}
}

func TestClockSkewIsLearnt(t *testing.T) {
	t.Parallel()
	var calls, good atomic.Int64
	off := 3 * time.Hour
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		now := time.Now().Add(off)
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		at, _ := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if b, _ := io.ReadAll(r.Body); string(b) != "x" && r.Method == http.MethodPut {
			t.Errorf("body %q", b)
		}
		if now.Sub(at).Abs() > time.Minute {
			w.WriteHeader(403)
			fmt.Fprint(w, "<Error><Code>RequestTimeTooSkewed</Code></Error>")
			return
		}
		good.Add(1)
	}))
	t.Cleanup(srv.Close)
	c := client(t, objstore.Settings{Endpoint: srv.URL})
	for range 3 {
		if _, err := c.Put(t.Context(), object("plant", "k", []byte("x"))); err != nil {
			t.Fatal(err)
		}
	}
	if calls.Load() != 4 || good.Load() != 3 {
		t.Errorf("%d calls, %d good", calls.Load(), good.Load())
	}
	store, local, err := c.StoreTime(t.Context(), "plant")
	if got := store.Sub(local); err != nil || (got-off).Abs() > 10*time.Second {
		t.Errorf("store ahead by %s: %v", got, err)
	}
	what, _ := objstore.Explain(&objstore.StatusError{Status: 403, Code: "RequestTimeTooSkewed", LocalTime: local, ServerTime: store})
	if !strings.Contains(what, "behind") || !strings.Contains(what, store.UTC().Format("15:04:05")) || !strings.Contains(what, local.UTC().Format("15:04:05")) {
		t.Error(what)
	}
}

// A tool that rotates keys writes the shared credentials file anew.
func TestRotatedCredentialsAreReadAgain(t *testing.T) {
	t.Parallel()
	srv := s3test.New(t)
	file := keysFile(t, s3test.AccessKey, "expired")
	c := client(t, objstore.Settings{Endpoint: srv.Endpoint, Region: s3test.Region, CredentialsFile: file})
	_, err := c.Put(t.Context(), object(srv.Bucket, "k", []byte("x")))
	if objstore.KindOf(err) != objstore.KindCredentials {
		t.Fatalf("old keys: %v", err)
	}
	writeKeys(t, file, s3test.AccessKey, s3test.SecretKey)
	if _, err := c.Put(t.Context(), object(srv.Bucket, "k", []byte("x"))); err != nil {
		t.Error("rotated keys:", err)
	}
	if err := c.HeadBucket(t.Context(), srv.Bucket); err != nil {
		t.Error("rotated keys through the SDK:", err)
	}
	if err := os.WriteFile(file, []byte("[defau"), 0o600); err != nil { // half written
		t.Fatal(err)
	}
	if _, err := c.Put(t.Context(), object(srv.Bucket, "k", []byte("x"))); err != nil {
		t.Error("half written file:", err)
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]objstore.Settings{
		"endpoint": {Endpoint: "store:9000"}, "proxy": {Endpoint: "http://s", Proxy: "::"},
		"ca": {Endpoint: "http://s", CAFile: "/nowhere"}, "empty ca": {Endpoint: "http://s", CAFile: empty},
	} {
		if _, err := objstore.New(t.Context(), s, zaptest.NewLogger(t)); err == nil {
			t.Error(name, "was accepted")
		}
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	silent := listener(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	c := client(t, objstore.Settings{Endpoint: silent})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := c.Put(ctx, object("plant", "k", []byte("x"))); !errors.Is(err, context.DeadlineExceeded) || objstore.KindOf(err) != objstore.KindTimeout {
		t.Errorf("%v", err)
	}
}
