// Package sigv4 finds out who sent a request: it checks version 4 signatures in
// the Authorization header against the keys of principals, and knows what each of
// these may do. It knows no operation but by name, and no storage.
//
// A request is taken while its date is within five minutes of this machine's clock.
// Within that time it could be sent again by somebody who saw it, to the same
// effect as its sender's own repeat: calls that make something carry a client
// token and give the first answer again, those that read change nothing, and the
// others set what they set already. It can undo what was done in between, which is
// why an address that others can reach wants TLS. No list of used signatures is
// kept: clients that repeat a call within a second send the same one, rightly.
package sigv4

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// skew is how far a request's date may be from this machine's clock.
const skew = 5 * time.Minute

// Verifier checks signatures. It is safe for use on many goroutines.
type Verifier struct {
	region, service string
	principals      *Principals
	now             func() time.Time
}

// NewVerifier makes a Verifier of requests to a service in a region. The clock is
// the real one: what a rehearsal plays is no business of signatures.
func NewVerifier(region, service string, p *Principals, now func() time.Time) *Verifier {
	return &Verifier{region: region, service: service, principals: p, now: now}
}

// Begin checks all that can be checked without the body: who claims to have signed,
// when and for which place. What it gives is to be called with the body.
func (v *Verifier) Begin(r *http.Request) (func(body []byte) (*Principal, error), error) {
	a, err := v.authorization(r)
	if err != nil {
		return nil, err
	}
	date, err := v.date(r, a)
	if err != nil {
		return nil, err
	}
	p := v.principals.Find(a.accessKey)
	if p == nil {
		return nil, unknown("the access key of this request is not known here; keys come from the principals file of the service, or from the credentials file that it made at its first start")
	}
	return func(body []byte) (*Principal, error) { return v.verify(r, a, date, p, body) }, nil
}

// authorization finds the signature's parts and refuses kinds that are not taken.
func (v *Verifier) authorization(r *http.Request) (authorization, error) {
	var a authorization
	if q := r.URL.RawQuery; strings.Contains(q, "X-Amz-") {
		return a, missing("presigned requests are not taken: sign in the Authorization header")
	}
	given := r.Header.Values("Authorization")
	if len(given) == 0 {
		return a, missing("the request is not signed: it has no Authorization header")
	}
	if len(given) > 1 {
		return a, incomplete("the request has more than one Authorization header")
	}
	a, err := parseAuthorization(given[0])
	if err != nil {
		return a, err
	}
	if r.Header.Get("X-Amz-Security-Token") != "" {
		return a, unknown("session tokens are not known here: use an access key of this service without one")
	}
	if r.Header.Get("X-Amz-Target") != "" && !slices.Contains(a.headers, "x-amz-target") {
		return a, incomplete("SignedHeaders in the Authorization header must have x-amz-target: else the same signature would do for another operation")
	}
	if a.region != v.region {
		return a, invalid("Credential should be scoped to a valid region, not '%s': this service is the region '%s'; set region: in the service's configuration, or the client's region", a.region, v.region)
	}
	if a.service != v.service {
		return a, invalid("Credential should be scoped to correct service: '%s'", v.service)
	}
	return a, nil
}

// date reads the request's date and holds it against the clock and the scope.
func (v *Verifier) date(r *http.Request, a authorization) (time.Time, error) {
	given := r.Header.Values("X-Amz-Date")
	if len(given) != 1 {
		return time.Time{}, incomplete("the request must have the header X-Amz-Date, once")
	}
	date, err := time.Parse(stampLayout, given[0])
	if err != nil {
		return time.Time{}, incomplete("X-Amz-Date must be in the form %s", stampLayout)
	}
	if date.Format("20060102") != a.date {
		return time.Time{}, invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'", a.date, date.Format("20060102"))
	}
	switch now := v.now().UTC(); {
	case date.Before(now.Add(-skew)):
		return time.Time{}, invalid("Signature expired: %s is now earlier than %s (%s - 5 min.): set the sender's clock", given[0], now.Add(-skew).Format(stampLayout), now.Format(stampLayout))
	case date.After(now.Add(skew)):
		return time.Time{}, invalid("Signature not yet current: %s is still later than %s (%s + 5 min.): set the sender's clock", given[0], now.Add(skew).Format(stampLayout), now.Format(stampLayout))
	}
	return date, nil
}

// verify signs a fresh request that has nothing but the signed headers, with the
// principal's secret, and compares.
func (v *Verifier) verify(r *http.Request, a authorization, date time.Time, p *Principal, body []byte) (*Principal, error) {
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if told := r.Header.Get("X-Amz-Content-Sha256"); told != "" && told != hash {
		return nil, invalid("x-amz-content-sha256 is not the SHA-256 of the body, which is %s; unsigned and streamed bodies are not taken", hash)
	}
	fresh, err := signedPart(r, a)
	if err != nil {
		return nil, err
	}
	key := aws.Credentials{AccessKeyID: p.AccessKey, SecretAccessKey: p.Secret()}
	if err := p.signer.SignHTTP(context.WithoutCancel(r.Context()), key, fresh, hash, v.service, v.region, date); err != nil {
		return nil, invalid("the request cannot be signed: %v", err)
	}
	_, want, _ := strings.Cut(fresh.Header.Get("Authorization"), "Signature=")
	if subtle.ConstantTimeCompare([]byte(want), []byte(a.signature)) != 1 {
		return nil, invalid("The request signature we calculated does not match the signature you provided. Check the secret access key, and that nothing on the way changes %s or the body.", strings.Join(a.headers, ", "))
	}
	return p, nil
}

// signedPart copies what was signed. The scheme is left out, so that a port in the
// Host header counts as it was sent.
func signedPart(r *http.Request, a authorization) (*http.Request, error) {
	fresh := &http.Request{
		Method: r.Method,
		URL:    &url.URL{Host: r.Host, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery},
		Host:   r.Host,
		Header: make(http.Header, len(a.headers)),
	}
	for _, name := range a.headers {
		switch name {
		case "host":
			continue
		case "content-length":
			// The signer leaves out a length of 0, and so does this service's protocol:
			// its bodies are objects.
			if fresh.ContentLength = r.ContentLength; r.ContentLength <= 0 {
				return nil, invalid("content-length is signed, and is %s", strconv.FormatInt(r.ContentLength, 10))
			}
			continue
		}
		values := r.Header.Values(name)
		if len(values) == 0 {
			return nil, invalid("the header %s is signed, and the request has none", name)
		}
		fresh.Header[http.CanonicalHeaderKey(name)] = values
	}
	return fresh, nil
}
