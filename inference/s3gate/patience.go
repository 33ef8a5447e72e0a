package s3gate

import (
	"io"
	"net/http"
	"time"
)

// stall is how long a request may make no progress. How long all of it takes
// depends on its size and the link, and is not bounded.
const stall = time.Minute

// patient is a request's body that may take as long as it goes on.
type patient struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements io.Reader.
func (p *patient) Read(b []byte) (int, error) {
	_ = p.control.SetReadDeadline(time.Now().Add(stall)) // where there is none, there is no client either
	return p.ReadCloser.Read(b)
}

// answer is what goes back, for as long as it goes on.
type answer struct {
	http.ResponseWriter
	control *http.ResponseController // nil for refusals
	status  int
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (a *answer) Write(b []byte) (int, error) {
	if a.control != nil {
		_ = a.control.SetWriteDeadline(time.Now().Add(stall))
	}
	return a.ResponseWriter.Write(b)
}
