package yamlfile

import (
	"errors"
	"fmt"
	"strings"
)

// Fault is one thing that is wrong, or that somebody should know.
type Fault struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // from 1; 0 when the file says nothing about it
	Column  int    `json:"column,omitempty"` // from 1
	Key     string `json:"key,omitempty"`    // such as schedulers[0].input.bucket
	Value   string `json:"value,omitempty"`  // as it stands in the file; empty for what is missing
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// String is the fault on one line, in the form that editors jump to.
func (f Fault) String() string {
	var b strings.Builder
	if f.File != "" {
		b.WriteString(f.File + ":")
	}
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", f.Line, f.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if f.Key != "" {
		b.WriteString(f.Key)
		if f.Value != "" {
			fmt.Fprintf(&b, " %q", f.Value)
		}
		b.WriteString(": ")
	}
	b.WriteString(f.Problem)
	if f.Remedy != "" {
		b.WriteString(": " + f.Remedy)
	}
	return b.String()
}

// Faults is every fault of a file, in the order of their places.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// invalidError is what a scalar's text says about itself; the place is added by
// whoever reads the file.
type invalidError struct{ problem, remedy string }

func (e *invalidError) Error() string { return e.problem + ": " + e.remedy }

// Invalid is the error of a scalar that cannot be read: what is wrong with it, and
// what to write.
func Invalid(problem, remedy string) error { return &invalidError{problem, remedy} }

// NotOneOf is Invalid for a word that is not among the known ones.
func NotOneOf(value string, known []string) error {
	shown := make([]string, len(known))
	for i, k := range known {
		if shown[i] = k; k == "" || k == " " || k == "," {
			shown[i] = fmt.Sprintf("%q", k)
		}
	}
	remedy := "use one of " + strings.Join(shown, " ")
	if near, ok := Nearest(value, known); ok {
		remedy = fmt.Sprintf("did you mean %q? %s", near, remedy)
	}
	return Invalid("is not known", remedy)
}

// Parts takes a problem and its remedy out of err.
func Parts(err error) (problem, remedy string) {
	var e *invalidError
	if errors.As(err, &e) {
		return e.problem, e.remedy
	}
	return err.Error(), ""
}

// Enumerated is a string type whose values are listed.
type Enumerated interface{ Values() []string }
