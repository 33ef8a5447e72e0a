// Package starter writes a commented first configuration out of what is known
// already: the scheduler's and the model's descriptions, and objects in their
// buckets. What nothing tells is left as a value that the check refuses until
// somebody fills it in; nothing is guessed.
package starter

import (
	"bytes"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"unicode"

	"millwright/internal/window"
)

// Starter collects what is known. Its zero value knows nothing.
type Starter struct {
	Scheduler  string
	Model      string
	Components []string
	Schema     map[string][]string // by component, without the timestamp

	Frequency string // PT5M
	Delay     string // minutes
	Rate      string // PT1M

	InputBucket, InputPrefix   string
	OutputBucket, OutputPrefix string
	InputKnown, OutputKnown    bool    // the prefixes are known, even if empty
	Offset                     string  // +00:00
	Format                     string  // yyyyMMddHHmmss
	Delimiter                  *string // nil: not known; "": none

	Region, Endpoint, CAFile string // of the store; "": the default
	PathStyle                bool

	Notes []string // what a person should know, for the head of the file
}

//go:embed starter.yaml.tmpl
var text string

// YAML is the file.
func (s *Starter) YAML() ([]byte, error) {
	t, err := template.New("starter").Funcs(template.FuncMap{"value": value, "blank": blank, "list": list}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the starter's text: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, fmt.Errorf("write the starter: %w", err)
	}
	return b.Bytes(), nil
}

// DelimiterText is the delimiter, or the service's default.
func (s *Starter) DelimiterText() string {
	if s.Delimiter == nil {
		return window.DefaultDelimiter
	}
	return *s.Delimiter
}

// Unnamed are components without a known schema.
func (s *Starter) Unnamed() []string {
	return slices.DeleteFunc(slices.Clone(s.Components), func(c string) bool { return len(s.Schema[c]) > 0 })
}

// note adds a line; what could end a comment's line is taken out.
func (s *Starter) note(format string, args ...any) {
	s.Notes = append(s.Notes, strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, fmt.Sprintf(format, args...)))
}

// blank is what has to be filled in.
func blank(what string) string { return value("<fill in: " + what + ">") }

// value is v as YAML, in quotes where that is needed.
func value(v string) string {
	if regexp.MustCompile(`^[A-Za-z/][0-9A-Za-z_./+-]*$`).MatchString(v) && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(v)) {
		return v
	}
	return strconv.Quote(v) // every escape of Go's is one of YAML's
}

func list(words []string) string {
	shown := make([]string, len(words))
	for i, w := range words {
		shown[i] = value(w)
	}
	return "[" + strings.Join(shown, ", ") + "]"
}
