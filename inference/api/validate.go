package api

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"millwright/inference/api/wire"
)

const (
	shownValue = 100  // bytes of a value that a message repeats
	maxMessage = 4900 // bytes of a message: clients take 5000 characters
)

// Faults holds a value, as parse gives it, against the shape and tells everything
// that is wrong, in the order of the members. Members that the shape does not have
// are passed over, as the original service does: clients are newer or older than
// their server, and what a later one adds must not break a call that is good.
func (s *Shape) Faults(value any) []string {
	var v checker
	v.value(s, value)
	return v.faults
}

// validate gives all faults of a request as one error, or nil.
func validate(s *Shape, value any) error {
	faults := s.Faults(value)
	if len(faults) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d validation error", len(faults))
	if len(faults) > 1 {
		b.WriteByte('s')
	}
	b.WriteString(" detected: ")
	for i, fault := range faults {
		if i > 0 && b.Len()+len(fault) > maxMessage {
			fmt.Fprintf(&b, "; and %d more", len(faults)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(fault)
	}
	return &Error{Type: ValidationException, Message: b.String()}
}

type checker struct {
	path   []string
	faults []string
}

func (v *checker) fault(value any, constraint string) {
	v.faults = append(v.faults, "Value "+shown(value)+" at '"+strings.Join(v.path, ".")+"' failed to satisfy constraint: "+constraint)
}

func (v *checker) in(s *Shape, value any, names ...string) {
	v.path = append(v.path, names...)
	v.value(s, value)
	v.path = v.path[:len(v.path)-len(names)]
}

func (v *checker) value(s *Shape, value any) {
	switch s.Type {
	case Structure:
		v.structure(s, value)
	case List:
		v.list(s, value)
	case String:
		v.text(s, value)
	case Boolean:
		if _, ok := value.(bool); !ok {
			v.fault(value, "Member must be true or false")
		}
	case Timestamp:
		if n, ok := number(value); !ok {
			v.fault(value, "Member must be a number of seconds since 1970-01-01T00:00:00Z")
		} else if _, ok := wire.Seconds(n); !ok {
			v.fault(value, "Member must be a time before the year 10000")
		}
	case Float:
		if _, ok := number(value); !ok {
			v.fault(value, "Member must be a number")
		}
	default:
		v.integer(s, value)
	}
}

func (v *checker) structure(s *Shape, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		v.fault(value, "Member must be a structure")
		return
	}
	for i := range s.Members {
		m := &s.Members[i]
		switch member, given := object[m.Name]; {
		case given && member != nil:
			v.in(m.Shape, member, m.path)
		case m.Required:
			v.path = append(v.path, m.path)
			v.fault(nil, "Member must not be null")
			v.path = v.path[:len(v.path)-1]
		}
	}
}

func (v *checker) list(s *Shape, value any) {
	list, ok := value.([]any)
	if !ok {
		v.fault(value, "Member must be a list")
		return
	}
	v.length(s, value, int64(len(list)))
	for i, item := range list {
		at := strconv.Itoa(i + 1)
		if item == nil {
			v.path = append(v.path, at, "member")
			v.fault(nil, "Member must not be null")
			v.path = v.path[:len(v.path)-2]
			continue
		}
		v.in(s.Elem, item, at, "member")
	}
}

func (v *checker) text(s *Shape, value any) {
	text, ok := value.(string)
	if !ok {
		v.fault(value, "Member must be a string")
		return
	}
	v.length(s, value, int64(utf8.RuneCountInString(text)))
	if s.Pattern != nil && !s.Pattern.Match(text) {
		v.fault(value, "Member must satisfy regular expression pattern: "+s.Pattern.Source)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		v.fault(value, "Member must satisfy enum value set: ["+strings.Join(s.Enum, ", ")+"]")
	}
}

func (v *checker) length(s *Shape, value any, n int64) {
	if s.Max != nil && n > *s.Max {
		v.fault(value, "Member must have length less than or equal to "+strconv.FormatInt(*s.Max, 10))
	}
	if s.Min != nil && n < *s.Min {
		v.fault(value, "Member must have length greater than or equal to "+strconv.FormatInt(*s.Min, 10))
	}
}

func (v *checker) integer(s *Shape, value any) {
	n, ok := whole(value)
	if !ok || s.Type == Integer && n != int64(int32(n)) {
		v.fault(value, "Member must be a whole number")
		return
	}
	if s.Max != nil && n > *s.Max {
		v.fault(value, "Member must have value less than or equal to "+strconv.FormatInt(*s.Max, 10))
	}
	if s.Min != nil && n < *s.Min {
		v.fault(value, "Member must have value greater than or equal to "+strconv.FormatInt(*s.Min, 10))
	}
}

// number reads a JSON number.
func number(value any) (float64, bool) {
	text, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	n, err := text.Float64()
	return n, err == nil
}

// whole reads a JSON number without a fraction, which some clients write as 5.0.
func whole(value any) (int64, bool) {
	text, ok := value.(json.Number)
	if !ok {
		return 0, false
	}
	if n, err := text.Int64(); err == nil {
		return n, true
	}
	n, err := text.Float64()
	return int64(n), err == nil && n == math.Trunc(n) && math.Abs(n) < 1<<53
}

// shown is a value as messages to its sender repeat it. Nothing of a request's
// body is ever logged.
func shown(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return "'" + cut(v, shownValue) + "'"
	case []any:
		return "of " + strconv.Itoa(len(v)) + " items"
	case map[string]any:
		return "of " + strconv.Itoa(len(v)) + " members"
	default:
		return "'" + cut(fmt.Sprint(v), shownValue) + "'"
	}
}
