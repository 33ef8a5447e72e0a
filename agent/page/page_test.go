package page_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"millwright/agent/page"
	"millwright/agent/status"
	"millwright/agent/status/example"
)

// site is what a handler's answers are made of, and how often it was asked.
type site struct {
	snapshot status.Snapshot
	err      error
	late     string
	taken    int
}

func (s *site) handler() http.Handler {
	return page.Handler(page.Options{
		Take:    func(context.Context) (status.Snapshot, error) { s.taken++; return s.snapshot, s.err },
		Hanging: func() string { return s.late }, Log: zap.NewNop(),
	})
}

func get(h http.Handler, path string) (int, string, http.Header) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Code, w.Body.String(), w.Result().Header
}

func TestEveryPathAnswers(t *testing.T) {
	t.Parallel()
	s := &site{snapshot: example.Snapshot()}
	h := s.handler()
	for path, want := range map[string]struct{ kind, holds string }{
		"/":            {"text/html", "mill-2"},
		"/status.json": {"application/json", `"instance": "gw-17"`},
		"/metrics":     {"text/plain; version=0.0.4", "millwright_build_info"},
		"/healthz":     {"text/plain", "ok"},
		"/icon.svg":    {"image/svg+xml", "<svg"},
	} {
		code, body, header := get(h, path)
		if code != http.StatusOK || !strings.HasPrefix(header.Get("Content-Type"), want.kind) || !strings.Contains(body, want.holds) {
			t.Errorf("%s: %d, %s, %.200s", path, code, header.Get("Content-Type"), body)
		}
	}
	if s.taken != 1 {
		t.Errorf("%d snapshots for requests within a second", s.taken)
	}
	for _, path := range []string{"/nothing", "/status.json/", "/../etc/passwd"} {
		if code, _, _ := get(h, path); code == http.StatusOK {
			t.Errorf("%s is answered", path)
		}
	}
}

// TestWhoGoesAwayLeavesTheSnapshot: checks with a short time-out must not keep a
// slow disk from ever answering.
func TestWhoGoesAwayLeavesTheSnapshot(t *testing.T) {
	t.Parallel()
	taken := 0
	h := page.Handler(page.Options{
		Take: func(ctx context.Context) (status.Snapshot, error) {
			if err := ctx.Err(); err != nil {
				return status.Snapshot{}, err
			}
			taken++
			return example.Snapshot(), nil
		},
		Hanging: func() string { return "" }, Log: zap.NewNop(),
	})
	gone, leave := context.WithCancel(t.Context())
	leave()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, http.MethodGet, "/status.json", nil))
	if code, _, _ := get(h, "/status.json"); code != http.StatusOK || taken != 1 {
		t.Errorf("%d, %d snapshots", code, taken)
	}
}

func TestTheJSONIsTheSnapshot(t *testing.T) {
	t.Parallel()
	want := example.Snapshot()
	_, body, _ := get((&site{snapshot: want}).handler(), "/status.json")
	var again status.Snapshot
	if err := json.Unmarshal([]byte(body), &again); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(again)
	if !bytes.Equal(a, b) {
		t.Errorf("%s\nis not\n%s", b, a)
	}
}

func TestHealthAsksNoDisk(t *testing.T) {
	t.Parallel()
	s := &site{err: errors.New("disk is ill")}
	h := s.handler()
	if code, _, _ := get(h, "/healthz"); code != http.StatusOK || s.taken != 0 {
		t.Errorf("an ill disk: %d, %d snapshots", code, s.taken)
	}
	for _, path := range []string{"/readyz", "/", "/metrics", "/status.json"} {
		if code, body, _ := get(h, path); code != http.StatusServiceUnavailable || strings.Contains(body, "ill") {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	s.late = "upload"
	if code, body, _ := get(h, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "upload") {
		t.Errorf("a loop that hangs: %d %s", code, body)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	long := []status.Trouble{{Where: "store", What: "does not answer", Since: time.Now().Add(-2 * page.Patience)}}
	short := []status.Trouble{{Where: "store", What: "does not answer", Since: time.Now()}}
	for name, tt := range map[string]struct {
		backlog int64
		trouble []status.Trouble
		want    int
	}{
		"all is well":                           {0, nil, 200},
		"windows wait and go":                   {3, nil, 200},
		"an outage that has just begun":         {3, short, 200},
		"an outage":                             {3, long, 503},
		"an outage while nothing is to be sent": {0, long, 200},
	} {
		s := example.Snapshot()
		for i := range s.Schedulers {
			s.Schedulers[i].Backlog = tt.backlog
		}
		s.Live.Uploads.Trouble = tt.trouble
		if code, body, _ := get((&site{snapshot: s}).handler(), "/readyz"); code != tt.want {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
}

// TestAnEmptyPlant is the page of the first minute, and of a verb without daemon.
func TestAnEmptyPlant(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]status.Snapshot{
		"nothing":          {Time: example.Now()},
		"a new scheduler":  {Running: true, Time: example.Now(), Schedulers: []status.Scheduler{{Name: "pump-7", NextWake: example.Now()}}},
		"without a daemon": func() status.Snapshot { s := example.Snapshot(); s.Live, s.Running = nil, false; return s }(),
	} {
		var b bytes.Buffer
		if err := page.Render(&b, &s, time.Second); err != nil || !strings.Contains(b.String(), "</html>") {
			t.Errorf("%s: %v", name, err)
		}
		for _, odd := range []string{"NaN", "%!", "0001"} {
			if i := strings.Index(b.String(), odd); i >= 0 {
				t.Errorf("%s: %.200s", name, b.String()[max(0, i-100):])
			}
		}
	}
}

func TestARehearsalIsMarked(t *testing.T) {
	t.Parallel()
	s := example.Snapshot()
	for _, r := range []*status.Rehearsal{nil, {From: example.Now(), Pace: 60}} {
		s.Clock.Rehearsal = r
		var b bytes.Buffer
		if err := page.Render(&b, &s, time.Second); err != nil || strings.Contains(b.String(), "rehearsal at 60 times the pace") != (r != nil) {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

func BenchmarkPage(b *testing.B) {
	s := example.Snapshot()
	b.ReportAllocs()
	for b.Loop() {
		if err := page.Render(io.Discard, &s, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
