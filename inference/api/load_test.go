package api

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/inference/api/wire"
)

// endless sends a body until it is told to stop.
type endless struct{ sent *atomic.Int64 }

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.sent.Add(int64(len(p)))
	return len(p), nil
}

func TestHugeBodiesAreRefusedUnread(t *testing.T) {
	t.Parallel()
	s := server(t, backend{list: nothing}, unsigned(everyone{}), Options{}, zap.NewNop())
	for _, length := range []int64{1 << 30, -1} { // told and untold
		var sent atomic.Int64
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, io.LimitReader(endless{&sent}, 1<<30))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = length
		r.Header.Set("X-Amz-Target", target+"ListDatasets")
		w := speak(t, s, r)
		if w.StatusCode != 413 || w.Header.Get("X-Amzn-ErrorType") != entityTooLarge {
			t.Errorf("%s %v", w.Status, w.Header)
		}
		if sent.Load() > 32<<20 {
			t.Errorf("%d bytes went out", sent.Load())
		}
	}
}

// speak sends a request and reads its answer at the same time: to a client that first
// goes on writing the connection's end may come before the answer.
func speak(t *testing.T, s *httptest.Server, r *http.Request) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var writing sync.WaitGroup
	defer writing.Wait()
	defer conn.Close()
	writing.Go(func() { _ = r.Write(conn) }) // it is cut off
	w, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		t.Fatal(err)
	}
	w.Body.Close()
	return w
}

// raw sends bytes over a connection of its own and gives the answer.
func raw(t *testing.T, s *httptest.Server, text string, half bool) string {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if half {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

func TestTornAndSlowBodies(t *testing.T) {
	t.Parallel()
	s := server(t, backend{list: nothing}, unsigned(everyone{}), Options{Body: time.Second, Calls: 1}, zap.NewNop())
	head := "POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: " + target + "ListDatasets\r\nContent-Length: 100\r\n\r\n{\"Max"
	if answer := raw(t, s, head, true); !strings.HasPrefix(answer, "HTTP/1.1 400 ") || !strings.Contains(answer, "SerializationException") || !strings.Contains(answer, "ended after 5 bytes") {
		t.Errorf("torn: %s", answer)
	}
	if answer := raw(t, s, head, false); !strings.HasPrefix(answer, "HTTP/1.1 408 ") || !strings.Contains(answer, "RequestTimeoutException") || !strings.Contains(answer, "Connection: close") {
		t.Errorf("slow: %s", answer)
	}
	if w, text := post(t, s.URL, "ListDatasets", "{}"); w.StatusCode != 200 {
		t.Errorf("afterwards: %d %s", w.StatusCode, text)
	}
}

// A call that takes longer than a body may is no client that has gone.
func TestTheBodysTimeIsNotTheCalls(t *testing.T) {
	t.Parallel()
	list := func(takes time.Duration) backend {
		return backend{list: func(ctx context.Context, _ Caller, _ *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
			select {
			case <-time.After(takes):
				return nil, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
	}
	b := list(time.Second)
	s := server(t, b, unsigned(everyone{}), Options{Body: 200 * time.Millisecond}, zap.NewNop())
	if w, text := post(t, s.URL, "ListDatasets", "{}"); w.StatusCode != 200 {
		t.Errorf("%d %s", w.StatusCode, text)
	}
	b = list(time.Hour)
	s = server(t, b, unsigned(everyone{}), Options{Call: 20 * time.Millisecond}, zap.NewNop())
	if w, _ := post(t, s.URL, "ListDatasets", "{}"); w.StatusCode != 500 {
		t.Errorf("a call without end: %d", w.StatusCode)
	}
}

func TestTooManyCallsAreThrottled(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		<-release
		return nil, nil
	}}
	s := server(t, b, unsigned(everyone{}), Options{Calls: 2, Wait: 50 * time.Millisecond}, zap.NewNop())
	var good, throttled, other atomic.Int64
	var wait sync.WaitGroup
	for range 10 {
		wait.Go(func() {
			switch w, _ := post(t, s.URL, "ListDatasets", "{}"); {
			case w.StatusCode == 200:
				good.Add(1)
			case w.StatusCode == 429 && w.Header.Get("X-Amzn-ErrorType") == ThrottlingException:
				if throttled.Add(1) == 8 {
					close(release)
				}
			default:
				other.Add(1)
			}
		})
	}
	wait.Wait()
	if good.Load() != 2 || throttled.Load() != 8 || other.Load() != 0 {
		t.Errorf("%d good, %d throttled, %d other", good.Load(), throttled.Load(), other.Load())
	}
}

// A thousand calls at once each get their answer, a few at a time.
func TestAThousandCallsAtOnce(t *testing.T) {
	t.Parallel()
	var now, most atomic.Int64
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		for n, m := now.Add(1), most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			continue
		}
		<-time.After(time.Millisecond)
		now.Add(-1)
		return nil, nil
	}}
	h, err := New(b, unsigned(everyone{}), Options{Calls: 16, Wait: time.Minute}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	var bad atomic.Int64
	var wait sync.WaitGroup
	for range 1000 {
		wait.Go(func() {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
			r.Header.Set("X-Amz-Target", target+"ListDatasets")
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if w.Code != 200 {
				bad.Add(1)
			}
		})
	}
	wait.Wait()
	if bad.Load() > 0 || most.Load() > 16 {
		t.Errorf("%d refused, %d at a time", bad.Load(), most.Load())
	}
	if len(h.calls) > 0 || len(h.large) > 0 {
		t.Error("turns are not given back")
	}
}

func TestLargeBodiesTakeTurns(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	entered := make(chan struct{}, 10)
	b := backend{list: func(context.Context, Caller, *wire.ListDatasetsRequest) (*wire.ListDatasetsResponse, error) {
		entered <- struct{}{}
		<-release
		return nil, nil
	}, remove: func(context.Context, Caller, *wire.DeleteDatasetRequest) error { return nil }}
	s := server(t, b, unsigned(everyone{}), Options{Calls: 4, LargeCalls: 1, Wait: 50 * time.Millisecond}, zap.NewNop())
	large := "{" + strings.Repeat(" ", smallBody) + "}"
	var wait sync.WaitGroup
	wait.Go(func() { post(t, s.URL, "ListDatasets", large) })
	<-entered
	if w, _ := post(t, s.URL, "ListDatasets", large); w.StatusCode != 429 {
		t.Errorf("a second large body: %d", w.StatusCode)
	}
	if w, _ := post(t, s.URL, "DeleteDataset", `{"DatasetName": "a"}`); w.StatusCode != 200 {
		t.Errorf("a small one beside it: %d", w.StatusCode)
	}
	close(release)
	wait.Wait()
}

func BenchmarkHandler(b *testing.B) {
	c := newContract(b)
	c.o.CheckAnswers = false
	for _, name := range []string{"ListDatasets", "DescribeDataset", "CreateInferenceScheduler"} {
		body, err := marshal(object(b, c.model.Operations[name].Input))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if w, _, _ := c.post(b, name, body); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
