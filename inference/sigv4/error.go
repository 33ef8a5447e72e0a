package sigv4

import (
	"fmt"
	"net/http"
)

// Error is why a request was not taken for one of a principal, under the names
// that the original's clients know.
type Error struct {
	code    string
	status  int
	message string
}

func (e *Error) Error() string { return e.message }

// Code is the error type for the client.
func (e *Error) Code() string { return e.code }

// Status is the HTTP status for the client.
func (e *Error) Status() int { return e.status }

// missing: the request is not signed in its head at all.
func missing(format string, args ...any) error {
	return &Error{"MissingAuthenticationTokenException", http.StatusForbidden, fmt.Sprintf(format, args...)}
}

// incomplete: the signature's parts are not all there, or cannot be read.
func incomplete(format string, args ...any) error {
	return &Error{"IncompleteSignatureException", http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// invalid: the signature is not of this request, this time or this place. SDKs take
// it for a reason to look at the answer's Date and to correct their clock.
func invalid(format string, args ...any) error {
	return &Error{"InvalidSignatureException", http.StatusForbidden, fmt.Sprintf(format, args...)}
}

// unknown: nobody here has that key.
func unknown(format string, args ...any) error {
	return &Error{"UnrecognizedClientException", http.StatusForbidden, fmt.Sprintf(format, args...)}
}
