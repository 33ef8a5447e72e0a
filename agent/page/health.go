package page

import (
	"net/http"
	"time"

	"millwright/agent/status"
)

// Patience is how long the store may be out of reach, with windows waiting for
// it, before the agent is no longer ready.
const Patience = 5 * time.Minute

// healthz asks no disk: a supervisor should restart what hangs, not what waits.
func (p *pages) healthz(w http.ResponseWriter, _ *http.Request) {
	if late := p.hanging(); late != "" {
		plain(w, http.StatusServiceUnavailable, "loops hang: "+late)
		return
	}
	plain(w, http.StatusOK, "ok")
}

func (p *pages) readyz(w http.ResponseWriter, r *http.Request) {
	s, err := p.snapshot(r.Context())
	if err != nil {
		plain(w, http.StatusServiceUnavailable, "the ledger cannot be read: the agent's log says why")
		return
	}
	if why := unready(&s, time.Now()); why != "" {
		plain(w, http.StatusServiceUnavailable, why)
		return
	}
	plain(w, http.StatusOK, "ready")
}

// unready says why windows do not get to their bucket, "" while they do or none
// waits.
func unready(s *status.Snapshot, now time.Time) string {
	waiting := int64(0)
	for _, sc := range s.Schedulers {
		waiting += sc.Backlog
	}
	if s.Live == nil || waiting == 0 {
		return ""
	}
	for _, t := range s.Live.Uploads.Trouble {
		if now.Sub(t.Since) >= Patience {
			return t.Where + ": " + t.What
		}
	}
	return ""
}
