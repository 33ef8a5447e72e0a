package sink

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ template, instance, scheduler, want, agent string }{
		{"millwright/{instance}/{scheduler}", "gw-17", "pump-7", "millwright/gw-17/pump-7", "millwright/gw-17/agent"},
		{"{scheduler}", "gw-17", "pump-7", "pump-7", "millwright/gw-17/agent"},
		{"plant/{scheduler}-{instance}/x", "gw", "p", "plant/p-gw/x", "plant/agent"},
		{"plant/all", "gw", "p", "plant/all", "plant/all/agent"},
		{"a/{instance}/{scheduler}", "+#/\x00", "ü{", "a/____/ü_", "a/____/agent"},
		{"$SYS/{scheduler}", "gw", "p", "_SYS/p", "_SYS/agent"},
		{"{instance}/{scheduler}", "{scheduler}", "x", "_scheduler_/x", "_scheduler_/agent"},
	} {
		if got := topicFor(c.template, c.instance, c.scheduler); got != c.want {
			t.Errorf("%s: got %s, want %s", c.template, got, c.want)
		}
		if got := agentTopic(c.template, c.instance); got != c.agent {
			t.Errorf("%s: the agent is at %s, want %s", c.template, got, c.agent)
		}
	}
}

// FuzzNames: no name makes a topic, a folder or a header of another shape.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"pump-7", "+", "#", "a/b", "..", "", "$SYS", "\x00", "\xff", "{instance}", "ü"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, instance, scheduler string) {
		for _, topic := range []string{topicFor("m/{instance}/{scheduler}", instance, scheduler), agentTopic("m/{instance}/{scheduler}", instance)} {
			if strings.Count(topic, "/") != 2 || strings.ContainsAny(topic, "+#") || !utf8.ValidString(topic) || strings.IndexFunc(topic, unicode.IsControl) >= 0 {
				t.Fatalf("%q, %q: the topic is %q", instance, scheduler, topic)
			}
		}
		if s := segment(scheduler); s != filepath.Base(s) || !filepath.IsLocal(s) || s == "." {
			t.Fatalf("%q: the folder is %q", scheduler, s)
		}
		if h := headerText(scheduler); strings.IndexFunc(h, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 {
			t.Fatalf("%q: the header is %q", scheduler, h)
		}
	})
}
