package s3gate_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func (s *site) wrongSignatures(t *testing.T) {
	get := func(c *s3.Client, change ...func(*s3.Options)) string {
		_, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plant"), Key: aws.String("out/result")}, change...)
		return code(err)
	}
	if got := get(s.client("MWOWNER", "another-secret-altogether")); got != "SignatureDoesNotMatch" {
		t.Errorf("a wrong secret: %s", got)
	}
	if got := get(s.client("MWSERVICE", secret+"x")); got != "InvalidAccessKeyId" {
		t.Errorf("the service's own key: %s", got)
	}
	if got := get(s.client("MWSTRANGER", secret)); got != "InvalidAccessKeyId" {
		t.Errorf("an unknown key: %s", got)
	}
	if resp, err := http.Get(s.url + "/plant/out/result"); err != nil || resp.Body.Close() != nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("no signature: %v %v", resp, err)
	}
	if got := get(s.client("MWOWNER", secret), func(o *s3.Options) { o.Region = "eu-west-1" }); got == "done" {
		t.Error("another region's signature was taken")
	}
	late := s.raw(t, "MWOWNER", http.MethodGet, "/plant/out/result", "", time.Now().Add(-time.Hour), nil)
	if late != http.StatusForbidden {
		t.Errorf("signed an hour ago: %d", late)
	}
}

// raw sends a request that no SDK would, signed.
func (s *site) raw(t *testing.T, key, method, target, body string, at time.Time, change func(*http.Request)) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	if change != nil {
		change(r)
	}
	sign := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := sign.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: key, SecretAccessKey: secret}, r, hash, "s3", region, at); err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if bytes.Contains(text, []byte("text of secret")) || bytes.Contains(text, []byte("text of in")) || bytes.Contains(text, []byte("weights")) {
		t.Errorf("%s %s gives away %s", method, target, text)
	}
	return resp.StatusCode
}

func (s *site) oddRequests(t *testing.T) {
	deletion := func(key string) string { return "<Delete><Object><Key>" + key + "</Key></Object></Delete>" }
	for _, c := range []struct{ method, target, body string }{
		{"GET", "/plant/in/old?uploadId=", ""},
		{"GET", "/plant/in/old?uploadId=1&attributes", ""},
		{"GET", "/plant/in/old?uploadId=1&tagging", ""},
		{"GET", "/plant/in/old?uploadId=1&acl", ""},
		{"HEAD", "/plant/in/old?uploadId=1", ""},
		{"GET", "/plant/out/%2e%2e/secret/plan", ""},
		{"GET", "/plant/out/..%2fsecret/plan", ""},
		{"GET", "/plant/out/%252e%252e/secret/plan", ""},
		{"GET", "/plant/out//../secret/plan", ""},
		{"GET", "/plant/out/../../" + work + "/models/m", ""},
		{"GET", "//" + work + "/models/m", ""},
		{"GET", "/plant?prefix=out/&prefix=", ""},
		{"GET", "/plant?prefix=out/&Prefix=&policy", ""},
		{"GET", "/plant/?prefix=secret/", ""},
		{"PUT", "/plant?prefix=in/", ""},
		{"POST", "/plant/in/old?select&select-type=2", "<SelectObjectContentRequest/>"},
		{"POST", "/plant?delete", "1;chunk-signature=" + deletion("in/none") + "\r\n" + deletion("out/result")},
		{"POST", "/plant?delete", "<Delete><Object><Key>in/none</Key><Key>out/result</Key></Object></Delete>"},
		{"POST", "/plant?delete", "<Delete/>" + deletion("out/result")},
		{"POST", "/plant?delete", "<a>" + deletion("out/result") + "</a>"},
		{"PATCH", "/list-buckets", ""},
		{"PATCH", "/plant/create", ""},
		{"OPTIONS", "/plant/secret/plan", ""},
		{"TRACE", "/plant/secret/plan", ""},
	} {
		status := s.raw(t, "MWGATEWAY", c.method, c.target, c.body, time.Now(), func(r *http.Request) {
			sum := md5.Sum([]byte(c.body))
			r.Header.Set("Content-Md5", base64.StdEncoding.EncodeToString(sum[:]))
		})
		if status < 400 {
			t.Errorf("%s %s %s: %d", c.method, c.target, c.body, status)
		}
	}
	// A key in both places: the gate must not decide by one and the server by the other.
	for _, as := range []string{"MWOWNER", "MWGATEWAY"} {
		status := s.raw(t, as, http.MethodGet, "/plant/secret/plan?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=MWOWNER%2F20260105%2Fplant-1%2Fs3%2Faws4_request", "", time.Now(), nil)
		if status < 400 {
			t.Errorf("two signatures, one of %s: %d", as, status)
		}
	}
	owner := s.client("MWOWNER", secret)
	if _, err := owner.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plant"), Key: aws.String("out/result")}); err != nil {
		t.Errorf("out/result is gone: %v", err)
	}
}
