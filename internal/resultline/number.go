package resultline

import (
	"fmt"
	"strconv"
)

// share reads a number from 0 to 1.
func (s *scanner) share() (float64, error) {
	s.blanks()
	from := s.at
	v, simple := s.decimal()
	if !simple {
		s.at = from
		if !s.number() {
			s.at = from
			switch word := s.literal(); word {
			case "NaN", "Infinity", "-Infinity":
				return 0, fmt.Errorf("%s is no number in JSON: leave the field out where there is no value", word)
			default:
				return 0, fmt.Errorf("%s is no number", s.orShown(word))
			}
		}
		var err error
		if v, err = strconv.ParseFloat(string(s.text[from:s.at]), 64); err != nil {
			return 0, fmt.Errorf("%s is no number that can be held", shorten(string(s.text[from:s.at])))
		}
	}
	if v < 0 || v > 1 {
		return 0, fmt.Errorf("%s is not from 0 to 1", shorten(string(s.text[from:s.at])))
	}
	return v + 0, nil // no -0
}

// decimal reads the usual d.ddddd, exactly; false for any other form.
func (s *scanner) decimal() (float64, bool) {
	rest := s.text[s.at:]
	if len(rest) < 3 || rest[0] < '0' || rest[0] > '9' || rest[1] != '.' {
		return 0, false
	}
	mantissa, scale := int64(rest[0]-'0'), int64(1)
	i := 2
	for ; i < len(rest) && rest[i] >= '0' && rest[i] <= '9'; i++ {
		if i == 16 { // 15 digits and their power of ten are exact
			return 0, false
		}
		mantissa, scale = mantissa*10+int64(rest[i]-'0'), scale*10
	}
	if i == 2 || i < len(rest) && (rest[i] == 'e' || rest[i] == 'E') {
		return 0, false
	}
	s.at += i
	return float64(mantissa) / float64(scale), true
}

// number goes past a number of JSON's grammar.
func (s *scanner) number() bool {
	if s.next('-') {
		s.at++
	}
	if s.next('0') {
		s.at++
	} else if s.digits() == 0 {
		return false
	}
	if s.next('.') {
		s.at++
		if s.digits() == 0 {
			return false
		}
	}
	if s.next('e') || s.next('E') {
		s.at++
		if s.next('+') || s.next('-') {
			s.at++
		}
		return s.digits() > 0
	}
	return true
}

func (s *scanner) next(c byte) bool { return s.at < len(s.text) && s.text[s.at] == c }

func (s *scanner) digits() int {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at - from
}
