package api

import (
	"errors"
	"fmt"
	"net/http"
)

// The error types of the API's own operations.
const (
	ValidationException           = "ValidationException"
	AccessDeniedException         = "AccessDeniedException"
	ResourceNotFoundException     = "ResourceNotFoundException"
	ConflictException             = "ConflictException"
	ServiceQuotaExceededException = "ServiceQuotaExceededException"
	ThrottlingException           = "ThrottlingException"
	InternalServerException       = "InternalServerException"
)

// Errors that requests get before they are calls of an operation.
const (
	unknownOperation = "UnknownOperationException"
	serialization    = "SerializationException"
	mediaType        = "UnsupportedMediaTypeException"
	entityTooLarge   = "RequestEntityTooLargeException"
	requestTimeout   = "RequestTimeoutException"
)

// Error is an answer that says no. Everything in it is for the client to read.
type Error struct {
	Type    string
	Message string
	status  int // of what is no error of the model
}

func (e *Error) Error() string { return e.Type + ": " + e.Message }

// Invalid refuses a member for what shapes cannot say. The member is named as in
// the request, with dots: DataInputConfiguration.InputTimeZoneOffset.
func Invalid(member, format string, args ...any) error {
	return &Error{Type: ValidationException, Message: "1 validation error detected: Value at '" + memberPath(member) + "' failed to satisfy constraint: " + fmt.Sprintf(format, args...)}
}

// NotFound says that a resource is not there.
func NotFound(format string, args ...any) error {
	return &Error{Type: ResourceNotFoundException, Message: fmt.Sprintf(format, args...)}
}

// Conflict says that a resource is not in a state in which this could be done.
func Conflict(format string, args ...any) error {
	return &Error{Type: ConflictException, Message: fmt.Sprintf(format, args...)}
}

// Quota says that there are as many of something as there may be.
func Quota(format string, args ...any) error {
	return &Error{Type: ServiceQuotaExceededException, Message: fmt.Sprintf(format, args...)}
}

// Denied says that the caller may not do this.
func Denied(format string, args ...any) error {
	return &Error{Type: AccessDeniedException, Message: fmt.Sprintf(format, args...)}
}

// Throttled asks the caller to try again later.
func Throttled(format string, args ...any) error {
	return &Error{Type: ThrottlingException, Message: fmt.Sprintf(format, args...)}
}

// refusal is an error of other packages that is meant for the client, such as that
// of a bad signature.
type refusal interface {
	error
	Code() string // the error type
	Status() int
}

// answer turns err into what the client gets. It is not told when err is nothing
// that the client could have caused; then the log is to have it.
func (m *Model) answer(err error) (status int, e Error, told bool) {
	var own *Error
	var other refusal
	switch {
	case errors.As(err, &own):
		status, e = own.status, *own
		if s := m.Statuses[own.Type]; s > 0 {
			status = s
		}
	case errors.As(err, &other):
		status, e = other.Status(), Error{Type: other.Code(), Message: other.Error()}
	}
	if status < 400 || status > 599 {
		return http.StatusInternalServerError, Error{Type: InternalServerException, Message: "the service could not do this; its log says why, under this request id"}, false
	}
	if e.Message == "" {
		e.Message = e.Type // clients want one character at least
	}
	return status, e, e.Type != InternalServerException
}
