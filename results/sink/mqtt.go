package sink

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"millwright/internal/outbox"
)

const (
	atLeastOnce    = 1
	keepAlive      = 60 * time.Second
	connectTimeout = 20 * time.Second // of TCP, TLS and MQTT together
	ackTimeout     = 30 * time.Second // for all acknowledgements of a batch
	writeTimeout   = 10 * time.Second
	partingTimeout = time.Second
)

// What is retained at the agent's own topic; the broker writes Offline when the
// agent vanishes.
const (
	online  = "online"
	offline = "offline"
)

// mqttSink publishes over MQTT 3.1.1. A session holds nothing worth keeping: what
// the broker has not acknowledged is published again from the ledger. Connections
// are made anew rather than mended, at the pace of the runner.
type mqttSink struct {
	base
	url          *url.URL
	topic        string // with placeholders
	user         string
	passwordFile string
	trust        trust

	client mqtt.Client              // nil: not connected yet
	conn   atomic.Pointer[net.Conn] // the client's; nil: none was made
	latest *latest                  // what is retained per scheduler; nil: not read yet
}

// Target implements Sink.
func (m *mqttSink) Target() string { return place(m.url) + " " + m.topic }

// Send implements Sink. A batch is under way at once, in its order; the broker
// acknowledges in that order too.
func (m *mqttSink) Send(ctx context.Context, ms []outbox.Message) (done int, err error) {
	if err := m.connect(ctx); err != nil {
		return 0, err
	}
	wait, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	var tokens []mqtt.Token
	var said []*result // of each message that is under way
	var stopped error
	for _, message := range ms {
		body, r, err := m.render(message, false)
		if err != nil {
			stopped = err
			break
		}
		topic := topicFor(m.topic, m.instance, message.Scheduler) + "/" + string(message.Kind)
		tokens = append(tokens, m.client.Publish(topic, atLeastOnce, false, body))
		said = append(said, r)
	}
	for _, t := range tokens {
		if err := m.acknowledged(wait, t); err != nil {
			stopped = err
			break
		}
		m.latest.learn(m.instance, ms[done], said[done])
		done++
	}
	if err := m.latest.save(); err != nil {
		return done, fmt.Errorf("save what is retained: %w", err)
	}
	if stopped == nil {
		stopped = m.retain(wait)
	}
	if ctx.Err() != nil {
		return done, ctx.Err()
	}
	return done, stopped
}

// Keep implements Sink: the agent shall be seen to be there.
func (m *mqttSink) Keep(ctx context.Context) error {
	if err := m.connect(ctx); err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	return m.retain(wait)
}

// Close implements Sink.
func (m *mqttSink) Close() error {
	if m.client == nil {
		return nil
	}
	wait, cancel := context.WithTimeout(context.Background(), partingTimeout)
	defer cancel()
	var err error
	if m.client.IsConnectionOpen() { // a broker that is told goodbye publishes no will
		err = m.acknowledged(wait, m.client.Publish(agentTopic(m.topic, m.instance), atLeastOnce, true, offline))
	}
	m.hangUp()
	return err
}

// retain publishes the latest state of schedulers that the broker does not have.
func (m *mqttSink) retain(ctx context.Context) error {
	for _, scheduler := range m.latest.news() {
		body, err := m.latest.document(scheduler)
		if err != nil {
			return err
		}
		topic := topicFor(m.topic, m.instance, scheduler) + "/state"
		if err := m.acknowledged(ctx, m.client.Publish(topic, atLeastOnce, true, body)); err != nil {
			return err
		}
		m.latest.told(scheduler)
	}
	return nil
}

// acknowledged waits for the broker.
func (m *mqttSink) acknowledged(ctx context.Context, t mqtt.Token) error {
	select {
	case <-t.Done():
		if err := t.Error(); err != nil {
			return m.lost(err)
		}
		return nil
	case <-ctx.Done():
		m.drop() // what is under way must not arrive after what comes next
		return m.lost(ctx.Err())
	}
}

func (m *mqttSink) lost(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		err = errors.New("no acknowledgement in time")
	}
	return &Fault{
		What:   plain(fmt.Sprintf("publish to %s: %v", place(m.url), err)),
		Remedy: "check the broker and its log: it also ends connections whose user may not publish to these topics, and a second one with the same client id, " + m.clientID() + "; nothing is lost meanwhile",
	}
}

// connect does nothing while there is a connection.
func (m *mqttSink) connect(ctx context.Context) error {
	if m.client != nil && m.client.IsConnectionOpen() {
		return nil
	}
	m.hangUp()
	if m.latest == nil {
		m.latest = openLatest(m.own(".latest.json"))
	}
	o, err := m.options(ctx)
	if err != nil {
		return err
	}
	m.client = mqtt.NewClient(o)
	wait, cancel := context.WithTimeout(ctx, connectTimeout+time.Second)
	defer cancel()
	t := m.client.Connect()
	select {
	case <-t.Done():
	case <-wait.Done():
		m.hangUp()
		return unreached(place(m.url), wait.Err())
	}
	if err := t.Error(); err != nil {
		m.client = nil
		return m.refused(err)
	}
	m.latest.forgotten() // a broker without persistence has lost what it had retained
	return m.acknowledged(wait, m.client.Publish(agentTopic(m.topic, m.instance), atLeastOnce, true, online))
}

func (m *mqttSink) options(ctx context.Context) (*mqtt.ClientOptions, error) {
	config, _, err := m.trust.tls()
	if err != nil {
		return nil, err
	}
	o := mqtt.NewClientOptions()
	o.AddBroker(m.url.String())
	o.SetClientID(m.clientID())
	o.SetProtocolVersion(4) // 3.1.1
	o.SetCleanSession(true)
	o.SetAutoReconnect(false)
	o.SetKeepAlive(keepAlive)
	o.SetConnectTimeout(connectTimeout)
	o.SetWriteTimeout(writeTimeout)
	o.SetBinaryWill(agentTopic(m.topic, m.instance), []byte(offline), atLeastOnce, true)
	o.SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return m.dial(ctx, config) })
	if m.user != "" {
		o.SetUsername(m.user)
	}
	if m.passwordFile != "" {
		password, err := secret("password_file", m.passwordFile)
		if err != nil {
			return nil, err
		}
		o.SetPassword(string(password))
	}
	return o, nil
}

func (m *mqttSink) dial(ctx context.Context, config *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	m.conn.Store(nil)
	encrypted := m.url.Scheme != "tcp" && m.url.Scheme != "mqtt"
	port := m.url.Port()
	switch {
	case port != "":
	case encrypted:
		port = "8883"
	default:
		port = "1883"
	}
	address := net.JoinHostPort(m.url.Hostname(), port)
	dial := (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	if encrypted {
		dial = (&tls.Dialer{NetDialer: &net.Dialer{KeepAlive: 30 * time.Second}, Config: config}).DialContext
	}
	conn, err := dial(ctx, "tcp", address)
	if err == nil {
		m.conn.Store(&conn)
	}
	return conn, err
}

// refused puts a connection that did not come about into words.
func (m *mqttSink) refused(err error) error {
	said := func(what, remedy string) error {
		return &Fault{What: place(m.url) + " refuses the connection: " + what, Remedy: remedy}
	}
	switch {
	case errors.Is(err, packets.ErrorRefusedNotAuthorised), errors.Is(err, packets.ErrorRefusedBadUsernameOrPassword):
		return said("user or password is wrong, or the user may not connect", "check user and password_file against the broker's; the file is read again at each attempt")
	case errors.Is(err, packets.ErrorRefusedIDRejected):
		return said("it does not accept the client id "+m.clientID(), "allow it in the broker")
	case errors.Is(err, packets.ErrorRefusedBadProtocolVersion):
		return said("it does not speak MQTT 3.1.1", "let the broker accept 3.1.1 beside newer versions")
	case errors.Is(err, packets.ErrorRefusedServerUnavailable):
		return said("it is not ready", "look at the broker's log; it is tried again")
	}
	return unreached(place(m.url), err)
}

// hangUp drops the connection, if there is one.
func (m *mqttSink) hangUp() {
	if m.client != nil {
		m.client.Disconnect(uint(partingTimeout / time.Millisecond))
		m.client = nil
	}
}

// drop ends a connection without goodbye, so that the broker publishes the will:
// nobody may come back soon.
func (m *mqttSink) drop() {
	if conn := m.conn.Load(); conn != nil {
		_ = (*conn).Close() // it is given up
	}
	m.hangUp()
}

// clientID is the same after each start, and short enough for any broker.
func (m *mqttSink) clientID() string {
	sum := sha256.Sum256([]byte(m.instance + "\x00" + m.name))
	return "millwright" + hex.EncodeToString(sum[:6])
}
