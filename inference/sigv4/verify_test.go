package sigv4

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const (
	region  = "plant-1"
	service = "lookoutequipment"
	keyID   = "MWTESTKEY"
	keyText = "a secret that nobody can guess/+"
)

func noon() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) }

func testVerifier() *Verifier {
	p := New("tests", keyID, keyText, "000000000000", Admin, nil, nil)
	return NewVerifier(region, service, Of(Options{}, p), noon)
}

func hashOf(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// signedRequest is one as an SDK sends it, as the server sees it.
func signedRequest(t testing.TB, body string, at time.Time, region, service string, change func(*http.Request)) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8480/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService.ListDatasets")
	r.Header.Set("User-Agent", "tests")
	if change != nil {
		change(r)
	}
	key := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: keyText}
	if err := v4.NewSigner().SignHTTP(t.Context(), key, r, hashOf(body), service, region, at); err != nil {
		t.Fatal(err)
	}
	return r
}

func check(v *Verifier, r *http.Request) (*Principal, error) {
	finish, err := v.Begin(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return finish(body)
}

// TestPublishedExample is the one that the algorithm's description works through.
func TestPublishedExample(t *testing.T) {
	t.Parallel()
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	p := New("example", "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", Admin, nil, nil)
	v := NewVerifier("us-east-1", "iam", Of(Options{}, p), func() time.Time { return at })
	r := httptest.NewRequest(http.MethodGet, "http://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
	if got, err := check(v, r); err != nil || got != p {
		t.Fatal(got, err)
	}
}

// TestOtherImplementations signs with nothing of the SDK, as other clients may: no
// blank after commas, further headers, inner blanks, header values twice.
func TestOtherImplementations(t *testing.T) {
	t.Parallel()
	body := `{"MaxResults":5}`
	r := httptest.NewRequest(http.MethodPost, "http://plant.example:443/", strings.NewReader(body))
	r.Header.Set("X-Amz-Date", "20260105T120010Z")
	r.Header.Set("X-Amz-Content-Sha256", hashOf(body))
	r.Header.Set("X-Odd", "  a   b ")
	r.Header.Add("X-Twice", "1")
	r.Header.Add("X-Twice", "2")
	canonical := strings.Join([]string{
		"POST", "/", "", "content-length:16", "host:plant.example:443", "x-amz-content-sha256:" + hashOf(body), "x-amz-date:20260105T120010Z", "x-odd:a b", "x-twice:1,2", "",
		"content-length;host;x-amz-content-sha256;x-amz-date;x-odd;x-twice", hashOf(body),
	}, "\n")
	scope := "20260105/" + region + "/" + service + "/aws4_request"
	text := "AWS4-HMAC-SHA256\n20260105T120010Z\n" + scope + "\n" + hashOf(canonical)
	key := []byte("AWS4" + keyText)
	for _, part := range []string{"20260105", region, service, "aws4_request", text} {
		m := hmac.New(sha256.New, key)
		m.Write([]byte(part))
		key = m.Sum(nil)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+keyID+"/"+scope+",SignedHeaders=content-length;host;x-amz-content-sha256;x-amz-date;x-odd;x-twice,Signature="+hex.EncodeToString(key))
	if _, err := check(testVerifier(), r); err != nil {
		t.Fatal(err)
	}
}

func TestGoodRequests(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*http.Request){
		"plain":          nil,
		"hash in a head": func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("{}")) },
		"default port":   func(r *http.Request) { r.Host = "plant.example" },
		"SDK's own":      func(r *http.Request) { r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3") },
		"IPv6":           func(r *http.Request) { r.Host = "[::1]:8480" },
	} {
		for _, at := range []time.Duration{0, -skew, skew} {
			r := signedRequest(t, "{}", noon().Add(at), region, service, change)
			if _, err := check(testVerifier(), r); err != nil {
				t.Errorf("%s at %s: %v", name, at, err)
			}
		}
	}
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	replace := func(name, from, to string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, strings.Replace(r.Header.Get(name), from, to, 1)) }
	}
	for _, c := range []struct {
		name   string
		sign   func() *http.Request
		spoil  func(*http.Request)
		code   string
		status int
		says   string
	}{
		{name: "unsigned", spoil: func(r *http.Request) { r.Header.Del("Authorization") }, code: "MissingAuthenticationTokenException", status: 403, says: "not signed"},
		{name: "presigned", spoil: func(r *http.Request) {
			r.Header.Del("Authorization")
			r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0"
		}, code: "MissingAuthenticationTokenException", status: 403, says: "presigned"},
		{name: "basic", spoil: func(r *http.Request) { r.SetBasicAuth("me", "it") }, code: "IncompleteSignatureException", status: 400, says: "AWS4-HMAC-SHA256"},
		{name: "two", spoil: func(r *http.Request) { r.Header.Add("Authorization", "x") }, code: "IncompleteSignatureException", status: 400, says: "more than one"},
		{name: "no date", spoil: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, code: "IncompleteSignatureException", status: 400, says: "X-Amz-Date"},
		{name: "odd date", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Date", "yesterday") }, code: "IncompleteSignatureException", status: 400, says: stampLayout},
		{name: "other day", spoil: replace("Authorization", "/20260105/", "/20260104/"), code: "InvalidSignatureException", status: 403, says: "scope"},
		{name: "unknown key", spoil: replace("Authorization", keyID, "NOBODY"), code: "UnrecognizedClientException", status: 403, says: "not known here"},
		{name: "session", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "t") }, code: "UnrecognizedClientException", status: 403, says: "session tokens"},
		{name: "other region", sign: func() *http.Request { return signedRequest(t, "{}", noon(), "eu-west-1", service, nil) }, code: "InvalidSignatureException", status: 403, says: "not 'eu-west-1': this service is the region 'plant-1'; set region: in the service's configuration"},
		{name: "other service", sign: func() *http.Request { return signedRequest(t, "{}", noon(), region, "s3", nil) }, code: "InvalidSignatureException", status: 403, says: "'lookoutequipment'"},
		{name: "late", sign: func() *http.Request {
			return signedRequest(t, "{}", noon().Add(-skew-time.Second), region, service, nil)
		}, code: "InvalidSignatureException", status: 403, says: "Signature expired: 20260105T115459Z is now earlier than 20260105T115500Z (20260105T120000Z - 5 min.)"},
		{name: "early", sign: func() *http.Request {
			return signedRequest(t, "{}", noon().Add(skew+time.Second), region, service, nil)
		}, code: "InvalidSignatureException", status: 403, says: "Signature not yet current"},
		{name: "other body", spoil: func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader("[]")) }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "other operation", spoil: replace("X-Amz-Target", "List", "Delete"), code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "unsigned operation", sign: func() *http.Request {
			r := signedRequest(t, "{}", noon(), region, service, func(r *http.Request) { r.Header.Del("X-Amz-Target") })
			r.Header.Set("X-Amz-Target", "AWSLookoutEquipmentFrontendService.DeleteDataset")
			return r
		}, code: "IncompleteSignatureException", status: 400, says: "x-amz-target"},
		{name: "other host", spoil: func(r *http.Request) { r.Host = "elsewhere:8480" }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "other path", spoil: func(r *http.Request) { r.URL.Path = "/x" }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "further query", spoil: func(r *http.Request) { r.URL.RawQuery = "a=b" }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "other method", spoil: func(r *http.Request) { r.Method = http.MethodPut }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "lost header", spoil: func(r *http.Request) { r.Header.Del("Content-Type") }, code: "InvalidSignatureException", status: 403, says: "content-type is signed, and the request has none"},
		{name: "second value", spoil: func(r *http.Request) { r.Header.Add("Content-Type", "x") }, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "other signature", spoil: func(r *http.Request) {
			a := r.Header.Get("Authorization")
			last := "0"
			if strings.HasSuffix(a, "0") {
				last = "1"
			}
			r.Header.Set("Authorization", a[:len(a)-1]+last)
		}, code: "InvalidSignatureException", status: 403, says: "does not match"},
		{name: "other hash", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", hashOf("x")) }, code: "InvalidSignatureException", status: 403, says: "is not the SHA-256 of the body"},
		{name: "unsigned payload", spoil: func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }, code: "InvalidSignatureException", status: 403, says: "unsigned"},
		{name: "unsigned date", spoil: replace("Authorization", ";x-amz-date", ""), code: "IncompleteSignatureException", status: 400, says: "must have x-amz-date"},
		{name: "unsigned host", spoil: replace("Authorization", "host;", ""), code: "IncompleteSignatureException", status: 400, says: "must have host"},
		{name: "signed agent", spoil: replace("Authorization", "host;", "host;user-agent;"), code: "IncompleteSignatureException", status: 400, says: "cannot be signed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r *http.Request
			if c.sign != nil {
				r = c.sign()
			} else {
				r = signedRequest(t, "{}", noon(), region, service, nil)
			}
			if c.spoil != nil {
				c.spoil(r)
			}
			p, err := check(testVerifier(), r)
			var refused *Error
			if p != nil || !errors.As(err, &refused) {
				t.Fatalf("%v %v", p, err)
			}
			if refused.Code() != c.code || refused.Status() != c.status || !strings.Contains(refused.Error(), c.says) {
				t.Errorf("%s %d: %s", refused.Code(), refused.Status(), refused)
			}
			if strings.Contains(refused.Error(), keyText) {
				t.Error("the secret is told")
			}
		})
	}
}

// What can be told by the head is told before the body is asked for.
func TestBeginReadsNoBody(t *testing.T) {
	t.Parallel()
	r := signedRequest(t, "{}", noon().Add(-time.Hour), region, service, nil)
	r.Body = io.NopCloser(iotest{})
	if _, err := testVerifier().Begin(r); err == nil {
		t.Fatal("taken")
	}
}

type iotest struct{}

func (iotest) Read([]byte) (int, error) { panic("the body was read") }

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	good := "AWS4-HMAC-SHA256 Credential=K/20260105/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64)
	if _, err := parseAuthorization(good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":          "",
		"kind":             strings.Replace(good, "AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256", 1),
		"no signature":     good[:strings.Index(good, ", Signature")],
		"twice":            good + ", Signature=" + strings.Repeat("0", 64),
		"further":          good + ", More=1",
		"short signature":  good[:len(good)-1],
		"large signature":  strings.Replace(good, "Signature=0", "Signature=A", 1),
		"scope":            strings.Replace(good, "/aws4_request", "", 1),
		"empty scope":      strings.Replace(good, "/r/", "//", 1),
		"end":              strings.Replace(good, "aws4_request", "aws5_request", 1),
		"unsorted":         strings.Replace(good, "host;x-amz-date", "x-amz-date;host", 1),
		"header twice":     strings.Replace(good, "host;", "host;host;", 1),
		"capital header":   strings.Replace(good, "host;", "Host;", 1),
		"empty header":     strings.Replace(good, "host;", ";host;", 1),
		"no equals":        strings.Replace(good, "Credential=", "Credential", 1),
		"endless":          good + strings.Repeat(" ", maxHeader),
		"signed transfer":  strings.Replace(good, "host;", "host;transfer-encoding;", 1),
		"empty credential": strings.Replace(good, "K/20260105/r/s/aws4_request", "", 1),
	} {
		if a, err := parseAuthorization(text); err == nil {
			t.Errorf("%s: taken as %+v", name, a)
		}
	}
}

func FuzzParseAuthorization(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=K/20260105/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + strings.Repeat("0", 64))
	f.Add("AWS4-HMAC-SHA256 Credential=,Credential=,=,")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAuthorization(text)
		if err != nil {
			var refused *Error
			if !errors.As(err, &refused) {
				t.Fatalf("%v", err)
			}
			return
		}
		again := fmt.Sprintf("%s Credential=%s/%s/%s/%s/%s, SignedHeaders=%s, Signature=%s", algorithm, a.accessKey, a.date, a.region, a.service, terminator, strings.Join(a.headers, ";"), a.signature)
		b, err := parseAuthorization(again)
		if err != nil || b.accessKey != a.accessKey || b.signature != a.signature || !slices.Equal(a.headers, b.headers) {
			t.Fatalf("%q read as %+v, written and read as %+v: %v", text, a, b, err)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := bytes.Repeat([]byte("x"), 500)
	r := signedRequest(b, string(body), noon(), region, service, nil)
	v := testVerifier()
	for b.Loop() {
		finish, err := v.Begin(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := finish(body); err != nil {
			b.Fatal(err)
		}
	}
}
