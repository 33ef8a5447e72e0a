package upload_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// fault is what the proxy does to a request.
type fault int

const (
	none     fault = iota
	reset          // the connection breaks in mid-body
	slowDown       // 503
	denied         // 403
	region         // AuthorizationHeaderMalformed
	slow           // the body trickles
	silent         // it arrives, the answer gets lost
	zombie         // the connection breaks, and it arrives later nevertheless
	faults
)

// faultProxy stands between a client and a server. It keeps what the server
// accepted, per key in order.
type faultProxy struct {
	*httptest.Server
	t       *testing.T
	backend string
	forward http.Handler
	pick    func(r *http.Request) fault

	mu       sync.Mutex
	keys     map[string]*sync.Mutex
	accepted map[string][]int64 // generations
	hit      [faults]atomic.Int64
	late     sync.WaitGroup
}

func newFaultProxy(t *testing.T, backend string, pick func(*http.Request) fault) *faultProxy {
	u, err := url.Parse(backend)
	if err != nil {
		t.Fatal(err)
	}
	p := &faultProxy{t: t, backend: backend, pick: pick, keys: map[string]*sync.Mutex{}, accepted: map[string][]int64{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = u.Scheme, u.Host
			r.Out.Host = r.In.Host // signed
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() {
		p.late.Wait()
		p.Close()
	})
	return p
}

func (p *faultProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := p.pick(r)
	p.hit[f].Add(1)
	switch f {
	case none:
		p.pass(w, r)
	case slowDown:
		answer(w, r, 503, "SlowDown")
	case denied:
		answer(w, r, 403, "AccessDenied")
	case region:
		answer(w, r, 400, "AuthorizationHeaderMalformed")
	case slow:
		r.Body = io.NopCloser(&trickle{r: r.Body})
		p.pass(w, r)
	case reset:
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
		hangUp(w)
	case silent:
		p.pass(httptest.NewRecorder(), r)
		hangUp(w)
	case zombie:
		body, _ := io.ReadAll(r.Body)
		out := r.Clone(context.WithoutCancel(r.Context()))
		out.Body = io.NopCloser(strings.NewReader(string(body)))
		p.late.Go(func() {
			t := time.NewTimer(time.Duration(rand.IntN(3000)) * time.Millisecond)
			defer t.Stop()
			<-t.C
			p.pass(httptest.NewRecorder(), out)
		})
		hangUp(w)
	}
}

// pass forwards, one PUT per key at a time so that their order is known.
func (p *faultProxy) pass(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		p.forward.ServeHTTP(w, r)
		return
	}
	p.mu.Lock()
	lock := p.keys[r.URL.Path]
	if lock == nil {
		lock = new(sync.Mutex)
		p.keys[r.URL.Path] = lock
	}
	p.mu.Unlock()
	lock.Lock()
	defer lock.Unlock()
	rec := httptest.NewRecorder()
	p.forward.ServeHTTP(rec, r)
	if rec.Code == http.StatusOK {
		gen, _ := strconv.ParseInt(r.Header.Get("X-Amz-Meta-Generation"), 10, 64)
		p.mu.Lock()
		p.accepted[r.URL.Path] = append(p.accepted[r.URL.Path], gen)
		p.mu.Unlock()
	}
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes())
}

func answer(w http.ResponseWriter, r *http.Request, status int, code string) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>by the proxy</Message></Error>", code)
	}
}

func hangUp(w http.ResponseWriter) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = c.(*net.TCPConn).SetLinger(0)
		_ = c.Close()
	}
}

type trickle struct{ r io.Reader }

func (s *trickle) Read(p []byte) (int, error) {
	t := time.NewTimer(2 * time.Millisecond)
	defer t.Stop()
	<-t.C
	return s.r.Read(p[:min(len(p), 512)])
}
