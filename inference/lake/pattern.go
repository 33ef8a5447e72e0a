package lake

import (
	"fmt"
	"strings"
)

// DefaultKeyPattern is that of datasets which were given none: a folder for each
// component.
const DefaultKeyPattern = "{prefix}/{component_name}/*"

const (
	prefixMark    = "{prefix}"
	componentMark = "{component_name}"
	maxKeyPattern = 2048
)

// KeyPattern says which objects have the data of which component.
type KeyPattern struct {
	text     string
	prefixed bool
	lead     string   // literal text between the prefix and the component
	tail     []string // what follows the component, between the asterisks
}

// String is the pattern as it was given.
func (k KeyPattern) String() string { return k.text }

// ParseKeyPattern reads a pattern: {prefix}/{component_name}/*,
// {prefix}/{component_name}_* or with another delimiter, or any of them with more
// literal text. "" is DefaultKeyPattern.
func ParseKeyPattern(text string) (KeyPattern, error) {
	if text == "" {
		text = DefaultKeyPattern
	}
	wrong := func(format string, args ...any) (KeyPattern, error) {
		return KeyPattern{}, fmt.Errorf("KeyPattern %.200q: %s; write for example {prefix}/{component_name}/* or {prefix}/{component_name}_*", text, fmt.Sprintf(format, args...))
	}
	if len(text) > maxKeyPattern {
		return wrong("it has more than %d characters", maxKeyPattern)
	}
	lead, tail, ok := strings.Cut(text, componentMark)
	if !ok {
		return wrong("it has no {component_name}")
	}
	k := KeyPattern{text: text}
	k.lead, k.prefixed = strings.CutPrefix(lead, prefixMark)
	switch {
	case strings.ContainsAny(k.lead, "{}") || strings.ContainsAny(tail, "{}"):
		return wrong("{prefix} may stand once, at the beginning, and {component_name} once; there is nothing else in braces")
	case strings.Contains(k.lead, "*"):
		return wrong("an asterisk may stand behind {component_name} only")
	}
	k.tail = strings.Split(tail, "*")
	return k, nil
}

// Under is what all matching keys begin with, for an input prefix.
func (k KeyPattern) Under(prefix string) string {
	if !k.prefixed {
		return k.lead
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix == "" {
		return strings.TrimPrefix(k.lead, "/")
	}
	return prefix + k.lead
}

// Component tells whose data an object has. Of the known components, those of the
// schema, it is the longest that fits; without any, the text before the first
// delimiter, or the file's name without .csv or .csv.gz where the pattern has
// none. The name need not be a valid one then.
func (k KeyPattern) Component(prefix, key string, known []string) (string, bool) {
	rest, ok := strings.CutPrefix(key, k.Under(prefix))
	if !ok || rest == "" || strings.HasSuffix(key, "/") {
		return "", false
	}
	if known != nil {
		best := ""
		for _, name := range known {
			if after, ok := strings.CutPrefix(rest, name); ok && len(name) > len(best) && k.follows(after) {
				best = name
			}
		}
		return best, best != ""
	}
	if delimiter := k.tail[0]; delimiter != "" {
		at := strings.Index(rest, delimiter)
		if at <= 0 || strings.Contains(rest[:at], "/") || !k.follows(rest[at:]) {
			return "", false
		}
		return rest[:at], true
	}
	name, after := rest, rest
	if at := csvSuffix(rest); at > 0 {
		name = rest[:at]
	}
	if len(k.tail) == 1 {
		after = rest[len(name):]
	}
	if strings.Contains(rest, "/") || !k.follows(after) {
		return "", false
	}
	return name, true
}

// follows tells whether text can stand behind the component. An asterisk stands
// for anything; without one at the end, .csv and .csv.gz may be left out.
func (k KeyPattern) follows(text string) bool {
	first, last := k.tail[0], k.tail[len(k.tail)-1]
	text, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	if len(k.tail) == 1 {
		return text == "" || csvSuffix(text) == 0
	}
	for _, part := range k.tail[1 : len(k.tail)-1] {
		at := strings.Index(text, part)
		if at < 0 {
			return false
		}
		text = text[at+len(part):]
	}
	return strings.HasSuffix(text, last) || strings.HasSuffix(text, last+".gz")
}

// csvSuffix is where .csv or .csv.gz begins at the end of a key, -1 for nowhere.
func csvSuffix(key string) int {
	lower := strings.ToLower(key)
	for _, suffix := range []string{".csv", ".csv.gz"} {
		if strings.HasSuffix(lower, suffix) {
			return len(key) - len(suffix)
		}
	}
	return -1
}
