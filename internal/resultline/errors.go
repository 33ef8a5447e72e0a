package resultline

import (
	"errors"
	"fmt"
)

// What Read returns is one of: ErrEmpty, ErrTorn or ErrLimit wrapped in words, a
// *LineError, the reader's own error wrapped in words, or what fn returned.
var (
	// ErrEmpty is for an object without a byte. Its writer may not be done: look again.
	ErrEmpty = errors.New("no line in it")
	// ErrTorn is for a last line that does not end. Its writer may not be done: look again.
	ErrTorn = errors.New("the last line does not end: the object is not whole")
	// ErrLimit is for what is larger than Limits allow. Looking again does not help.
	ErrLimit = errors.New("over the limit")
)

// LineError is a line that is not of the form. Looking again does not help
// before the object has been written anew.
type LineError struct {
	Line  int    // from 1
	Field string // such as diagnostics[3].value; empty for the line as a whole
	What  string // in words
}

func (e *LineError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.What)
	}
	return fmt.Sprintf("line %d, %s: %s", e.Line, e.Field, e.What)
}

// Limits bound what Read takes in. Zero means the default.
type Limits struct {
	Bytes       int64 // of the object; 64 MiB
	Line        int   // bytes of one line; 1 MiB
	Rows        int   // 3600, an hour of one a second
	Diagnostics int   // sensors of one row; 3000
}

func (l Limits) orDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 64 << 20
	}
	if l.Line <= 0 {
		l.Line = 1 << 20
	}
	if l.Rows <= 0 {
		l.Rows = 3600
	}
	if l.Diagnostics <= 0 {
		l.Diagnostics = 3000
	}
	return l
}
