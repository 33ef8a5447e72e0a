package store

import (
	"errors"
	"strings"
)

// What an *Error wraps.
var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflict")       // its state, its name or its use by others forbids it
	ErrQuota    = errors.New("quota exceeded") // delete something, or raise the limit in the configuration
	ErrToken    = errors.New("page token is not of this list")
	ErrInvalid  = errors.New("value cannot be stored")
	ErrFenced   = errors.New("job was given to another worker") // stop without writing anything
)

// Error says why the store refused. Nothing of the transaction it came from is
// kept if the error is returned from Tx's function.
type Error struct {
	Kind     error  // one of the Err values
	Resource string // dataset, model, model version ...
	Name     string // as the caller knows it
	State    string // for ErrConflict: its present state, "" where that is not the matter
	Reason   string // for people
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Resource)
	if e.Name != "" {
		b.WriteString(" " + e.Name)
	}
	b.WriteString(": " + e.Kind.Error())
	if e.State != "" {
		b.WriteString(": it is " + e.State)
	}
	if e.Reason != "" {
		b.WriteString(": " + e.Reason)
	}
	return b.String()
}

// Unwrap gives Kind.
func (e *Error) Unwrap() error { return e.Kind }

func notFound(resource, name string) error {
	return &Error{Kind: ErrNotFound, Resource: resource, Name: name}
}

func inState[S ~string](resource, name string, state S, reason string) error {
	return &Error{Kind: ErrConflict, Resource: resource, Name: name, State: string(state), Reason: reason}
}

func exists(resource, name string) error {
	return &Error{Kind: ErrConflict, Resource: resource, Name: name, Reason: "there is one of that name already"}
}
