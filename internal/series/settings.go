package series

import (
	"fmt"
	"math"
	"strings"
)

// settings are Options with their defaults, checked and ready for use.
type settings struct {
	Options
	delimiter byte // 0: to be found
	decimal   byte // 0: to be found
	words     map[string]struct{}
	numbers   []float64
	good      map[string]struct{}
}

const (
	defaultMaxRow     = 1 << 20
	defaultMaxColumns = 3001
	defaultMaxBytes   = 5 << 30
)

// defaultBadValues are what plant software writes for "no value".
func defaultBadValues() []string {
	return []string{"Bad", "No Data", "NoData", "No Value", "I/O Timeout", "Missing", "Error", "Invalid", "Offline"}
}

// nullWords are other spellings of "not a number", always read as missing.
func nullWords() []string {
	return []string{
		"nan", "null", "none", "nil", "na", "n/a", "#n/a", "#num!", "#div/0!", "#value!", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity",
		"posinf", "neginf", "1.#qnan", "-1.#ind", "1.#inf", "-1.#inf", "-", "--", "---", "?", "***",
	}
}

func newSettings(o Options) (settings, error) {
	s := settings{Options: o, words: map[string]struct{}{}, good: map[string]struct{}{}}
	var err error
	if s.delimiter, err = delimiterByte(o.Delimiter); err != nil {
		return s, err
	}
	switch o.Decimal {
	case "", "auto":
	case ".", ",":
		s.decimal = o.Decimal[0]
	default:
		return s, fmt.Errorf("read csv.decimal %q: use . or , or auto", o.Decimal)
	}
	switch o.Encoding {
	case "", "auto", "utf-8", "utf-16", "utf-16le", "utf-16be", "windows-1252":
	default:
		return s, fmt.Errorf("read csv.encoding %q: use utf-8, utf-16, utf-16le, utf-16be, windows-1252 or auto", o.Encoding)
	}
	switch o.Layout {
	case "":
		s.Layout = Wide
	case Wide, Long, Auto:
	default:
		return s, fmt.Errorf("read csv.layout %q: use wide, long or auto", o.Layout)
	}
	for _, n := range o.Header {
		if n < 1 {
			return s, fmt.Errorf("read csv.header %v: lines count from 1", o.Header)
		}
	}
	if f := o.TimestampFormat; f == "auto" {
		s.TimestampFormat = ""
	} else if f != "" && f != formISO && epochDecimals(f) < 0 {
		if _, err := compilePattern(f); err != nil {
			return s, err
		}
	}
	if s.MaxRow <= 0 {
		s.MaxRow = defaultMaxRow
	}
	if s.MaxColumns <= 0 {
		s.MaxColumns = defaultMaxColumns
	}
	if s.MaxBytes == 0 {
		s.MaxBytes = defaultMaxBytes
	}
	s.setWords()
	return s, nil
}

func (s *settings) setWords() {
	bad := s.BadValues
	if bad == nil {
		bad = defaultBadValues()
	}
	for _, w := range append(nullWords(), bad...) {
		w = strings.ToLower(strings.TrimSpace(w))
		if f, ok := parseNumber([]byte(strings.Replace(w, ",", ".", 1)), '.'); ok {
			s.numbers = append(s.numbers, f)
			continue
		}
		s.words[w] = struct{}{}
	}
	good := s.GoodQuality
	if good == nil {
		good = []string{"Good", "192"}
	}
	for _, w := range good {
		s.good[strings.ToLower(strings.TrimSpace(w))] = struct{}{}
	}
}

// badWord tells whether a cell is one of the words for a missing value.
func (s *settings) badWord(b []byte) bool { return inFolded(s.words, b) }

// badNumber tells whether a number is named as one that stands for a missing value.
func (s *settings) badNumber(f float64) bool {
	for _, n := range s.numbers {
		if f == n {
			return true
		}
	}
	return false
}

// inFolded looks b up in lower case, without allocating.
func inFolded(set map[string]struct{}, b []byte) bool {
	var buf [48]byte
	if len(b) > len(buf) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		buf[i] = c
	}
	_, ok := set[string(buf[:len(b)])]
	return ok
}

// void is a missing value.
func void() float64 { return math.NaN() }
