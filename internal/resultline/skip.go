package resultline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// deepest is how far values of unknown fields may be nested.
const deepest = 32

// raw gives the value that is next as it is written.
func (s *scanner) raw() (json.RawMessage, error) {
	s.blanks()
	from := s.at
	if err := s.skip(0); err != nil {
		return nil, err
	}
	return bytes.Clone(s.text[from:s.at]), nil
}

// skip goes past any value, which lies in depth others.
func (s *scanner) skip(depth int) error {
	if depth > deepest {
		return fmt.Errorf("is nested more than %d deep", deepest)
	}
	s.blanks()
	if s.at == len(s.text) {
		return errors.New("the line ends there")
	}
	switch s.text[s.at] {
	case '"':
		return s.skipString()
	case '[':
		return s.skipMembers(']', depth, func() error { return nil })
	case '{':
		return s.skipMembers('}', depth, s.skipKey)
	}
	from := s.at
	if s.number() {
		return nil
	}
	s.at = from
	switch word := s.literal(); word {
	case "true", "false", "null":
		return nil
	default:
		return fmt.Errorf("%s is no value", s.orShown(word))
	}
}

func (s *scanner) skipString() error {
	inside, escaped, err := s.quoted()
	if err == nil && escaped {
		_, err = unescape(inside)
	}
	return err
}

func (s *scanner) skipKey() error {
	if err := s.skipString(); err != nil {
		return err
	}
	if !s.take(':') {
		return fmt.Errorf("no colon after a name: %s", s.shown())
	}
	return nil
}

// skipMembers goes past a list or an object; key goes past what is before a value.
func (s *scanner) skipMembers(end byte, depth int, key func() error) error {
	s.at++
	if s.take(end) {
		return nil
	}
	for {
		if err := key(); err != nil {
			return err
		}
		if err := s.skip(depth + 1); err != nil {
			return err
		}
		if s.take(end) {
			return nil
		}
		if !s.take(',') {
			return fmt.Errorf("no comma or end after a value: %s", s.shown())
		}
	}
}

// shorten keeps hostile text from filling a log.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
