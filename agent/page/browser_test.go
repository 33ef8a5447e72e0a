//go:build peers

package page_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// browser is a headless Chromium that is told what to do over a pair of pipes,
// by its DevTools protocol.
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	id      int
	session string
	heard   []event // what came that no answer was
}

type event struct {
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
}

// start starts a browser with one empty page, which ends with the test.
func start(t *testing.T) *browser {
	t.Helper()
	theirs, mine, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ours, back, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
		"--disable-sync", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+dir, "about:blank")
	cmd.Env = append(os.Environ(), "HOME="+dir)
	cmd.ExtraFiles = []*os.File{theirs, back} // 3 and 4
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start chromium (Debian's package): %v", err)
	}
	theirs.Close()
	back.Close()
	b := &browser{t: t, in: mine, out: bufio.NewReader(ours)}
	t.Cleanup(func() {
		mine.Close() // a browser without its pipe ends
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		ours.Close()
		// Its helpers may outlive it for a moment, and write.
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		for range 100 {
			if os.RemoveAll(dir) == nil {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
	})
	_ = ours.SetReadDeadline(time.Now().Add(10 * time.Minute))
	var made struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
	}
	b.do("Target.createTarget", map[string]any{"url": "about:blank"}, &made)
	b.do("Target.attachToTarget", map[string]any{"targetId": made.TargetID, "flatten": true}, &made)
	b.session = made.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.do(domain+".enable", nil, nil)
	}
	for state := ""; state != "complete"; { // else its load may be taken for that of the first page
		b.eval("document.readyState", &state)
	}
	return b
}

// do calls a method and waits for its answer.
func (b *browser) do(method string, params, result any) {
	b.t.Helper()
	b.id++
	call := map[string]any{"id": b.id, "method": method}
	if params != nil {
		call["params"] = params
	}
	if b.session != "" {
		call["sessionId"] = b.session
	}
	text, err := json.Marshal(call)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		var m struct {
			event
			ID     int             `json:"id"`
			Result json.RawMessage `json:"result"`
			Error  json.RawMessage `json:"error"`
		}
		b.next(&m)
		if m.ID != b.id {
			b.heard = append(b.heard, m.event)
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

func (b *browser) next(m any) {
	b.t.Helper()
	text, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("listen to chromium: %v", err)
	}
	if err := json.Unmarshal(text[:len(text)-1], m); err != nil {
		b.t.Fatal(err)
	}
}

// open shows an address in a window of that many CSS pixels, and waits until it
// is loaded.
func (b *browser) open(url string, width int, scheme string) {
	b.t.Helper()
	b.heard = nil
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.do("Page.navigate", map[string]any{"url": url}, nil)
	for i := 0; !b.hears("Page.loadEventFired"); i++ {
		var m event
		b.next(&m)
		b.heard = append(b.heard, m)
	}
}

func (b *browser) hears(method string) bool {
	for _, e := range b.heard {
		if e.Method == method {
			return true
		}
	}
	return false
}

// said is what the browser had to complain of: refused styles, scripts, errors.
func (b *browser) said() (lines []string) {
	for _, e := range b.heard {
		if e.Method == "Log.entryAdded" || e.Method == "Runtime.exceptionThrown" || e.Method == "Runtime.consoleAPICalled" || e.Method == "Page.javascriptDialogOpening" {
			lines = append(lines, fmt.Sprintf("%s %s", e.Method, e.Params))
		}
	}
	return lines
}

// eval gives what an expression is in the page, as JSON.
func (b *browser) eval(expression string, value any) {
	b.t.Helper()
	var r struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
	}
	b.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &r)
	if err := json.Unmarshal(r.Result.Value, value); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
}

// shot is the whole page as PNG.
func (b *browser) shot() []byte {
	b.t.Helper()
	var m struct {
		Size struct {
			Width  float64 `json:"width"`
			Height float64 `json:"height"`
		} `json:"cssContentSize"`
	}
	b.do("Page.getLayoutMetrics", nil, &m)
	var r struct {
		Data []byte `json:"data"`
	}
	b.do("Page.captureScreenshot", map[string]any{
		"format": "png", "captureBeyondViewport": true, "clip": map[string]any{"x": 0, "y": 0, "width": m.Size.Width, "height": m.Size.Height, "scale": 1},
	}, &r)
	return r.Data
}
