package sink

import (
	"strings"
	"unicode"
)

// topicFor fills a topic's placeholders in. What a name may not bring into a
// topic becomes an underscore: wildcards, levels, control characters.
func topicFor(template, instance, scheduler string) string {
	t := strings.NewReplacer("{instance}", level(instance), "{scheduler}", level(scheduler)).Replace(template)
	if strings.HasPrefix(t, "$") { // such topics are the broker's own
		t = "_" + t[1:]
	}
	return t
}

// agentTopic is where it stands whether the agent is connected: beside the
// schedulers.
func agentTopic(template, instance string) string {
	above := template
	if before, _, several := strings.Cut(template, "{scheduler}"); several {
		above = before[:strings.LastIndex(before, "/")+1]
	}
	above = strings.TrimSuffix(above, "/")
	if above == "" {
		above = "millwright/{instance}"
	}
	return topicFor(above, instance, "") + "/agent"
}

// level makes a name one level of a topic.
func level(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("+#/{}", r) || unicode.IsControl(r) || r == unicode.ReplacementChar {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
}

// segment makes a name one folder.
func segment(name string) string {
	s := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:`, r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	if s == "" || s == "." || s == ".." {
		return "_"
	}
	return s
}
