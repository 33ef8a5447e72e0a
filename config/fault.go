package config

import (
	"errors"
	"fmt"
	"net/url"
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

// Faults is every fault of a file, in the order of their places. It is the error
// of Load, Parse and Validate.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// At makes a fault, or a warning, about a key of a loaded file with its place.
func (c *Config) At(key, problem, remedy string) Fault {
	return locate(c.file, c.places, key, problem, remedy)
}

// locate puts a fault where its key stands, or the nearest group above it.
func locate(file string, places map[string]place, key, problem, remedy string) Fault {
	f := Fault{File: file, Key: key, Problem: problem, Remedy: remedy}
	if p, ok := places[key]; ok {
		f.Line, f.Column, f.Value = p.line, p.column, shown(key, p.text)
		return f
	}
	for above := parent(key); ; above = parent(above) {
		if p, ok := places[above]; ok {
			f.Line, f.Column = p.line, p.column
			return f
		}
		if above == "" {
			return f
		}
	}
}

// invalidError is what a scalar's text says about itself; the place is added by
// whoever reads the file.
type invalidError struct{ problem, remedy string }

func (e *invalidError) Error() string { return e.problem + ": " + e.remedy }

func invalid(problem, remedy string) error { return &invalidError{problem, remedy} }

func notOneOf(value string, known []string) error {
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
	return invalid("is not known", remedy)
}

// parts takes a problem and its remedy out of err.
func parts(err error) (problem, remedy string) {
	var e *invalidError
	if errors.As(err, &e) {
		return e.problem, e.remedy
	}
	return err.Error(), ""
}

// shown is a value as messages may repeat it: without the password of a URL, and
// of a sink's without what is behind the host, which may be as good as one.
func shown(key, text string) string {
	if u, err := url.Parse(text); err == nil && u.User != nil {
		text = u.Redacted()
	}
	if !strings.HasPrefix(key, "sinks[") || !strings.HasSuffix(key, "].url") {
		return text
	}
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", text
	} else {
		scheme += "://"
	}
	host := rest
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		host = rest[:i] + "/..."
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = "..." + host[i:]
	}
	return scheme + host
}
