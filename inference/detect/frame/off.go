package frame

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Off is the condition under which the machine is off: the last value known of a
// sensor lies below (or above) a bound. The zero value never holds.
type Off struct {
	Sensor Name    `json:"sensor"`
	Above  bool    `json:"above,omitempty"` // > instead of <
	Bound  float64 `json:"bound"`
}

// ParseOff reads the service's form: component\sensor < number, or >.
func ParseOff(text string) (Off, error) {
	if strings.TrimSpace(text) == "" {
		return Off{}, nil
	}
	at := strings.IndexAny(text, "<>")
	if at < 0 {
		return Off{}, fmt.Errorf(`off condition %q: write component\sensor < number, or >`, text)
	}
	if next := text[at+1:]; next != "" && strings.ContainsRune("<>=", rune(next[0])) {
		return Off{}, fmt.Errorf("off condition %q: use < or > instead of %s", text, text[at:at+2])
	}
	name, err := ParseName(strings.TrimSpace(text[:at]))
	if err != nil {
		return Off{}, fmt.Errorf("off condition: %w", err)
	}
	bound, err := strconv.ParseFloat(strings.TrimSpace(text[at+1:]), 64)
	if err != nil || math.IsNaN(bound) || math.IsInf(bound, 0) {
		return Off{}, fmt.Errorf("off condition %q: %q is no finite number, such as 0.5", text, strings.TrimSpace(text[at+1:]))
	}
	return Off{Sensor: name, Above: text[at] == '>', Bound: bound}, nil
}

// Set tells whether there is a condition.
func (o Off) Set() bool { return o.Sensor != Name{} }

// Holds tells whether the machine is off at the value v.
func (o Off) Holds(v float64) bool {
	if o.Above {
		return v > o.Bound
	}
	return v < o.Bound
}

// String is the form that ParseOff reads; "" for no condition.
func (o Off) String() string {
	if !o.Set() {
		return ""
	}
	op := "<"
	if o.Above {
		op = ">"
	}
	return o.Sensor.String() + " " + op + " " + strconv.FormatFloat(o.Bound, 'g', -1, 64)
}
