package api

import "net/http"

// Authenticate looks at a request's head and gives what is to be done with the
// body, which then was not read for nobody. It refuses with an error that has
// the methods Code and Status, or one of this package.
type Authenticate func(r *http.Request) (Verify, error)

// Verify checks that the sender signed this body, and tells who that is.
type Verify func(body []byte) (Identity, error)

// Identity is who signed a request.
type Identity struct {
	Name      string // for people
	AccessKey string
	Account   string // 12 digits; resources belong to it
	Access    Access
}

// Access is what an identity may do. A prefix is allowed when every key that
// begins with it is.
type Access interface {
	Allowed(operation string) bool
	MayRead(bucket, prefix string) bool
	MayWrite(bucket, prefix string) bool
}
