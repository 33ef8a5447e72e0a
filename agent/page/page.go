// Package page shows a status snapshot over HTTP: a page for people without any
// script, the same as JSON, metrics, and answers for health checks. It computes
// nothing while nobody asks, and changes nothing.
package page

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"millwright/agent/metrics"
	"millwright/agent/status"
)

// Options of a Handler. All are required.
type Options struct {
	Take    func(context.Context) (status.Snapshot, error)
	Hanging func() string // names the daemon's loops that do not turn; "" while all do
	Log     *zap.Logger
}

// fresh is how long a snapshot serves further requests: a crowd of them costs
// the gateway one.
const fresh = time.Second

// patient is how long a snapshot may take on a disk that is busy.
const patient = 30 * time.Second

// Handler answers:
//
//	/             the page
//	/status.json  the snapshot, as `millwright status --json` prints it
//	/metrics      the same for Prometheus
//	/healthz      200 while every loop of the daemon turns
//	/readyz       200 while the ledger can be read and nothing has stood between windows and bucket for longer than Patience
func Handler(o Options) http.Handler {
	p := &pages{take: o.Take, hanging: o.Hanging, log: o.Log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.page)
	mux.HandleFunc("GET /status.json", p.json)
	mux.HandleFunc("GET /metrics", p.metrics)
	mux.HandleFunc("GET /healthz", p.healthz)
	mux.HandleFunc("GET /readyz", p.readyz)
	mux.HandleFunc("GET /icon.svg", icon)
	return mux
}

type pages struct {
	take    func(context.Context) (status.Snapshot, error)
	hanging func() string
	log     *zap.Logger

	mu   sync.Mutex // held while a snapshot is taken: others wait for that one
	last status.Snapshot
	at   time.Time // real time of last
}

func (p *pages) snapshot(ctx context.Context) (status.Snapshot, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.at.IsZero() && time.Since(p.at) < fresh {
		return p.last, nil
	}
	// Somebody who asks and goes away soon, as health checks do, leaves it to who
	// comes next: on a slow disk nobody would ever get one otherwise.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patient)
	defer cancel()
	s, err := p.take(ctx)
	if err != nil {
		return s, err
	}
	p.last, p.at = s, time.Now()
	return s, nil
}

// send answers with what write makes of a snapshot, whole or not at all.
func (p *pages) send(w http.ResponseWriter, r *http.Request, kind string, write func(io.Writer, *status.Snapshot) error) {
	var b bytes.Buffer
	s, err := p.snapshot(r.Context())
	if err == nil {
		err = write(&b, &s)
	}
	if err != nil {
		p.log.Error("answer "+r.URL.Path, zap.Error(err))
		plain(w, http.StatusServiceUnavailable, "the status cannot be read: the agent's log says why")
		return
	}
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(b.Bytes()) // the client may have gone
}

func (p *pages) page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy())
	refresh := refreshEvery
	if r.URL.Query().Get("refresh") == "0" {
		refresh = 0
	}
	p.send(w, r, "text/html; charset=utf-8", func(w io.Writer, s *status.Snapshot) error { return Render(w, s, refresh) })
}

func (p *pages) json(w http.ResponseWriter, r *http.Request) {
	p.send(w, r, "application/json", func(w io.Writer, s *status.Snapshot) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	})
}

func (p *pages) metrics(w http.ResponseWriter, r *http.Request) {
	p.send(w, r, metrics.ContentType, metrics.Write)
}

func plain(w http.ResponseWriter, code int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	fmt.Fprintln(w, line)
}

func icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	w.Header().Set("Cache-Control", "max-age=86400")
	_, _ = io.WriteString(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0f766e"/><path d="M2.5 9.5h2l1.5-5 2.5 8 2-6 1 3h2" fill="none" stroke="#fff" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/></svg>`)
}
