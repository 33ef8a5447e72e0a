package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Pattern is a regular expression that a whole string must match. The API's are
// written for another engine than Go's, which guarantees linear time and
// therefore knows no look-ahead and no large counts.
type Pattern struct {
	Source  string // as the API has it, for messages
	must    *regexp.Regexp
	mustNot *regexp.Regexp // what it must not begin with; nil is nothing
}

// mostCount is the largest repetition that Go's engine takes.
const mostCount = 1000

// newPattern translates a pattern of the API.
func newPattern(source string) (*Pattern, error) {
	p := &Pattern{Source: source}
	rest := source
	if text, ok := strings.CutPrefix(rest, "^(?!"); ok {
		not, after, ok := strings.Cut(text, ")")
		if !ok || strings.ContainsAny(not, `(\[`) {
			return nil, fmt.Errorf("the look-ahead in %s is more than words", source)
		}
		var err error
		if p.mustNot, err = regexp.Compile(`\A(?:` + not + `)`); err != nil {
			return nil, fmt.Errorf("translate the pattern %s: %w", source, err)
		}
		rest = after
	}
	var err error
	if p.must, err = regexp.Compile(`\A(?:` + translate(rest) + `)\z`); err != nil {
		return nil, fmt.Errorf("translate the pattern %s: %w", source, err)
	}
	return p, nil
}

// Match tells whether all of s is as the pattern wants it.
func (p *Pattern) Match(s string) bool {
	return p.must.MatchString(s) && (p.mustNot == nil || !p.mustNot.MatchString(s))
}

// translate writes a pattern for Go's engine: characters by number, ASCII as a
// range, and counts that are too large for it without their upper bound, which
// such shapes have as their longest length too.
func translate(source string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(source); {
		rest := source[i:]
		switch {
		case strings.HasPrefix(rest, `\u`) && len(rest) >= 6:
			b.WriteString(`\x{` + rest[2:6] + `}`)
			i += 6
		case strings.HasPrefix(rest, `\p{ASCII}`):
			if class {
				b.WriteString(`\x00-\x7F`)
			} else {
				b.WriteString(`[\x00-\x7F]`)
			}
			i += len(`\p{ASCII}`)
		case (strings.HasPrefix(rest, `\p{`) || strings.HasPrefix(rest, `\P{`)) && strings.Contains(rest, "}"):
			end := strings.IndexByte(rest, '}') + 1
			b.WriteString(rest[:end])
			i += end
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i += 2
		case rest[0] == '{' && !class:
			end := strings.IndexByte(rest, '}') + 1
			b.WriteString(count(rest[:end]))
			i += max(end, 1)
		default:
			if rest[0] == '[' || rest[0] == ']' {
				class = rest[0] == '['
			}
			b.WriteByte(rest[0])
			i++
		}
	}
	return b.String()
}

// count is a repetition such as {1,200}.
func count(text string) string {
	least, most, ok := strings.Cut(strings.Trim(text, "{}"), ",")
	if n, err := strconv.Atoi(most); !ok || err != nil || n <= mostCount {
		return text
	}
	return "{" + least + ",}"
}
