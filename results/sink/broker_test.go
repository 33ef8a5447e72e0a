//go:build peers

package sink

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// broker is a mosquitto on a loopback port.
type broker struct {
	t    testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
}

// newBroker starts one with lines of configuration beside the usual ones.
func newBroker(t testing.TB, lines ...string) *broker {
	t.Helper()
	b := &broker{t: t, dir: t.TempDir(), port: quietPort(t)}
	b.configure(lines...)
	t.Cleanup(func() { b.end(syscall.SIGKILL) })
	b.begin()
	return b
}

// quietPort is a port of this machine that nobody has. It is below those that the
// kernel gives to connections, so that nobody gets it while a broker is restarted.
func quietPort(t testing.TB) int {
	t.Helper()
	least := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if n, err := strconv.Atoi(strings.Fields(string(text))[0]); err == nil && n > 2048 {
			least = n
		}
	}
	low := min(10000, least/2)
	for range 100 {
		port := low + mathrand.IntN(least-low)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func (b *broker) configure(lines ...string) {
	b.t.Helper()
	text := fmt.Sprintf("user root\nlistener %d 127.0.0.1\n%s\n", b.port, strings.Join(lines, "\n"))
	wrote(b.t, b.dir, "mosquitto.conf", text)
}

func (b *broker) begin() {
	b.t.Helper()
	path, err := exec.LookPath("mosquitto")
	if err != nil {
		path = "/usr/sbin/mosquitto"
	}
	b.cmd = exec.Command(path, "-c", filepath.Join(b.dir, "mosquitto.conf"))
	b.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	log, err := os.OpenFile(filepath.Join(b.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer log.Close()
	b.cmd.Stdout, b.cmd.Stderr = log, log
	if err := b.cmd.Start(); err != nil {
		b.t.Fatalf("start mosquitto (Debian: apt install mosquitto): %v", err)
	}
	until(b.t, "mosquitto listens", func() string {
		conn, err := net.Dial("tcp", b.address())
		if err != nil {
			return err.Error() + "\n" + read(b.t, filepath.Join(b.dir, "log"))
		}
		conn.Close()
		return ""
	})
}

func (b *broker) end(signal syscall.Signal) {
	if b.cmd != nil {
		b.cmd.Process.Signal(signal)
		b.cmd.Wait()
		b.cmd = nil
	}
}

func (b *broker) address() string { return fmt.Sprintf("127.0.0.1:%d", b.port) }

// ear hears what a broker sends to a subscriber of everything.
type ear struct {
	mu       sync.Mutex
	ids      []string          // of messages, in the order of their coming
	bodies   map[string][]byte // by id
	retained map[string]string // the last text by topic: states and availability
	topics   map[string]string // of each id
}

// listen subscribes with a session that outlasts the broker's restarts.
func (b *broker) listen(change func(*mqtt.ClientOptions)) *ear {
	b.t.Helper()
	e := &ear{bodies: map[string][]byte{}, retained: map[string]string{}, topics: map[string]string{}}
	o := mqtt.NewClientOptions().AddBroker("tcp://" + b.address()).SetClientID("ear").SetCleanSession(false).
		SetMaxReconnectInterval(100 * time.Millisecond).SetDefaultPublishHandler(e.hear)
	if change != nil {
		change(o)
	}
	c := mqtt.NewClient(o)
	if t := c.Connect(); t.Wait() && t.Error() != nil {
		b.t.Fatal(t.Error())
	}
	b.t.Cleanup(func() { c.Disconnect(0) })
	if t := c.Subscribe("#", 1, nil); t.Wait() && t.Error() != nil {
		b.t.Fatal(t.Error())
	}
	return e
}

func (e *ear) hear(_ mqtt.Client, m mqtt.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if strings.HasSuffix(m.Topic(), "/state") || strings.HasSuffix(m.Topic(), "/agent") {
		e.retained[m.Topic()] = string(m.Payload())
		return
	}
	_, id, _ := strings.Cut(string(m.Payload()), `{"id":"`)
	id, _, _ = strings.Cut(id, `"`)
	e.ids = append(e.ids, id)
	e.bodies[id], e.topics[id] = m.Payload(), m.Topic()
}

func (e *ear) got() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.ids...)
}

func (e *ear) last(topic string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.retained[topic]
}

// untilHeard waits for a number of different messages.
func (e *ear) untilHeard(t testing.TB, n int) {
	t.Helper()
	until(t, "messages", func() string {
		if got := len(firsts(e.got())); got < n {
			return fmt.Sprintf("%d of %d", got, n)
		}
		return ""
	})
}

func (e *ear) untilRetained(t testing.TB, topic, part string) {
	t.Helper()
	until(t, topic, func() string {
		if got := e.last(topic); !strings.Contains(got, part) {
			return fmt.Sprintf("%q has no %s", got, part)
		}
		return ""
	})
}

// tollgate passes connections on and can cut them all.
type tollgate struct {
	net.Listener
	to   string
	mute atomic.Bool // nothing comes back from there

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func newTollgate(t testing.TB, to string) *tollgate {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &tollgate{Listener: l, to: to, conns: map[net.Conn]bool{}}
	go g.run()
	t.Cleanup(func() { l.Close(); g.cut() })
	return g
}

func (g *tollgate) run() {
	for {
		in, err := g.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", g.to)
		if err != nil {
			in.Close()
			continue
		}
		g.mu.Lock()
		g.conns[in], g.conns[out] = true, true
		g.mu.Unlock()
		go pour(in, out, &g.mute)
		go pour(out, in, new(atomic.Bool))
	}
}

func pour(to, from net.Conn, mute *atomic.Bool) {
	defer to.Close()
	defer from.Close()
	buffer := make([]byte, 512)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if mute.Load() {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut ends all connections at once; it tells how many there were.
func (g *tollgate) cut() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.conns) / 2
	for c := range g.conns {
		c.Close()
	}
	clear(g.conns)
	return n
}

// authority makes a CA and a certificate for 127.0.0.1, as PEM files in dir.
func authority(t testing.TB, dir string) (ca, cert, key string) {
	t.Helper()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "plant CA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "broker"}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	rootKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, &rootKey.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, root, &leafKey.PublicKey, rootKey)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(leafKey)
	if err != nil {
		t.Fatal(err)
	}
	file := func(name, kind string, der []byte) string {
		return wrote(t, dir, name, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	return file("ca.pem", "CERTIFICATE", rootDER), file("cert.pem", "CERTIFICATE", leafDER), file("key.pem", "PRIVATE KEY", keyDER)
}

func trusting(t testing.TB, ca string) *tls.Config {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(read(t, ca))) {
		t.Fatal("no certificate")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}
