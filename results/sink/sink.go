// Package sink brings results, events and alarms to places beside the state
// folder: CSV files, a webhook, an MQTT broker. Each sink goes through the
// sequence of messages at its own pace; none makes messages or forgets any.
package sink

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"millwright/internal/outbox"
)

// Sink is one place. Its methods are called by one goroutine, one after the
// other.
type Sink interface {
	// Name stays the same as long as the target does: a sink's place in the
	// sequence is kept under it.
	Name() string
	// Target is where it goes, for people: it holds no secret.
	Target() string
	// Send brings messages there in their order. It gives how many, from the first
	// on, the other side has for good; these are never sent again unless the
	// process dies before that is entered. An error, which may be a *Fault, is
	// about the first message that is not done. It may stop early without an error,
	// but not before the first message.
	Send(ctx context.Context, ms []outbox.Message) (done int, err error)
	// Keep looks after what has to stand while nothing is sent, such as a
	// connection. It is called every half a minute or so.
	Keep(ctx context.Context) error
	// Close takes leave of the other side. It may be called twice.
	Close() error
}

// Verdict says what becomes of the message that a Fault is about.
type Verdict int

// All verdicts. The zero one is the usual: nothing is wrong with the message.
const (
	Again  Verdict = iota // sent again until it is taken
	Refuse                // the other side was there and does not want it: set aside once that has lasted
	Never                 // there is nothing left to be sent: set aside at once
)

// Fault is why a message was not sent, in words for people.
type Fault struct {
	What    string // without secrets and control characters
	Remedy  string
	Verdict Verdict
	After   time.Duration // the other side asks to be left alone for so long; 0: it says nothing
}

func (f *Fault) Error() string { return f.What }

// Settings describe one sink. Which fields count depends on Kind.
type Settings struct {
	Kind     string // csv, webhook or mqtt
	Instance string // the agent's name
	State    string // state_dir

	Dir          string // csv: the folder
	URL          string // webhook, mqtt
	HMACKeyFile  string // webhook; empty: bodies are not signed
	Topic        string // mqtt, with {instance} and {scheduler}
	CAFile       string // webhook, mqtt; empty: the system's authorities
	User         string // mqtt
	PasswordFile string // mqtt
}

// New makes a sink. It touches no disk and no network.
func New(s Settings) (Sink, error) {
	b := base{instance: s.Instance, state: s.State, name: Name(s)}
	switch s.Kind {
	case "csv":
		return &csvSink{base: b, dir: s.Dir}, nil
	case "webhook":
		u, err := url.Parse(s.URL)
		if err != nil {
			return nil, fmt.Errorf("read the URL of %s: it is not one", b.name)
		}
		return &webhook{base: b, url: u, keyFile: s.HMACKeyFile, trust: trust{file: s.CAFile}}, nil
	case "mqtt":
		u, err := url.Parse(s.URL)
		if err != nil {
			return nil, fmt.Errorf("read the URL of %s: it is not one", b.name)
		}
		return &mqttSink{base: b, url: u, topic: s.Topic, user: s.User, passwordFile: s.PasswordFile, trust: trust{file: s.CAFile}}, nil
	}
	return nil, fmt.Errorf("make a sink: %q is no kind of sink", s.Kind)
}

// Name gives the name of the sink with these settings: its kind and eight hex
// digits of its target. Two sinks with one target would share a name.
func Name(s Settings) string {
	target := filepath.Clean(s.Dir)
	switch s.Kind {
	case "webhook":
		target = s.URL
	case "mqtt":
		target = s.URL + "\x00" + s.Topic
	}
	sum := sha256.Sum256([]byte(target))
	return s.Kind + "-" + hex.EncodeToString(sum[:4])
}

// base is what all sinks have.
type base struct {
	instance string
	state    string // state_dir
	name     string
}

// Name implements Sink.
func (b *base) Name() string { return b.name }

// own is a file of this sink in the state folder.
func (b *base) own(suffix string) string {
	return filepath.Join(b.state, "sinks", b.name+suffix)
}
