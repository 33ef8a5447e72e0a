package resultline

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// fault is what is wrong with a line, before its number is known.
type fault struct{ field, what string }

func (f *fault) Error() string { return f.what }

func bad(field, format string, args ...any) error {
	return &fault{field: field, what: fmt.Sprintf(format, args...)}
}

// scanner reads JSON off one line of valid UTF-8. Each method skips blanks first
// and goes past what it has read.
type scanner struct {
	text []byte
	at   int
}

func (s *scanner) blanks() {
	for s.at < len(s.text) && (s.text[s.at] == ' ' || s.text[s.at] == '\t' || s.text[s.at] == '\r') {
		s.at++
	}
}

// take goes past c if it is next.
func (s *scanner) take(c byte) bool {
	s.blanks()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) ended() bool {
	s.blanks()
	return s.at == len(s.text)
}

// shown is the text that is next, for messages.
func (s *scanner) shown() string {
	if s.ended() {
		return "the line ends there"
	}
	return strconv.Quote(shorten(string(s.text[s.at:min(len(s.text), s.at+80)])))
}

func (s *scanner) orShown(literal string) string {
	if literal == "" {
		return s.shown()
	}
	return shorten(literal)
}

// literal gives a number or a word such as null; empty for anything else.
func (s *scanner) literal() string {
	s.blanks()
	from := s.at
	for s.at < len(s.text) && strings.IndexByte(" \t\r,:[]{}\"", s.text[s.at]) < 0 {
		s.at++
	}
	return string(s.text[from:s.at])
}

// like gives the string that is next, and known itself if it is that one.
func (s *scanner) like(known string) (string, error) {
	inside, escaped, err := s.quoted()
	if err != nil {
		return "", err
	}
	if !escaped {
		if string(inside) == known {
			return known, nil
		}
		return string(inside), nil
	}
	if matches(inside, known) {
		return known, nil
	}
	return unescape(inside)
}

// matches tells whether inside is known with its backslashes doubled and nothing
// else escaped.
func matches(inside []byte, known string) bool {
	i := 0
	for j := 0; j < len(known); j++ {
		if i >= len(inside) || inside[i] != known[j] {
			return false
		}
		if known[j] == '\\' {
			if i++; i >= len(inside) || inside[i] != '\\' {
				return false
			}
		}
		i++
	}
	return i == len(inside)
}

// name gives the name of a field.
func (s *scanner) name() (string, error) {
	s.blanks()
	if known := s.fieldName(); known != "" {
		return known, nil
	}
	return s.like("")
}

// string gives the string that is next, with its escapes undone.
func (s *scanner) string() ([]byte, error) {
	inside, escaped, err := s.quoted()
	if err != nil || !escaped {
		return inside, err
	}
	text, err := unescape(inside)
	return []byte(text), err
}

// fieldName goes past a name of the form, which then costs no allocation.
func (s *scanner) fieldName() string {
	rest := s.text[s.at:]
	for _, name := range [...]string{"name", "value", "timestamp", "prediction", "prediction_reason", "anomaly_score", "diagnostics"} {
		if len(rest) > len(name)+1 && rest[0] == '"' && rest[len(name)+1] == '"' && string(rest[1:len(name)+1]) == name {
			s.at += len(name) + 2
			return name
		}
	}
	return ""
}

// quoted goes past a string and gives what is between its quotes.
func (s *scanner) quoted() (inside []byte, escaped bool, err error) {
	if !s.take('"') {
		return nil, false, fmt.Errorf("no string: %s", s.shown())
	}
	from := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[from : s.at-1], escaped, nil
		case c == '\\':
			escaped = true
			s.at++
		case c < ' ':
			return nil, false, errors.New("a control character in a string")
		}
	}
	s.at = len(s.text)
	return nil, false, errors.New("a string without end")
}

// unescape reads what is between quotes; lone surrogates are refused.
func unescape(inside []byte) (string, error) {
	var b strings.Builder
	b.Grow(len(inside))
	for i := 0; i < len(inside); i++ {
		if inside[i] != '\\' {
			b.WriteByte(inside[i])
			continue
		}
		i++ // quoted has seen to it that something follows
		if at := strings.IndexByte(`"\/bfnrt`, inside[i]); at >= 0 {
			b.WriteByte("\"\\/\b\f\n\r\t"[at])
			continue
		}
		r, ok := unit(inside[i:])
		i += 4
		if ok && r >= 0xd800 && r < 0xdc00 && i+2 < len(inside) && inside[i+1] == '\\' {
			var low rune
			low, ok = unit(inside[i+2:])
			ok = ok && low >= 0xdc00 && low < 0xe000
			r = 0x10000 + (r-0xd800)<<10 + low - 0xdc00
			i += 6
		}
		if !ok || !utf8.ValidRune(r) {
			return "", errors.New("a wrong escape in a string")
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// unit reads uXXXX.
func unit(text []byte) (rune, bool) {
	if len(text) < 5 || text[0] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(text[1:5]), 16, 32)
	return rune(v), err == nil
}
