package sink

import (
	"crypto/hmac"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// receiver is a web server that keeps what it accepts. Which answer it gives is a
// test's decision.
type receiver struct {
	*httptest.Server
	answer func(n int, id string, w http.ResponseWriter) (accept bool) // n-th request, from 1; nil: all are accepted

	mu     sync.Mutex
	n      int
	ids    []string // accepted
	bodies map[string][]byte
	heads  []http.Header
	conns  map[string]bool // remote addresses
}

func receive(t testing.TB, answer func(n int, id string, w http.ResponseWriter) bool) *receiver {
	t.Helper()
	r := newReceiver(answer)
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Server.Close)
	return r
}

func newReceiver(answer func(n int, id string, w http.ResponseWriter) bool) *receiver {
	return &receiver{answer: answer, bodies: map[string][]byte{}, conns: map[string]bool{}}
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	id := q.Header.Get("X-Millwright-Id")
	r.mu.Lock()
	r.n++
	n := r.n
	r.heads = append(r.heads, q.Header.Clone())
	r.conns[q.RemoteAddr] = true
	r.mu.Unlock()
	if q.Method != http.MethodPost || q.Header.Get("Content-Type") != "application/json" {
		http.Error(w, "what is this", http.StatusTeapot)
		return
	}
	if r.answer != nil && !r.answer(n, id, w) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ids = append(r.ids, id)
	r.bodies[id] = body
}

func (r *receiver) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.ids...)
}

func (r *receiver) body(t testing.TB, id string) map[string]any {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var v map[string]any
	if err := json.Unmarshal(r.bodies[id], &v); err != nil {
		t.Fatalf("%s: %v in %q", id, err, r.bodies[id])
	}
	return v
}

// signed checks all requests' signatures with one of the keys, as the documented
// receiver does.
func (r *receiver) signed(t testing.TB, body []byte, head http.Header, key string) {
	t.Helper()
	at := head.Get("X-Millwright-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > time.Minute {
		t.Errorf("the timestamp is %q", at)
	}
	if want := Sign([]byte(key), at, body); !hmac.Equal([]byte(want), []byte(head.Get("X-Millwright-Signature"))) {
		t.Errorf("signature %s, want %s", head.Get("X-Millwright-Signature"), want)
	}
}

// expect compares what a receiver has that drops the ids it knows with everything
// that there is, in order per scheduler.
func expect(t testing.TB, s *site, got []string) {
	t.Helper()
	got = firsts(got)
	total := 0
	for _, scheduler := range []string{"pump-7", "mill_2"} {
		var mine []string
		for _, id := range got {
			if strings.HasPrefix(id, scheduler+"/") {
				mine = append(mine, id)
			}
		}
		want := s.ids(scheduler, everything()...)
		total += len(want)
		if fmt.Sprint(mine) != fmt.Sprint(want) {
			t.Errorf("%s: got %d messages, want %d:\n%v\n%v", scheduler, len(mine), len(want), mine, want)
		}
	}
	if len(got) != total {
		t.Errorf("%d messages, want %d", len(got), total)
	}
}
