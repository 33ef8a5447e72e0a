package objstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
)

var (
	// ErrNotFound is in errors of Head and Get when nothing is at the key.
	ErrNotFound = errors.New("not found")
	// ErrForbidden is in errors when the policy forbids the request.
	ErrForbidden = errors.New("forbidden")
	// ErrExists is in errors of Put when its condition does not hold, or could
	// not be decided: look again before the next attempt.
	ErrExists = errors.New("the object changed meanwhile")
)

// Kind says what went wrong in terms of what helps.
type Kind int

const (
	KindOther         Kind = iota
	KindCanceled           // the caller's context ended
	KindNotFound           // no such object
	KindForbidden          // the policy forbids it
	KindExists             // a condition of Put does not hold
	KindDigest             // the content is not what was announced
	KindUnsupported        // the store does not know the request
	KindNoBucket           // no such bucket
	KindRegion             // the bucket is in another region
	KindKMS                // the encryption key may not be used
	KindCredentials        // the keys are wrong, or have expired
	KindNoCredentials      // no keys were found
	KindClock              // this machine's clock is too far off
	KindDNS                // the name does not resolve
	KindRefused            // nobody listens
	KindUnreachable        // no route
	KindTLS                // the certificate is not trusted
	KindProxy              // the proxy refused
	KindTimeout            // no answer, or no progress
	KindBroken             // the connection broke
	KindBusy               // 429 or 5xx: the store asks for less or is ill
	KindFull               // the store has no room
)

// Scope says what else will fail for the same reason.
type Scope int

const (
	ScopeObject Scope = iota // this object alone
	ScopePlace               // probably all under the same bucket and prefix
	ScopeStore               // all of the store
)

// Scope of a kind of error.
func (k Kind) Scope() Scope {
	switch k {
	case KindForbidden, KindNoBucket, KindRegion, KindKMS:
		return ScopePlace
	case KindOther, KindCanceled, KindNotFound, KindExists, KindDigest, KindUnsupported:
		return ScopeObject
	default:
		return ScopeStore
	}
}

// StatusError is an answer of the store that says no.
type StatusError struct {
	Status     int
	Code       string // S3's code, "" where the answer has no body (HEAD)
	Message    string
	Region     string // where the bucket is, if the answer says so
	RequestID  string
	ServerTime time.Time // zero when unknown
	LocalTime  time.Time // when the answer came
}

func (e *StatusError) Error() string {
	s := fmt.Sprintf("%d %s", e.Status, orElse(e.Code, http.StatusText(e.Status)))
	if e.Message != "" {
		s += ": " + redact(e.Message)
	}
	return s
}

// Is lets errors.Is find the sentinels.
func (e *StatusError) Is(target error) bool {
	switch target {
	case ErrNotFound:
		return e.kind() == KindNotFound
	case ErrForbidden:
		return e.kind() == KindForbidden
	case ErrExists:
		return e.kind() == KindExists
	}
	return false
}

func (e *StatusError) kind() Kind {
	switch e.Code {
	case "NoSuchBucket":
		return KindNoBucket
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "TemporaryRedirect", "IllegalLocationConstraintException":
		return KindRegion
	case "RequestTimeTooSkewed", "RequestExpired":
		return KindClock
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch",
		"InvalidClientTokenId", "UnrecognizedClientException", "TokenRefreshRequired", "NotSignedUp":
		return KindCredentials
	case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody":
		return KindDigest
	case "NotImplemented":
		return KindUnsupported
	case "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable":
		return KindBusy
	case "QuotaExceeded", "XMinioStorageFull", "InsufficientStorage":
		return KindFull
	}
	if strings.HasPrefix(e.Code, "KMS.") || strings.Contains(e.Message, "kms:") {
		return KindKMS
	}
	switch {
	case e.Status == 301 || e.Status == 307 || e.Status == 308:
		return KindRegion
	case e.Status == 401, e.Status == 403:
		return KindForbidden
	case e.Status == 404:
		return KindNotFound
	case e.Status == 407:
		return KindProxy
	case e.Status == 409, e.Status == 412:
		return KindExists
	case e.Status == 501:
		return KindUnsupported
	case e.Status == 507:
		return KindFull
	case e.Status == 429, e.Status >= 500:
		return KindBusy
	}
	return KindOther
}

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status string }

func (e *proxyError) Error() string { return "proxy answered " + e.status }

// KindOf says what kind of error err is; KindOther for nil and unknown ones.
func KindOf(err error) Kind {
	if err == nil { // most often, so what is below costs no memory
		return KindOther
	}
	return kindOf(err)
}

func kindOf(err error) Kind {
	var (
		status  *StatusError
		creds   *credentialsError
		proxy   *proxyError
		dns     *net.DNSError
		op      *net.OpError
		unknown x509.UnknownAuthorityError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		verify  *tls.CertificateVerificationError
		record  tls.RecordHeaderError
		alert   tls.AlertError
		timeout interface{ Timeout() bool }
	)
	switch {
	case errors.As(err, &status):
		return status.kind()
	case errors.Is(err, errStalled):
		return KindTimeout
	case errors.Is(err, context.Canceled):
		return KindCanceled
	case errors.As(err, &creds):
		return KindNoCredentials
	case errors.As(err, &proxy), errors.As(err, &op) && op.Op == "proxyconnect":
		return KindProxy
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &invalid), errors.As(err, &verify),
		errors.As(err, &record), errors.As(err, &alert), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return KindTLS
	case errors.As(err, &dns):
		return KindDNS
	case errors.Is(err, syscall.ECONNREFUSED):
		return KindRefused
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return KindUnreachable
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return KindTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &op):
		return KindBroken
	}
	return KindOther
}

// convert turns an error of the SDK into this package's own.
func (c *Client) convert(err error) error {
	var re *awshttp.ResponseError
	if !errors.As(err, &re) || re.HTTPStatusCode()/100 <= 2 {
		return err // no answer, or a good one that could not be read
	}
	h := re.Response.Header
	e := &StatusError{
		Status: re.HTTPStatusCode(), RequestID: re.RequestID, Region: h.Get("X-Amz-Bucket-Region"), LocalTime: time.Now(),
	}
	e.ServerTime, _ = http.ParseTime(h.Get("Date"))
	var api smithy.APIError
	if errors.As(err, &api) {
		e.Code, e.Message = api.ErrorCode(), api.ErrorMessage()
	}
	if e.Message == "UnknownError" {
		e.Message = ""
	}
	if e.Code == "NotFound" || e.Code == "NoSuchKey" || e.Code == "UnknownError" || e.Code == http.StatusText(e.Status) {
		e.Code = ""
	}
	if e.kind() == KindCredentials {
		c.creds.refused()
	}
	return e
}
