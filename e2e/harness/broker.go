package harness

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Broker is a mosquitto on a loopback port, and a subscriber of everything whose
// session outlasts the broker's restarts.
type Broker struct {
	t    testing.TB
	dir  string
	addr string
	cmd  *exec.Cmd

	mu       sync.Mutex
	ids      []string          // of messages that are not retained, in their order, each the first time
	topics   map[string]string // where each id was
	retained map[string]string // the newest text by topic of the others
	again    int               // ids that had come before
}

// NewBroker runs until the test ends.
func NewBroker(t testing.TB) *Broker {
	t.Helper()
	addr, err := quietAddr()
	if err != nil {
		t.Fatal(err)
	}
	b := &Broker{t: t, dir: t.TempDir(), addr: addr, topics: map[string]string{}, retained: map[string]string{}}
	_, port, _ := net.SplitHostPort(addr)
	text := fmt.Sprintf("user root\nlistener %s 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nmax_queued_messages 0\n", port, b.dir)
	if err := os.WriteFile(filepath.Join(b.dir, "conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Stop() })
	b.Start()
	b.subscribe(port)
	return b
}

// URL is what a sink connects to.
func (b *Broker) URL() string { return "tcp://" + b.addr }

// Start starts the broker with what it knew when it stopped.
func (b *Broker) Start() {
	b.t.Helper()
	b.cmd = command("mosquitto", "-c", filepath.Join(b.dir, "conf"))
	if err := b.cmd.Start(); err != nil {
		b.t.Fatalf("start mosquitto (Debian: apt install mosquitto): %v", err)
	}
	for end := time.Now().Add(Patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c, err := net.Dial("tcp", b.addr); err == nil {
			c.Close()
			return
		}
	}
	b.t.Fatal("mosquitto does not listen")
}

// Stop stops it; it keeps what it has for its subscribers.
func (b *Broker) Stop() {
	if b.cmd != nil {
		b.cmd.Process.Signal(syscall.SIGTERM)
		b.cmd.Wait()
		b.cmd = nil
	}
}

// command finds what Debian has in /usr/sbin, which is not on everybody's path.
func command(name string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
	}
	cmd := exec.Command(path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (b *Broker) subscribe(port string) {
	b.t.Helper()
	session := []string{"-h", "127.0.0.1", "-p", port, "-i", "ear", "-c", "-q", "1", "-t", "#"}
	// The session begins here, so that no message comes before it however late the
	// one that stays is.
	if out, err := command("mosquitto_sub", append(session, "-E")...).CombinedOutput(); err != nil {
		b.t.Fatalf("subscribe with mosquitto_sub (Debian: apt install mosquitto-clients): %v\n%s", err, out)
	}
	cmd := command("mosquitto_sub", append(session, "-F", "%t %p")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.t.Fatalf("start mosquitto_sub: %v", err)
	}
	b.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			b.heard(lines.Text())
		}
	}()
}

func (b *Broker) heard(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	topic, text, _ := strings.Cut(line, " ")
	if strings.HasSuffix(topic, "/state") || strings.HasSuffix(topic, "/agent") {
		b.retained[topic] = text
		return
	}
	_, id, _ := strings.Cut(text, `{"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	if slices.Contains(b.ids, id) {
		b.again++
		return
	}
	b.ids = append(b.ids, id)
	b.topics[id] = topic
}

// IDs are the messages' ids in the order in which they came first.
func (b *Broker) IDs() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.ids)
}

// Topic is where a message was published.
func (b *Broker) Topic(id string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.topics[id]
}

// Retained is the newest text at a topic that is retained.
func (b *Broker) Retained(topic string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.retained[topic]
}
