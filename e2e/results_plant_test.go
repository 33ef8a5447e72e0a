package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// fate is what the played scheduler does with a window.
type fate string

const (
	prompt    fate = "prompt"
	late      fate = "late"      // before its time-out, while the service is still at it
	veryLate  fate = "very late" // after it was called missing
	missing   fate = "missing"
	failing   fate = "failing" // the service says why
	torn      fate = "torn, then whole"
	stayTorn  fate = "torn"
	oversized fate = "oversized"
	doubled   fate = "written again with the same content"
	oldForm   fate = "of the old form"
	foreign   fate = "of another window, then right"
)

// scored is a window as the played scheduler deals with it.
type scored struct {
	start  time.Time
	fate   fate
	rows   []scoreRow
	reason string // of a failure
	steps  int    // what was done so far
}

type scoreRow struct {
	at    time.Time
	score float64
	off   bool
}

func (r scoreRow) anomalous() bool { return r.score > 0.5 && !r.off }

// plant plays the scheduler for one agent: results in the bucket, executions at
// the API.
type plant struct {
	t      *testing.T
	prefix string
	delay  time.Duration
	put    func(key string, content []byte)
	marked func(start time.Time, state string) // waits until the agent calls a window so
	want   map[string][]byte                   // what is at a key in the end

	mu      sync.Mutex
	windows []*scored
	now     time.Time
}

// newPlant decides what becomes of each window. Each kind of fate comes, and two
// anomalies do.
func newPlant(t *testing.T, rng *rand.Rand, from time.Time, n int, frequency time.Duration) *plant {
	fates := []fate{late, veryLate, missing, failing, torn, stayTorn, oversized, doubled, oldForm, foreign, missing, failing}
	for len(fates) < n {
		fates = append(fates, prompt)
	}
	rng.Shuffle(n, func(i, j int) { fates[i], fates[j] = fates[j], fates[i] })
	p := &plant{t: t, want: map[string][]byte{}}
	for i := range n {
		w := &scored{start: from.Add(time.Duration(i) * frequency), fate: fates[i]}
		w.reason = fmt.Sprintf("Could not find data file for sensor pump-7 within expected range of (%s]", w.start)
		for at := w.start.Add(time.Minute); !at.After(w.start.Add(frequency)); at = at.Add(time.Minute) {
			r := scoreRow{at: at, score: 0.1 + 0.3*rng.Float64(), off: rng.IntN(12) == 0}
			if k := i % (n / 2); k >= 3 && k < 6 { // twice a quarter of an hour
				r.score = 0.55 + 0.4*rng.Float64()
			}
			w.rows = append(w.rows, r)
		}
		p.windows = append(p.windows, w)
	}
	return p
}

func (p *plant) key(w *scored) string {
	return p.prefix + w.start.UTC().Format("2006-01-02T15:04:05") + "Z/results.jsonl"
}

// text is a window's result.
func (p *plant) text(w *scored, old bool) []byte {
	var b strings.Builder
	for _, r := range w.rows {
		fmt.Fprintf(&b, `{"timestamp": "%s", "prediction": `, r.at.UTC().Format("2006-01-02T15:04:05.000000"))
		shares := `"diagnostics": [{"name": "pump-7\\flow", "value": 0.7}, {"name": "motor-7\\speed", "value": 0.3}]`
		switch {
		case r.off:
			b.WriteString(`0, "prediction_reason": "MACHINE_OFF"}`)
		case old && r.anomalous():
			b.WriteString(`1, "prediction_reason": "ANOMALY_DETECTED", ` + shares + `}`)
		case old:
			b.WriteString(`0, "prediction_reason": "NO_ANOMALY_DETECTED"}`)
		case r.anomalous():
			fmt.Fprintf(&b, `1, "prediction_reason": "ANOMALY_DETECTED", "anomaly_score": %.5f, %s, "something_new": {"a": [1, 2]}}`, r.score, shares)
		default:
			fmt.Fprintf(&b, `0, "prediction_reason": "NO_ANOMALY_DETECTED", "anomaly_score": %.5f, %s}`, r.score, shares)
		}
		b.WriteByte('\n')
	}
	return []byte(b.String())
}

// leave puts a window's result into the bucket.
func (p *plant) leave(w *scored, content []byte) {
	p.want[p.key(w)] = content
	p.put(p.key(w), content)
}

// tick does all that is due by now.
func (p *plant) tick(now time.Time) {
	p.mu.Lock()
	p.now = now
	p.mu.Unlock()
	for i, w := range p.windows {
		age := now.Sub(w.start.Add(5*time.Minute + p.delay))
		if age >= 0 && !p.step(i, w, age) {
			return
		}
	}
}

// step does the next thing with a window, if its time has come.
func (p *plant) step(i int, w *scored, age time.Duration) bool {
	whole := p.text(w, w.fate == oldForm)
	after := func(n int, d time.Duration) bool {
		if w.steps != n || age < d {
			return false
		}
		p.mu.Lock()
		w.steps++
		p.mu.Unlock()
		return true
	}
	switch w.fate {
	case prompt, oldForm:
		if after(0, 0) {
			p.leave(w, whole)
		}
	case late:
		if after(0, 4*time.Minute) {
			p.leave(w, whole)
		}
	case veryLate:
		if after(0, 25*time.Minute) {
			p.marked(w.start, "missing")
			p.leave(w, whole)
		}
	case torn, stayTorn:
		if after(0, 0) {
			p.leave(w, whole[:len(whole)-20])
		}
		if w.fate == torn && after(1, 4*time.Minute) {
			p.leave(w, whole)
		}
	case oversized:
		if after(0, 0) {
			p.leave(w, append([]byte(`{"timestamp": "`), make([]byte, 2<<20)...))
		}
	case doubled:
		if after(0, 0) {
			p.leave(w, whole)
		}
		if after(1, 3*time.Minute) {
			p.leave(w, whole)
		}
	case foreign:
		if after(0, 0) {
			p.leave(w, p.text(p.windows[(i+1)%len(p.windows)], false))
		}
		if after(1, 4*time.Minute) {
			p.leave(w, whole)
		}
	}
	return true
}

// state is what the agent has to say of a window in the end, and words of why.
func (w *scored) state() (state, why string) {
	switch w.fate {
	case missing:
		return "missing", "has no run"
	case failing:
		return "failed", w.reason
	case stayTorn:
		return "missing", "the last line does not end"
	case oversized:
		return "missing", "over the limit"
	}
	return "delivered", ""
}

// service is the scheduler's API.
func (p *plant) service(t *testing.T) string {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ InferenceSchedulerName string }
		body, _ := io.ReadAll(r.Body)
		if json.Unmarshal(body, &in) != nil || in.InferenceSchedulerName != "s" || !strings.Contains(r.Header.Get("Authorization"), "/lookoutequipment/aws4_request") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_ = json.NewEncoder(w).Encode(map[string]any{"InferenceExecutionSummaries": p.executions()})
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}

func (p *plant) executions() []map[string]any {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := []map[string]any{}
	for _, w := range p.windows {
		if p.now.Before(w.start.Add(5*time.Minute + p.delay)) {
			continue
		}
		run := map[string]any{"DataStartTime": w.start.Unix(), "Status": "SUCCESS"}
		switch {
		case w.fate == failing:
			run["Status"], run["FailedReason"] = "FAILED", w.reason
		case w.fate == missing, w.fate == veryLate:
			continue
		case w.fate == late && w.steps == 0:
			run["Status"] = "IN_PROGRESS"
		}
		all = append(all, run)
	}
	return all
}

// event is what consecutive anomalous rows become.
type expectedEvent struct {
	start, end time.Time
	rows       int
	state      string
}

// events applies the rule to the rows of the windows that came in time: an event
// is over after so much normal running.
func (p *plant) events(closeAfter time.Duration) (out []expectedEvent) {
	var open *expectedEvent
	var normal time.Duration
	for _, w := range p.windows {
		if state, _ := w.state(); state != "delivered" || w.fate == veryLate {
			continue
		}
		for _, r := range w.rows {
			switch {
			case r.anomalous() && open == nil:
				open = &expectedEvent{start: r.at, end: r.at, rows: 1, state: "open"}
				normal = 0
			case r.anomalous():
				open.end, open.rows, normal = r.at, open.rows+1, 0
			case open != nil && !r.off:
				if normal += time.Minute; normal >= closeAfter {
					open.state = "closed"
					out, open = append(out, *open), nil
				}
			}
		}
	}
	if open != nil {
		out = append(out, *open)
	}
	return out
}
