package inference_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// heap watches what the process has on its heap, clients of the test among it.
type heap struct {
	before, most uint64
	stop         chan struct{}
	done         sync.WaitGroup
}

func watchHeap() *heap {
	runtime.GC()
	h := &heap{stop: make(chan struct{})}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.before = m.HeapInuse
	h.done.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			h.most = max(h.most, m.HeapInuse)
			select {
			case <-h.stop:
				return
			case <-tick.C:
			}
		}
	})
	return h
}

// grown is by how much it grew at the most.
func (h *heap) grown() uint64 {
	close(h.stop)
	h.done.Wait()
	return h.most - min(h.most, h.before)
}

// endless gives bytes until whoever reads has had enough.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.read.Add(int64(len(b)))
	return len(b), nil
}

// TestClientsThatMeanNoGood holds that each gets its error and that the service stays up
// and small.
func TestClientsThatMeanNoGood(t *testing.T) {
	n := start(t, yaml(t, t.TempDir(), ""))
	p := n.first()
	h := watchHeap()
	for name, c := range map[string]struct {
		who  person
		at   time.Time
		want string
	}{
		"a wrong key":    {person{p.key, "another-secret-altogether"}, time.Now(), "InvalidSignatureException"},
		"a stranger":     {person{"MWSTRANGER", p.secret}, time.Now(), "UnrecognizedClientException"},
		"a slow clock":   {p, time.Now().Add(-time.Hour), "InvalidSignatureException"},
		"a fast clock":   {p, time.Now().Add(time.Hour), "InvalidSignatureException"},
		"a good one":     {p, time.Now(), ""},
		"in clock's way": {p, time.Now().Add(-4 * time.Minute), ""},
	} {
		if got, err := send(http.DefaultClient, n.request(c.who, "ListDatasets", "{}", c.at), nil); err != nil || got != c.want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	for _, told := range []bool{true, false} {
		n.gigabyte(p, told)
	}
	n.torn(p)
	n.thousand(p)
	if failed := n.call(p, "ListDatasets", "{}", nil); failed != "" {
		t.Errorf("afterwards: %s", failed)
	}
	if grown := h.grown(); grown > 256<<20 {
		t.Errorf("the heap grew by %d MiB", grown>>20)
	}
}

// gigabyte sends one, whose length is told or not.
func (n *node) gigabyte(p person, told bool) {
	n.t.Helper()
	r := n.request(p, "CreateDataset", "{}", time.Now())
	body := &endless{}
	r.Body, r.ContentLength = io.NopCloser(io.LimitReader(body, 1<<30)), -1
	if told {
		r.ContentLength = 1 << 30
	}
	// An answer that comes before the body is through may be lost to a client that goes
	// on writing: this one reads meanwhile.
	status := n.speak(r)
	if status != http.StatusRequestEntityTooLarge {
		n.t.Errorf("a gigabyte, told %v: %d", told, status)
	}
	if read := body.read.Load(); read > 64<<20 {
		n.t.Errorf("%d MiB of it were taken", read>>20)
	}
}

// speak sends a request and reads its answer at the same time.
func (n *node) speak(r *http.Request) int {
	n.t.Helper()
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var writing sync.WaitGroup
	writing.Go(func() { _ = r.Write(conn) }) // it is cut off
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		n.t.Fatal(err)
	}
	resp.Body.Close()
	conn.Close()
	writing.Wait()
	return resp.StatusCode
}

// torn ends a connection in the middle of a body.
func (n *node) torn(p person) {
	n.t.Helper()
	body := `{"MaxResults": 5}`
	r := n.request(p, "ListDatasets", body, time.Now())
	conn, err := net.Dial("tcp", r.URL.Host)
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	var head strings.Builder
	fmt.Fprintf(&head, "POST / HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.URL.Host, len(body))
	_ = r.Header.Write(&head)
	if _, err := io.WriteString(conn, head.String()+"\r\n"+body[:7]); err != nil {
		n.t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		n.t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(text), "ended after 7 bytes") {
		n.t.Errorf("a torn body: %d %s", resp.StatusCode, text)
	}
}

// thousand calls at once; each is answered, at the worst with a word to try again.
func (n *node) thousand(p person) {
	n.t.Helper()
	c := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	defer c.CloseIdleConnections()
	var good, throttled atomic.Int64
	var all sync.WaitGroup
	for range 1000 {
		r := n.request(p, "ListDatasets", "{}", time.Now())
		all.Go(func() {
			switch got, err := send(c, r, nil); {
			case err != nil:
				n.t.Errorf("one of a thousand: %v", err)
			case got == "":
				good.Add(1)
			case got == "ThrottlingException":
				throttled.Add(1)
			default:
				n.t.Errorf("one of a thousand: %s", got)
			}
		})
	}
	all.Wait()
	if good.Load() == 0 {
		n.t.Errorf("none of a thousand was answered; %d were throttled", throttled.Load())
	}
}
