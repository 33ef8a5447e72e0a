package config

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"millwright/internal/yamlfile"
)

func (v *checker) sink(key string, c *Config, s Sink) {
	if s.Kind == "" {
		v.fault(key+".kind", "is missing", "use one of "+strings.Join(s.Kind.Values(), " "))
		return
	}
	if len(s.What) == 0 {
		v.fault(key+".what", "is empty", "name what it gets, or remove the sink")
	}
	for i, what := range s.What {
		if slices.Contains(s.What[:i], what) {
			v.fault(fmt.Sprintf("%s.what[%d]", key, i), "is given twice", "keep one")
		}
	}
	v.foreign(key, s)
	v.once(key, c, s)
	switch s.Kind {
	case CSVSink:
		v.csvSink(key, c, s)
	case WebhookSink:
		v.target(key+".url", s.URL, "https://host/path", "http", "https")
	case MQTTSink:
		v.target(key+".url", s.URL, "tls://host:8883", "tls", "tcp")
		v.topic(key+".topic", s.Topic)
		if len(c.Schedulers) > 1 && !strings.Contains(s.Topic, "{scheduler}") {
			v.warn(key+".topic", "is the same for all schedulers, so that only one of them has its latest state there", "put {scheduler} into it")
		}
		if s.PasswordFile != "" && s.User == "" {
			v.fault(key+".password_file", "has no user to it", "give user too")
		}
	}
	v.path(key+".hmac_key_file", s.HMACKeyFile)
	v.path(key+".ca_file", s.CAFile)
	v.path(key+".password_file", s.PasswordFile)
}

// once refuses a second sink with the target of an earlier one: their places
// among the messages could not be told apart.
func (v *checker) once(key string, c *Config, s Sink) {
	for i := range c.Sinks {
		o := &c.Sinks[i]
		if fmt.Sprintf("sinks[%d]", i) == key {
			return
		}
		if o.Kind == s.Kind && filepath.Clean(o.Dir) == filepath.Clean(s.Dir) && o.URL == s.URL && o.Topic == s.Topic {
			v.fault(key, fmt.Sprintf("goes to the same place as sinks[%d]", i), "make them one, with what of both")
			return
		}
	}
}

// foreign refuses keys that belong to another kind of sink.
func (v *checker) foreign(key string, s Sink) {
	for _, f := range []struct {
		name  string
		set   bool
		kinds []SinkKind
	}{
		{"dir", s.Dir != "", []SinkKind{CSVSink}},
		{"url", s.URL != "", []SinkKind{WebhookSink, MQTTSink}},
		{"hmac_key_file", s.HMACKeyFile != "", []SinkKind{WebhookSink}},
		{"topic", s.Topic != "", []SinkKind{MQTTSink}},
		{"ca_file", s.CAFile != "", []SinkKind{WebhookSink, MQTTSink}},
		{"user", s.User != "", []SinkKind{MQTTSink}},
		{"password_file", s.PasswordFile != "", []SinkKind{MQTTSink}},
	} {
		if f.set && !slices.Contains(f.kinds, s.Kind) {
			v.fault(key+"."+f.name, fmt.Sprintf("means nothing to a sink of kind %s", s.Kind), "take it out")
		}
	}
}

func (v *checker) csvSink(key string, c *Config, s Sink) {
	if s.Dir == "" {
		v.fault(key+".dir", "is missing", "name the folder")
		return
	}
	if !v.folder(key+".dir", s.Dir) {
		return
	}
	for _, d := range c.Drops {
		if within(s.Dir, d.Path) {
			v.fault(key+".dir", "lies in the drop folder "+d.Path, "put it elsewhere: results would be taken for sensor data")
			return
		}
	}
}

func (v *checker) target(key, value, example string, schemes ...string) {
	if value == "" {
		v.fault(key, "is missing", "write "+example)
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || !slices.Contains(schemes, u.Scheme):
		v.fault(key, "is no address of the form "+strings.Join(schemes, ":// or ")+"://", "write "+example)
	case u.User != nil:
		v.fault(key, "holds credentials", "take them out; there are keys that name a file for them")
	case slices.Contains([]string{"http", "tcp"}, u.Scheme) && !yamlfile.Loopback(u.Hostname()):
		v.warn(key, "is not encrypted", "write "+example)
	}
}

func (v *checker) topic(key, topic string) {
	rest := strings.NewReplacer("{instance}", "", "{scheduler}", "").Replace(topic)
	switch {
	case strings.ContainsAny(topic, "+#\x00") || len(topic) > 1000:
		v.fault(key, "is no topic to publish to", "leave out + and #")
	case regexp.MustCompile(`[{}]`).MatchString(rest):
		v.fault(key, "has a placeholder that is not known", "use {instance} and {scheduler}")
	}
}
