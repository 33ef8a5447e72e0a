package sink

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"millwright/internal/event"
	"millwright/internal/outbox"
	"millwright/internal/resultline"
)

func TestWebhookMessages(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), receive(t, nil)
	key := wrote(t, t.TempDir(), "key", "secret-1\n")
	k := made(t, Settings{Kind: "webhook", Instance: "gw-17", State: s.state, URL: r.URL + "/in?token=hush", HMACKeyFile: key})
	result := s.result(t, "pump-7", 1, 1)
	change := s.event(t, "pump-7", 1, 2, event.Closed)
	alarm := s.alarm(t, "pump-7", 1, 1, outbox.Raised)
	s.send(t, k, 0)
	body := r.body(t, result.ID)
	for key, want := range map[string]any{
		"id": "pump-7/20260105T230500Z/result/1", "instance": "gw-17", "scheduler": "pump-7", "kind": "result", "generation": 1.0,
		"window_start": "2026-01-05T23:05:00Z", "at": "2026-01-05T23:12:00Z",
	} {
		if body[key] != want {
			t.Errorf("%s is %v, want %v", key, body[key], want)
		}
	}
	in := body["result"].(map[string]any)
	lines := in["lines"].([]any)
	if in["rows"] != 5.0 || len(lines) != 5 || lines[1].(map[string]any)["prediction_reason"] != "ANOMALY_DETECTED" || in["last"].(map[string]any)["timestamp"] != "2026-01-05T23:10:00.000000" {
		t.Errorf("the result is %v", in)
	}
	if e := r.body(t, change.ID)["event"].(map[string]any); e["state"] != "closed" || e["id"] != "20260105T230500Z" {
		t.Errorf("the event is %v", e)
	}
	if a := r.body(t, alarm.ID)["alarm"].(map[string]any); a["kind"] != "failed" || a["state"] != "raised" {
		t.Errorf("the alarm is %v", a)
	}
	r.signed(t, r.bodies[result.ID], r.heads[0], "secret-1")

	wrote(t, filepath.Dir(key), "key", "secret-2\r\n") // a new key counts from the next message on
	next := s.result(t, "pump-7", 2, 1)
	s.send(t, k, 3)
	r.signed(t, r.bodies[next.ID], r.heads[3], "secret-2")
	if len(r.conns) != 1 {
		t.Errorf("%d connections for %d requests", len(r.conns), r.n)
	}
	unsigned := made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL})
	s.send(t, unsigned, 3)
	if got := r.heads[4].Get(headerSignature); got != "" {
		t.Errorf("signed without a key: %s", got)
	}
}

// TestWebhookLargeResult: a message is bounded whatever a window holds.
func TestWebhookLargeResult(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), receive(t, nil)
	var all []resultline.Row
	var shares []resultline.Share
	for i := range 3000 {
		shares = append(shares, resultline.Share{Name: fmt.Sprintf(`pump\%d%s`, i, strings.Repeat("x", 150)), Value: 0.00033})
	}
	for i := range int64(3600) {
		row := resultline.Row{Time: start(0) + (i+1)*int64(time.Second), Reason: resultline.NoAnomalyDetected, HasScore: true, Diagnostics: shares[:12]}
		if i == 0 {
			row.Diagnostics = shares
		}
		row.Extra = map[string]json.RawMessage{"note": json.RawMessage(`"` + strings.Repeat("y", 700) + `"`)}
		all = append(all, row)
	}
	m := s.resultOf(t, "pump-7", 0, 1, all)
	s.send(t, made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL}), 0)
	in := r.body(t, m.ID)["result"].(map[string]any)
	if size := len(r.bodies[m.ID]); size > mostLines+mostLines/4 || in["lines_cut"] != true {
		t.Errorf("the body has %d bytes, lines_cut is %v", size, in["lines_cut"])
	}
	if first := in["lines"].([]any)[0].(map[string]any); len(first["diagnostics"].([]any)) != mostShares {
		t.Errorf("%d shares", len(first["diagnostics"].([]any)))
	}
}

func TestWebhookResultReplaced(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), receive(t, nil)
	first := s.result(t, "pump-7", 1, 1)
	second := s.resultOf(t, "pump-7", 1, 2, rows(1)[:3])
	gone := s.result(t, "pump-7", 2, 1)
	if err := os.Remove(filepath.Join(s.state, gone.Path)); err != nil {
		t.Fatal(err)
	}
	s.send(t, made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL}), 0)
	for id, lines := range map[string]int{first.ID: 0, second.ID: 3, gone.ID: 0} {
		in := r.body(t, id)["result"].(map[string]any)
		got, _ := in["lines"].([]any)
		if len(got) != lines || (in["lines_gone"] == true) != (lines == 0) {
			t.Errorf("%s: %v", id, in)
		}
	}
}

// TestWebhookThroughFaults: whatever the receiver does, one that drops ids it knows
// has everything, in order per scheduler.
func TestWebhookThroughFaults(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.fill(t, 0, 12)
	r := receive(t, func(n int, _ string, w http.ResponseWriter) bool {
		switch n {
		case 3:
			w.WriteHeader(http.StatusInternalServerError)
		case 7:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return false
		case 11: // taken, but the answer is lost
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close()
			}
			return true
		case 16:
			http.Redirect(w, new(http.Request), "http://127.0.0.1:1/elsewhere?token=hush", http.StatusPermanentRedirect)
			return false
		case 20:
			w.WriteHeader(http.StatusUnauthorized)
			return false
		default:
			return true
		}
		return false
	})
	k := made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL})
	sail(t, s.runner(k))
	s.untilSent(t, k)
	expect(t, s, r.got())
	if n := countAside(s.state, k.Name()); n != 0 {
		t.Errorf("%d set aside", n)
	}
}

func TestWebhookVerdicts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.result(t, "pump-7", 0, 1)
	for _, c := range []struct {
		status  int
		verdict Verdict
		remedy  string
	}{
		{200, -1, ""},
		{202, -1, ""},
		{204, -1, ""},
		{301, Again, "sends to https://other.example, which is not followed"},
		{400, Refuse, "set aside"},
		{401, Again, "hmac_key_file"},
		{403, Again, "hmac_key_file"},
		{404, Again, "path"},
		{405, Refuse, "set aside"},
		{407, Again, "proxy"},
		{408, Again, "log"},
		{410, Refuse, "set aside"},
		{413, Refuse, "set aside"},
		{422, Refuse, "set aside"},
		{425, Again, "log"},
		{429, Again, "log"},
		{500, Again, "log"},
		{503, Again, "log"},
	} {
		r := receive(t, func(_ int, _ string, w http.ResponseWriter) bool {
			w.Header().Set("Location", "https://other.example/x?token=hush")
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(c.status)
			if c.status != http.StatusNoContent {
				w.Write([]byte("\x1b[31mno: /in/hush/token?token=hush\n" + strings.Repeat("ü", 500)))
			}
			return true
		})
		k := made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL + "/in/hush/token?token=hush"})
		n, err := k.Send(t.Context(), []outbox.Message{m})
		var f *Fault
		switch {
		case c.verdict < 0 && err == nil && n == 1:
			continue
		case !errors.As(err, &f):
			t.Errorf("%d: sent %d, %v", c.status, n, err)
			continue
		case f.Verdict != c.verdict || !strings.Contains(f.Remedy, c.remedy) || f.After != 7*time.Second:
			t.Errorf("%d: %+v", c.status, f)
		}
		if strings.Contains(f.What+f.Remedy+k.Target(), "hush") || strings.ContainsAny(f.What, "\x1b\n") || len(f.What) > 300 {
			t.Errorf("%d: the words are %q", c.status, f.What)
		}
	}
}

// TestWebhookUnreachable: what the network does, with words that help and hide.
func TestWebhookUnreachable(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.result(t, "pump-7", 0, 1)
	secure := httptest.NewTLSServer(newReceiver(nil))
	t.Cleanup(secure.Close)
	plain := receive(t, nil)
	dead := httptest.NewServer(nil)
	dead.Close()
	for _, c := range []struct{ name, url, ca, remedy string }{
		{"nobody listens", dead.URL, "", "nobody listens"},
		{"no such name", "https://hush.invalid", "", "name"},
		{"an unknown authority", secure.URL, "", "ca_file"},
		{"no TLS there", strings.Replace(plain.URL, "http:", "https:", 1), "", "does not speak TLS"},
		{"no CA file", secure.URL, "/nonexistent/ca.pem", "PEM"},
		{"an empty CA file", secure.URL, wrote(t, t.TempDir(), "ca", "x"), "PEM"},
	} {
		k := made(t, Settings{Kind: "webhook", State: s.state, URL: c.url + "/secret-path?token=secret", CAFile: c.ca})
		n, err := k.Send(t.Context(), []outbox.Message{m})
		var f *Fault
		if n != 0 || !errors.As(err, &f) || f.Verdict != Again || !strings.Contains(f.Remedy, c.remedy) || strings.Contains(f.What, "secret") {
			t.Errorf("%s: sent %d, %#v", c.name, n, err)
		}
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "gone"), wrote(t, t.TempDir(), "empty", "\n")} {
		k := made(t, Settings{Kind: "webhook", State: s.state, URL: plain.URL, HMACKeyFile: file})
		var f *Fault
		if _, err := k.Send(t.Context(), []outbox.Message{m}); !errors.As(err, &f) || f.Remedy == "" {
			t.Errorf("a key file that has no key: %v", err)
		}
	}
}

func TestWebhookOwnAuthority(t *testing.T) {
	t.Parallel()
	s, r := newSite(t), newReceiver(nil)
	r.Server = httptest.NewTLSServer(r)
	t.Cleanup(r.Server.Close)
	dir := t.TempDir()
	ca := wrote(t, dir, "ca.pem", "not yet")
	m := s.result(t, "pump-7", 0, 1)
	k := made(t, Settings{Kind: "webhook", State: s.state, URL: r.URL, CAFile: ca})
	if _, err := k.Send(t.Context(), []outbox.Message{m}); err == nil {
		t.Fatal("sent without an authority")
	}
	wrote(t, dir, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: r.Certificate().Raw})))
	if n, err := k.Send(t.Context(), []outbox.Message{m}); n != 1 || err != nil {
		t.Errorf("sent %d, %v", n, err)
	}
	if v := r.heads; len(v) != 1 {
		t.Errorf("%d requests", len(v))
	}
}

// TestWebhookStops: an answer that does not come holds up nobody who wants to stop.
func TestWebhookStops(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	m := s.result(t, "pump-7", 0, 1)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	k := made(t, Settings{Kind: "webhook", State: s.state, URL: "http://" + silent.Addr().String()})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if n, err := k.Send(ctx, []outbox.Message{m}); n != 0 || !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 10*time.Second {
		t.Errorf("sent %d, %v after %s", n, err, time.Since(begun))
	}
	k.(*webhook).client.Timeout = 50 * time.Millisecond
	var f *Fault
	if _, err := k.Send(t.Context(), []outbox.Message{m}); !errors.As(err, &f) || !strings.Contains(f.What, "no answer in time") {
		t.Errorf("got %v", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"": 0, "x": 0, "-1": 0, "0": 0, "30": 30 * time.Second, "999999999999": longestAsk, "99999": longestAsk} {
		if got := retryAfter(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if got := retryAfter(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)); got < 30*time.Second || got > time.Minute {
		t.Errorf("a date: %s", got)
	}
}
