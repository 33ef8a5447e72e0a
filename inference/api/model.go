// Package api is the wire of the inference service: awsJson1_0 over HTTP. It reads
// requests, holds them against the API's shapes, hands them to a Backend as plain
// structs and writes its answers and errors as the service's clients expect them.
// It knows nothing of storage, and of signatures only who finds them good.
package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// shapes is the API as data: operations, their input and output, and what each
// member may be. Members stand in the order in which faults are told.
//
//go:embed api.json
var shapes []byte

// Model is the whole API.
type Model struct {
	Version    string // the API's date
	Target     string // what stands before the operation in X-Amz-Target
	Signing    string // the service's name in signatures
	Operations map[string]*Operation
	Statuses   map[string]int // of the error types
}

// Operation is one call of the API.
type Operation struct {
	Name   string
	Input  *Shape
	Output *Shape   // nil: the answer has no body
	Errors []string // the error types that it may answer with, in order of their names
}

// Type is what a value is.
type Type string

// The types that the API has.
const (
	String    Type = "string"
	Integer   Type = "integer" // 32 bits
	Long      Type = "long"    // 64 bits
	Float     Type = "float"
	Boolean   Type = "boolean"
	Timestamp Type = "timestamp" // seconds since 1970 as a number
	List      Type = "list"
	Structure Type = "structure"
)

// Shape is what a value must be.
type Shape struct {
	Name     string
	Type     Type
	Min, Max *int64   // of a string's characters, a list's items or a number; nil is no bound
	Pattern  *Pattern // of strings; nil is any
	Enum     []string // of strings; empty is any
	Elem     *Shape   // of lists
	Members  []Member // of structures
}

// Member is a named value of a structure.
type Member struct {
	Name             string
	Shape            *Shape
	Required         bool
	IdempotencyToken bool // clients fill it in by themselves

	path string // the name as messages have it
}

// The file's form, in which shapes name each other.
type (
	modelText struct {
		Version    string
		Target     string
		Signing    string
		Operations map[string]struct {
			Input, Output string
			Errors        []string
		}
		Shapes map[string]shapeText
	}
	shapeText struct {
		Type     Type
		Min, Max *int64
		Pattern  string
		Enum     []string
		Member   string
		Members  []struct {
			Name, Shape                string
			Required, IdempotencyToken bool
		}
		Status int
	}
)

// NewModel reads the API that is built into the program. An error is a mistake in
// the program.
func NewModel() (*Model, error) {
	var text modelText
	if err := json.Unmarshal(shapes, &text); err != nil {
		return nil, fmt.Errorf("read the API's shapes: %w", err)
	}
	m := &Model{
		Version: text.Version, Target: text.Target, Signing: text.Signing,
		Operations: make(map[string]*Operation, len(text.Operations)), Statuses: map[string]int{},
	}
	l := linker{text: text.Shapes, done: map[string]*Shape{}, patterns: map[string]*Pattern{}}
	for name, o := range text.Operations {
		op := &Operation{Name: name, Errors: slices.Sorted(slices.Values(o.Errors))}
		var err error
		if op.Input, err = l.shape(o.Input); err != nil {
			return nil, fmt.Errorf("read the API's shapes: %s: %w", name, err)
		}
		if o.Output != "" {
			if op.Output, err = l.shape(o.Output); err != nil {
				return nil, fmt.Errorf("read the API's shapes: %s: %w", name, err)
			}
		}
		for _, e := range op.Errors {
			m.Statuses[e] = text.Shapes[e].Status
		}
		m.Operations[name] = op
	}
	return m, nil
}

// linker turns names of shapes into the shapes.
type linker struct {
	text     map[string]shapeText
	done     map[string]*Shape
	patterns map[string]*Pattern // many shapes share one
}

func (l *linker) shape(name string) (*Shape, error) {
	if s := l.done[name]; s != nil {
		return s, nil
	}
	text, ok := l.text[name]
	if !ok {
		return nil, fmt.Errorf("there is no shape %q", name)
	}
	s := &Shape{Name: name, Type: text.Type, Min: text.Min, Max: text.Max, Enum: text.Enum}
	l.done[name] = s
	var err error
	if text.Pattern != "" {
		if s.Pattern, err = l.pattern(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if text.Type == List {
		if s.Elem, err = l.shape(text.Member); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, m := range text.Members {
		member := Member{Name: m.Name, Required: m.Required, IdempotencyToken: m.IdempotencyToken, path: strings.ToLower(m.Name[:1]) + m.Name[1:]}
		if member.Shape, err = l.shape(m.Shape); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", name, m.Name, err)
		}
		s.Members = append(s.Members, member)
	}
	return s, nil
}

func (l *linker) pattern(text shapeText) (*Pattern, error) {
	if p := l.patterns[text.Pattern]; p != nil {
		return p, nil
	}
	p, err := newPattern(text.Pattern)
	if err == nil {
		l.patterns[text.Pattern] = p
	}
	return p, err
}
