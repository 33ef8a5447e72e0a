package httpserve_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"millwright/internal/httpserve"
)

// serve starts a server on a free port and gives its address, and what ends it.
func serve(t *testing.T, h http.Handler, o httpserve.Options, log *zap.Logger) (string, func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ln, err := httpserve.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- httpserve.Serve(ctx, ln, "gw.plant:9480", h, o, log) }()
	stop := func() error { cancel(); return <-ended }
	return ln.Addr().String(), stop
}

func hello() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	return mux
}

func ask(t *testing.T, method, addr, host, path string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func TestOnlyOwnNamesAreAnswered(t *testing.T) {
	t.Parallel()
	addr, stop := serve(t, hello(), httpserve.Options{Names: []string{"page.plant"}}, zap.NewNop())
	for host, want := range map[string]int{
		"":                       200, // the address itself
		"localhost:9480":         200,
		"LOCALHOST":              200,
		"192.0.2.7":              200,
		"[::1]:80":               200,
		"gw.plant:9480":          200, // what it was asked to listen on
		"gw.plant.":              200,
		"page.plant":             200,
		"evil.example":           421,
		"localhost.evil.example": 421,
		"127.0.0.1.evil.example": 421,
		"evil.example:9480":      421,
	} {
		if resp := ask(t, http.MethodGet, addr, host, "/"); resp.StatusCode != want {
			t.Errorf("Host %q: %d, want %d", host, resp.StatusCode, want)
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	addr, stop := serve(t, hello(), httpserve.Options{}, zap.NewNop())
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/", 200},
		{http.MethodHead, "/", 200},
		{http.MethodPost, "/", 405},
		{http.MethodGet, "/no/such", 404},
	} {
		resp := ask(t, tt.method, addr, "", tt.path)
		if resp.StatusCode != tt.want {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, resp.StatusCode, tt.want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cache-Control": "no-store",
		} {
			if got := resp.Header.Get(name); !strings.HasPrefix(got, want) {
				t.Errorf("%s %s: %s is %q", tt.method, tt.path, name, got)
			}
		}
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	t.Parallel()
	addr, stop := serve(t, hello(), httpserve.Options{}, zap.NewNop())
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	answer := make([]byte, 64)
	n, _ := io.ReadFull(conn, answer)
	if !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 431") {
		t.Errorf("%q", answer[:n])
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestTheEndWaitsForAnswers(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-leave
		if r.Context().Err() != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	addr, stop := serve(t, slow, httpserve.Options{Grace: time.Minute}, zap.NewNop())
	got := make(chan int, 1)
	go func() { got <- ask(t, http.MethodGet, addr, "", "/").StatusCode }()
	<-entered
	ended := make(chan error, 1)
	go func() { ended <- stop() }()
	select {
	case err := <-ended:
		t.Fatalf("ended before the answer: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(leave)
	if code := <-got; code != http.StatusOK {
		t.Errorf("answer %d", code)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestTheEndDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	stuck := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done() // ends when the connection is closed
	})
	addr, stop := serve(t, stuck, httpserve.Options{Grace: 50 * time.Millisecond}, zap.NewNop())
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-entered
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestRequestsAreLoggedForThoseWhoWantThem(t *testing.T) {
	t.Parallel()
	for level, want := range map[zap.AtomicLevel]int{zap.NewAtomicLevelAt(zap.DebugLevel): 1, zap.NewAtomicLevelAt(zap.InfoLevel): 0} {
		core, logs := observer.New(level)
		addr, stop := serve(t, hello(), httpserve.Options{}, zap.New(core))
		ask(t, http.MethodGet, addr, "", "/")
		if err := stop(); err != nil {
			t.Error(err)
		}
		if n := logs.FilterMessage("request").Len(); n != want {
			t.Errorf("level %s: %d lines, want %d", level, n, want)
		}
	}
}

func TestLocal(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"127.0.0.1:9480": true, "localhost:1": true, "[::1]:9480": true, "127.3.2.1:1": true, "[::ffff:127.0.0.1]:1": true,
		":9480": false, "0.0.0.0:9480": false, "192.0.2.7:1": false, "gw.plant:1": false, "127.0.0.1": false,
	} {
		if got := httpserve.Local(address); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestAnAddressThatCannotBeHad(t *testing.T) {
	t.Parallel()
	if _, err := httpserve.Listen(t.Context(), "192.0.2.7:1"); err == nil || !strings.Contains(err.Error(), "free port") {
		t.Error(err)
	}
}
