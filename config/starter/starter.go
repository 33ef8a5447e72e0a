// Package starter writes a commented first configuration out of what is known
// already: the scheduler's and the model's descriptions, and objects in their
// buckets. What nothing tells is left as a value that the check refuses until
// somebody fills it in; nothing is guessed.
package starter

import (
	_ "embed"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
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

//go:embed starter.yaml.txt
var text string

// YAML is the file. It is put together without a template engine: text/template
// calls methods by name, which keeps the linker from leaving any out and makes
// the gateways' binary half as large again.
func (s *Starter) YAML() []byte {
	or := func(known bool, v, what string) string {
		if known {
			return value(v)
		}
		return value("<fill in: " + what + ">")
	}
	delimiter := ""
	if s.Delimiter != nil {
		delimiter = *s.Delimiter
	}
	parts := map[string]string{
		"notes":         s.notes(),
		"s3":            s.s3(),
		"name":          or(s.Scheduler != "", s.Scheduler, "the scheduler's name"),
		"components":    s.components(),
		"schema":        s.columns(),
		"frequency":     or(s.Frequency != "", s.Frequency, "PT5M, PT10M, PT15M, PT30M or PT1H, as in the scheduler"),
		"delay":         or(s.Delay != "", s.Delay, "0 to 60, as in the scheduler"),
		"rate":          or(s.Rate != "", s.Rate, "PT1S to PT1H, as in the model"),
		"input_bucket":  or(s.InputBucket != "", s.InputBucket, "the bucket of the scheduler's input"),
		"input_prefix":  or(s.InputKnown, s.InputPrefix, "the prefix of the scheduler's input, ending in /, or empty"),
		"offset":        or(s.Offset != "", s.Offset, "+00:00 unless the scheduler has an InputTimeZoneOffset"),
		"format":        or(s.Format != "", s.Format, "yyyyMMddHHmmss, yyyy-MM-dd-HH-mm-ss or EPOCH, as in the scheduler"),
		"delimiter":     or(s.Delimiter != nil, delimiter, "- or _ or one space or nothing, as in the scheduler"),
		"output_bucket": or(s.OutputBucket != "", s.OutputBucket, "the bucket of the scheduler's output"),
		"output_prefix": or(s.OutputKnown, s.OutputPrefix, "the prefix of the scheduler's output, ending in /, or empty"),
	}
	return []byte(os.Expand(text, func(name string) string { return parts[name] }))
}

func (s *Starter) notes() string {
	var b strings.Builder
	for _, n := range s.Notes {
		b.WriteString("\n# Note: " + n)
	}
	return b.String()
}

func (s *Starter) s3() string {
	if s.Region == "" && s.Endpoint == "" && s.CAFile == "" && !s.PathStyle {
		return `# s3: {region: "", endpoint: "", path_style: false, ca_file: "", proxy: "", kms_key_id: ""}`
	}
	return fmt.Sprintf("s3: {region: %s, endpoint: %s, path_style: %t, ca_file: %s}   # proxy, kms_key_id",
		value(s.Region), value(s.Endpoint), s.PathStyle, value(s.CAFile))
}

func (s *Starter) components() string {
	components := s.Components
	if len(components) == 0 {
		components = []string{"<fill in: the model's components>"}
	}
	return "    components: " + list(components)
}

func (s *Starter) columns() string {
	if len(s.Schema) == 0 {
		return "    # schema: {}                  # {component: [column, ...]}; default: learnt from the drops, sorted, kept"
	}
	var b strings.Builder
	b.WriteString("    schema:                       # columns and their order; of other components they are learnt from the drops")
	for _, component := range slices.Sorted(maps.Keys(s.Schema)) {
		fmt.Fprintf(&b, "\n      %s: %s", value(component), list(s.Schema[component]))
	}
	return b.String()
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

// value is v as YAML, in quotes where that is needed.
func value(v string) string {
	if regexp.MustCompile(`^([A-Za-z/][0-9A-Za-z_./+-]*|[0-9]{1,2})$`).MatchString(v) && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(v)) {
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
