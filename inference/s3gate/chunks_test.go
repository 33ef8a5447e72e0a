package s3gate_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// signedChunks puts a body in the way of clients that sign each chunk of it, which
// some SDKs do over plain HTTP; spoil changes a byte of the last one.
func (s *site) signedChunks(t *testing.T, key string, body []byte, spoil bool) int {
	t.Helper()
	const size = 64 << 10
	now := time.Now().UTC()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/plant/"+key, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Encoding", "aws-chunked")
	r.Header.Set("X-Amz-Decoded-Content-Length", fmt.Sprint(len(body)))
	r.Header.Set("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
	sign := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := sign.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "MWGATEWAY", SecretAccessKey: secret}, r, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "s3", region, now); err != nil {
		t.Fatal(err)
	}
	_, last, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	day, stamp := now.Format("20060102"), now.Format("20060102T150405Z")
	by := []byte("AWS4" + secret)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		by = mac(by, part)
	}
	var wire bytes.Buffer
	for at := 0; ; at += size {
		chunk := body[min(at, len(body)):min(at+size, len(body))]
		last = hex.EncodeToString(mac(by, strings.Join([]string{"AWS4-HMAC-SHA256-PAYLOAD", stamp, day + "/" + region + "/s3/aws4_request", last, hashOf(nil), hashOf(chunk)}, "\n")))
		fmt.Fprintf(&wire, "%x;chunk-signature=%s\r\n%s\r\n", len(chunk), last, chunk)
		if len(chunk) == 0 {
			break
		}
	}
	sent := wire.Bytes()
	if spoil {
		sent[200] ^= 1
	}
	again, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.URL.String(), bytes.NewReader(sent))
	if err != nil {
		t.Fatal(err)
	}
	again.Header = r.Header
	resp, err := http.DefaultClient.Do(again)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// chunked holds that bodies whose chunks are signed, and those whose sum follows them,
// come through whole or not at all.
func (s *site) chunked(t *testing.T, handler http.Handler) {
	owner := s.client("MWOWNER", secret)
	size := func(key string) int64 {
		got, err := owner.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plant"), Key: &key})
		if err != nil {
			return -1
		}
		return *got.ContentLength
	}
	body := bytes.Repeat([]byte("0123456789abcdef"), 300<<10/16)
	if status := s.signedChunks(t, "in/chunks", body, false); status != http.StatusOK || size("in/chunks") != int64(len(body)) {
		t.Errorf("signed chunks: %d, %d bytes", status, size("in/chunks"))
	}
	if status := s.signedChunks(t, "in/spoilt", body, true); status < 400 || size("in/spoilt") != -1 {
		t.Errorf("a spoilt chunk: %d, %d bytes", status, size("in/spoilt"))
	}
	if status := s.signedChunks(t, "out/result", body, false); status != http.StatusForbidden {
		t.Errorf("signed chunks elsewhere: %d", status)
	}
	// Over TLS the SDK leaves the body unsigned and has its sum follow.
	safe := httptest.NewTLSServer(handler)
	defer safe.Close()
	over := func(o *s3.Options) { o.BaseEndpoint, o.HTTPClient = &safe.URL, safe.Client() }
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			c := s.client("MWGATEWAY", secret)
			for j := range 20 {
				key := fmt.Sprintf("in/sum-%d-%d", i, j)
				if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{
					Bucket: aws.String("plant"), Key: &key, Body: bytes.NewReader(body[:len(body)>>j]), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32c,
				}, over); err != nil || size(key) != int64(len(body)>>j) {
					t.Errorf("a sum that follows: %v, %d bytes", err, size(key))
				}
			}
		})
	}
	all.Wait()
}
