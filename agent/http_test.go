package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"millwright/agent/status"
	"millwright/internal/ledger"
)

// page waits until the page is served and gives its address.
func (g *gateway) page() (address string) {
	g.t.Helper()
	select {
	case url := <-g.serves:
		return strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	case <-time.After(patience):
		g.t.Fatal("no page is served")
		return ""
	}
}

// get gives the answer at a path, and 0 while nobody answers.
func (g *gateway) get(address, path string) (int, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(body)
}

// TestThePageOfADaemon asks a daemon at work for all there is, and holds it
// against what the verb reads beside it.
func TestThePageOfADaemon(t *testing.T) {
	t.Parallel()
	g := newGateway(t)
	g.write("http: {listen: '127.0.0.1:0'}\n", "pump-7")
	stop := g.run()
	defer stop()
	address := g.page()
	g.until("the page is there", func() bool { code, _ := g.get(address, "/healthz"); return code == http.StatusOK })
	g.arrives(g.drop("pump-7"))
	g.until("the metrics tell of it", func() bool {
		_, text := g.get(address, "/metrics")
		return strings.Contains(text, "millwright_uploaded_objects_total 1\n") && strings.Contains(text, `millwright_last_upload_timestamp_seconds{scheduler="pump-7"}`)
	})
	for path, holds := range map[string]string{"/": "<h2 id=\"s0\">pump-7</h2>", "/readyz": "ready", "/status.json": `"name": "pump-7"`} {
		if code, body := g.get(address, path); code != http.StatusOK || !strings.Contains(body, holds) {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
	}
	g.same(address)

	g.write("http: {listen: '127.0.0.2:0'}\n", "pump-7")
	g.hangup <- syscall.SIGHUP
	other := g.page()
	if !strings.HasPrefix(other, "127.0.0.2:") {
		t.Errorf("the page has moved to %s", other)
	}
	g.until("the page has moved", func() bool {
		there, _ := g.get(other, "/healthz")
		here, _ := g.get(address, "/healthz")
		return there == http.StatusOK && here == 0
	})
}

// same waits until page and verb have read the same moment, and compares them.
func (g *gateway) same(address string) {
	g.t.Helper()
	cfg, err := g.load()
	if err != nil {
		g.t.Fatal(err)
	}
	led, err := ledger.OpenReadOnly(g.t.Context(), cfg.StateDir)
	if err != nil {
		g.t.Fatal(err)
	}
	defer led.Close()
	g.until("page and verb say the same", func() bool {
		_, body := g.get(address, "/status.json")
		var s status.Snapshot
		if err := json.Unmarshal([]byte(body), &s); err != nil {
			g.t.Fatal(err)
		}
		if s.Live == nil || s.Live.Process.Resident == 0 {
			g.t.Fatalf("the daemon knows nothing of itself: %s", body)
		}
		v, err := StatusSource(cfg, led).Take(g.t.Context(), s.Time)
		if err != nil {
			g.t.Fatal(err)
		}
		s.Live, s.Disk, v.Disk = nil, status.Disk{}, status.Disk{} // the disk is busy
		a, _ := json.Marshal(s)
		b, _ := json.Marshal(v)
		return string(a) == string(b)
	})
}

// TestAPortThatIsTaken holds nothing else up.
func TestAPortThatIsTaken(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	g := newGateway(t)
	g.write(fmt.Sprintf("http: {listen: %q}\n", ln.Addr()), "pump-7")
	stop := g.run()
	defer stop()
	g.arrives(g.drop("pump-7"))
	led, err := ledger.OpenReadOnly(t.Context(), g.path("state"))
	if err != nil {
		t.Fatal(err)
	}
	defer led.Close()
	g.until("it is noted", func() bool {
		notes, err := led.Notices(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(notes, func(n ledger.Notice) bool {
			return n.Scope == httpScope && strings.Contains(n.Text, "address already in use")
		})
	})
}
