package harness

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Message is what a webhook gets, as far as tests look into it.
type Message struct {
	ID         string
	Scheduler  string
	Kind       string
	Generation int64
	Event      struct {
		ID    string
		State string
		Rows  int
		Start string
		End   string
	}
	Alarm struct {
		Kind    string
		State   string
		First   string
		Last    string
		Windows int64
		Reason  string
	}
	Result struct {
		Rows   int64
		SHA256 string
	}
}

// Receiver is a webhook that keeps what comes and drops ids it knows.
type Receiver struct {
	t testing.TB
	*httptest.Server

	mu    sync.Mutex
	ill   bool
	all   []Message // the first of each id
	known map[string]bool
	again int // messages that had come before
}

// NewReceiver listens until the test ends.
func NewReceiver(t testing.TB) *Receiver {
	t.Helper()
	r := &Receiver{t: t, known: map[string]bool{}}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// Ill makes it answer 500 for a while.
func (r *Receiver) Ill(ill bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ill = ill
}

// ServeHTTP takes a message.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the agent was killed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ill {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	var m Message
	if err := json.Unmarshal(body, &m); err != nil || m.ID == "" {
		r.t.Errorf("a message that is none: %s", body)
	}
	if r.known[m.ID] {
		r.again++
		return
	}
	r.known[m.ID] = true
	r.all = append(r.all, m)
}

// Messages are those of a kind, in the order in which they came.
func (r *Receiver) Messages(kind string) []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []Message
	for _, m := range r.all {
		if m.Kind == kind {
			out = append(out, m)
		}
	}
	return out
}

// IDs are those of all messages, in the order in which they came.
func (r *Receiver) IDs() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]string, len(r.all))
	for i := range r.all {
		ids[i] = r.all[i].ID
	}
	return ids
}

// Again is how many messages came that had come before.
func (r *Receiver) Again() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.again
}
