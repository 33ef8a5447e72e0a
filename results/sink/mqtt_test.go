//go:build peers

package sink

import (
	"context"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"

	"millwright/internal/event"
	"millwright/internal/outbox"
)

const topic = "millwright/{instance}/{scheduler}"

func (s *site) publisher(t testing.TB, address string) Sink {
	t.Helper()
	return made(t, Settings{Kind: "mqtt", Instance: "gw-17", State: s.state, URL: "tcp://" + address, Topic: topic})
}

// onlineBehindAGate is a publisher of which the broker has heard, and the gate
// that is between them.
func (s *site) onlineBehindAGate(t testing.TB, b *broker, e *ear) (Sink, *tollgate) {
	t.Helper()
	gate := newTollgate(t, b.address())
	k := s.publisher(t, gate.Addr().String())
	if err := k.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.untilRetained(t, "millwright/gw-17/agent", online)
	return k, gate
}

func TestMQTTMessages(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	e := b.listen(nil)
	k := s.publisher(t, b.address())
	s.result(t, "pump-7", 0, 1)
	last := s.result(t, "pump-7", 1, 1)
	open := s.event(t, "pump-7", 1, 1, event.Open)
	alarm := s.alarm(t, "pump-7", 0, 1, outbox.Raised)
	f, stop := sail(t, s.runner(k))
	e.untilHeard(t, 4)
	if e.topics[last.ID] != "millwright/gw-17/pump-7/result" || e.topics[open.ID] != "millwright/gw-17/pump-7/event" || e.topics[alarm.ID] != "millwright/gw-17/pump-7/alarm" {
		t.Errorf("topics %v", e.topics)
	}
	var body map[string]any
	if err := json.Unmarshal(e.bodies[last.ID], &body); err != nil {
		t.Fatal(err)
	}
	in := body["result"].(map[string]any)
	if in["rows"] != 5.0 || in["lines"] != nil || in["last"].(map[string]any)["timestamp"] != "2026-01-05T23:10:00.000000" || body["instance"] != "gw-17" {
		t.Errorf("the result is %v", body)
	}
	const at, agent = "millwright/gw-17/pump-7/state", "millwright/gw-17/agent"
	e.untilRetained(t, at, `"window_start":"2026-01-05T23:05:00Z"`)
	e.untilRetained(t, at, `"event":{"id":"20260105T230500Z","state":"open"`)
	e.untilRetained(t, at, `"alarm":{"kind":"failed","state":"raised"`)
	e.untilRetained(t, agent, online)

	s.event(t, "pump-7", 1, 2, event.Closed)
	s.resultOf(t, "pump-7", 0, 2, rows(0)) // late, of an older window
	f.Wake()
	e.untilRetained(t, at, `"event":null`)
	e.untilHeard(t, 6)
	if got := e.last(at); !strings.Contains(got, `"window_start":"2026-01-05T23:05:00Z","generation":1`) {
		t.Errorf("an older window has taken the newest one's place: %s", got)
	}
	stop()
	e.untilRetained(t, agent, offline)
	fresh := b.listen(func(o *mqtt.ClientOptions) { o.SetClientID("late").SetCleanSession(true) })
	fresh.untilRetained(t, at, `"scheduler":"pump-7"`) // retained for who comes later
	fresh.untilRetained(t, agent, offline)
	if len(fresh.got()) != 0 {
		t.Errorf("messages are retained: %v", fresh.got())
	}
}

// TestMQTTThroughFaults cuts connections and restarts the broker while messages are
// under way: a subscriber that drops ids it knows has everything, in order.
func TestMQTTThroughFaults(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	b.end(syscall.SIGKILL)
	b.configure("allow_anonymous true", "persistence true", "persistence_location "+b.dir+"/", "max_queued_messages 0")
	b.begin()
	e := b.listen(nil)
	gate := newTollgate(t, b.address())
	k := s.publisher(t, gate.Addr().String())
	s.fill(t, 0, 5)
	f, _ := sail(t, s.runner(k))
	cuts := 0
	for i := range 4 {
		s.fill(t, 5+10*i, 10)
		f.Wake()
		time.Sleep(2 * time.Millisecond)
		cuts += gate.cut()
		if i == 2 {
			b.end(syscall.SIGTERM)
			time.Sleep(200 * time.Millisecond)
			b.begin()
		}
		s.untilSent(t, k)
	}
	e.untilHeard(t, len(s.ms))
	expect(t, s, e.got())
	t.Logf("%d connections cut, %d messages, %d heard", cuts, len(s.ms), len(e.got()))
}

// TestMQTTBrokerForgets: one that was killed and has kept nothing gets all states
// and the agent's presence again, without any message.
func TestMQTTBrokerForgets(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	k := s.publisher(t, b.address())
	s.fill(t, 0, 3)
	_, stop := sail(t, s.runner(k))
	s.untilSent(t, k)
	b.end(syscall.SIGKILL)
	stop() // the process starts anew as well
	b.begin()
	e := b.listen(nil)
	sail(t, s.runner(s.publisher(t, b.address())))
	e.untilRetained(t, "millwright/gw-17/pump-7/state", `"window_start":"2026-01-05T23:10:00Z"`)
	e.untilRetained(t, "millwright/gw-17/mill_2/state", `"scheduler":"mill_2"`)
	e.untilRetained(t, "millwright/gw-17/agent", online)
	if len(e.got()) != 0 {
		t.Errorf("messages come again: %v", e.got())
	}
}

// TestMQTTWill: an agent that vanishes is offline.
func TestMQTTWill(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	e := b.listen(nil)
	k, gate := s.onlineBehindAGate(t, b, e)
	gate.cut()
	e.untilRetained(t, "millwright/gw-17/agent", offline)
	until(t, "the loss is noticed", func() string {
		if k.(*mqttSink).client.IsConnectionOpen() {
			return "still open"
		}
		return ""
	})
	if err := k.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.untilRetained(t, "millwright/gw-17/agent", online)
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Error(err)
	}
	e.untilRetained(t, "millwright/gw-17/agent", offline)
}

// TestMQTTStopsWithoutAcknowledgement: an agent that ends while the broker does not
// answer is offline too.
func TestMQTTStopsWithoutAcknowledgement(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	e := b.listen(nil)
	k, gate := s.onlineBehindAGate(t, b, e)
	gate.mute.Store(true)
	s.fill(t, 0, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		e.untilHeard(t, 1)
		stop()
	}()
	if n, err := k.Send(ctx, s.ms); n != 0 || err == nil {
		t.Errorf("sent %d, %v", n, err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	e.untilRetained(t, "millwright/gw-17/agent", offline)
}

func TestMQTTEncryptedWithPassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca, cert, key := authority(t, dir)
	passwords := wrote(t, dir, "passwords", "")
	for user, password := range map[string]string{"gateway": "first", "ear": "ear"} {
		if out, err := exec.Command("mosquitto_passwd", "-b", passwords, user, password).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	b, s := newBroker(t, "certfile "+cert, "keyfile "+key, "password_file "+passwords, "allow_anonymous false"), newSite(t)
	e := b.listen(func(o *mqtt.ClientOptions) {
		o.Servers = nil
		o.AddBroker("tls://" + b.address()).SetTLSConfig(trusting(t, ca)).SetUsername("ear").SetPassword("ear")
	})
	s.fill(t, 0, 4)
	set := Settings{Kind: "mqtt", Instance: "gw-17", State: s.state, URL: "tls://" + b.address(), Topic: topic, User: "gateway"}
	password := wrote(t, dir, "password", "wrong")
	for _, c := range []struct {
		name   string
		change func(*Settings)
		remedy string
	}{
		{"no authority", func(s *Settings) { s.CAFile = "" }, "ca_file"},
		{"another name", func(s *Settings) { s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1) }, "name that its certificate"},
		{"a wrong password", func(*Settings) {}, "password_file"},
		{"no password file", func(s *Settings) { s.PasswordFile = filepath.Join(dir, "gone") }, "able to read it"},
		{"no TLS", func(s *Settings) { s.URL = strings.Replace(s.URL, "tls", "tcp", 1) }, "it runs and can be reached"},
	} {
		this := set
		this.CAFile, this.PasswordFile = ca, password
		c.change(&this)
		n, err := made(t, this).Send(t.Context(), s.ms)
		var f *Fault
		if n != 0 || !errors.As(err, &f) || f.Verdict != Again || !strings.Contains(f.Remedy, c.remedy) || strings.Contains(f.What, "wrong\"") {
			t.Errorf("%s: sent %d, %#v", c.name, n, err)
		}
	}
	set.CAFile, set.PasswordFile = ca, password
	k := made(t, set)
	sail(t, s.runner(k))
	until(t, "a wrong password is told of", func() string { return map[bool]string{true: "no notice"}[s.notice(CodeFailing) == ""] })
	wrote(t, dir, "password", "first\n") // read again at the next attempt
	e.untilHeard(t, len(s.ms))
	expect(t, s, e.got())
}

// TestMQTTBrokerGone: it is told of, and the next attempt makes a new connection.
func TestMQTTBrokerGone(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	s.fill(t, 0, 1)
	k := s.publisher(t, b.address())
	b.end(syscall.SIGKILL)
	var f *Fault
	if n, err := k.Send(t.Context(), s.ms); n != 0 || !errors.As(err, &f) || !strings.Contains(f.Remedy, "nobody listens") {
		t.Errorf("sent %d, %#v", n, err)
	}
	if err := k.Keep(t.Context()); err == nil {
		t.Error("Keep says nothing")
	}
	b.begin()
	s.send(t, k, 0)
}

// TestAConnectionOutlivesAConfiguration: a sink whose settings stay neither says
// goodbye nor connects anew, and its count goes on; one that goes takes its leave.
func TestAConnectionOutlivesAConfiguration(t *testing.T) {
	t.Parallel()
	b, s := newBroker(t, "allow_anonymous true"), newSite(t)
	e := b.listen(nil)
	set := Settings{Kind: "mqtt", Instance: "gw-17", State: s.state, URL: "tcp://" + b.address(), Topic: topic}
	f := &Fleet{}
	var first Sink
	var client any
	for i := range 3 {
		s.fill(t, 3*i, 3)
		k, err := f.Sink(set)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = k
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = f.Run(ctx, []*Runner{s.runner(k)}) }()
		s.untilSent(t, k)
		until(t, "sent", func() string {
			if all := f.Status(); len(all) != 1 || all[0].Sent != int64(len(s.ms)) {
				return "count"
			}
			return ""
		})
		e.untilRetained(t, "millwright/gw-17/agent", online)
		cancel()
		<-ended
		m := k.(*mqttSink)
		if client == nil {
			client = m.client
		}
		if k != first || m.client == nil || m.client != client || !m.client.IsConnectionOpen() {
			t.Fatalf("term %d has another connection", i)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_ = f.Run(gone, nil) // a configuration without it
	e.untilRetained(t, "millwright/gw-17/agent", offline)
	if err := f.Close(); err != nil || len(f.kept) != 0 {
		t.Error(err)
	}
}
