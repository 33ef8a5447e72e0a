package sigv4

import (
	"slices"
	"strings"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	terminator  = "aws4_request"
	stampLayout = "20060102T150405Z"
	maxHeader   = 4096 // bytes of an Authorization header
)

// authorization is what an Authorization header says.
type authorization struct {
	accessKey, date, region, service string
	headers                          []string // the signed ones, in small letters, sorted
	signature                        string   // 64 hexadecimal digits
}

// parseAuthorization reads the header's value.
func parseAuthorization(text string) (authorization, error) {
	var a authorization
	if len(text) > maxHeader {
		return a, incomplete("the Authorization header is longer than %d bytes", maxHeader)
	}
	kind, rest, _ := strings.Cut(text, " ")
	if kind != algorithm {
		return a, incomplete("the Authorization header must begin with %s", algorithm)
	}
	var credential, headers string
	parts := map[string]*string{"Credential": &credential, "SignedHeaders": &headers, "Signature": &a.signature}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		into := parts[name]
		if !ok || into == nil || *into != "" || value == "" {
			return a, incomplete("the Authorization header must have Credential, SignedHeaders and Signature, each once")
		}
		*into = value
	}
	if credential == "" || headers == "" || a.signature == "" {
		return a, incomplete("the Authorization header must have Credential, SignedHeaders and Signature, each once")
	}
	scope := strings.Split(credential, "/")
	if len(scope) != 5 || scope[4] != terminator || slices.Contains(scope, "") {
		return a, incomplete("Credential in the Authorization header must be KEY/YYYYMMDD/REGION/SERVICE/%s", terminator)
	}
	a.accessKey, a.date, a.region, a.service = scope[0], scope[1], scope[2], scope[3]
	if len(a.signature) != 64 || strings.Trim(a.signature, "0123456789abcdef") != "" {
		return a, incomplete("Signature in the Authorization header must be 64 hexadecimal digits")
	}
	return a, a.signed(headers)
}

// signed takes the list of signed headers apart.
func (a *authorization) signed(text string) error {
	a.headers = strings.Split(text, ";")
	for i, h := range a.headers {
		if h == "" || strings.ToLower(h) != h || i > 0 && h <= a.headers[i-1] {
			return incomplete("SignedHeaders in the Authorization header must be in small letters, sorted, each once")
		}
	}
	for _, must := range []string{"host", "x-amz-date"} {
		if !slices.Contains(a.headers, must) {
			return incomplete("SignedHeaders in the Authorization header must have %s", must)
		}
	}
	for _, h := range []string{"authorization", "expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"} {
		if slices.Contains(a.headers, h) {
			return incomplete("the header %s may change on its way and cannot be signed", h)
		}
	}
	return nil
}
