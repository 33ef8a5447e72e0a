package s3gate_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// signedPut is a request of the gateway's key, signed, with or without a body of known length.
func (s *site) signedPut(t *testing.T, key string, header map[string]string, payload string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, s.url+"/plant/"+key, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("X-Amz-Content-Sha256", payload)
	sign := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	if err := sign.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "MWGATEWAY", SecretAccessKey: secret}, r, payload, "s3", region, time.Now()); err != nil {
		t.Fatal(err)
	}
	out, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.URL.String(), body)
	if err != nil {
		t.Fatal(err)
	}
	out.Header = r.Header
	return out
}

// smuggled holds that nothing behind the end of a body is taken for a request of its
// own: what stands before the server has not looked at it.
func (s *site) smuggled(t *testing.T) {
	owner := s.client("MWOWNER", secret)
	evil := []byte("evil")
	for i, pad := range []int{0, 1500, 2048, 4096, 10_000, 40_000} {
		for _, target := range []string{"out/evil", "out/../../" + work + "/evil"} {
			inner := s.signedPut(t, target, nil, hashOf(evil), bytes.NewReader(evil))
			var within bytes.Buffer
			if err := inner.Write(&within); err != nil {
				t.Fatal(err)
			}
			data := []byte("hello world")
			sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data))
			var wire bytes.Buffer
			fmt.Fprintf(&wire, "%x\r\n%s\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n", len(data), data, base64.StdEncoding.EncodeToString(sum))
			wire.Write(bytes.Repeat([]byte("\r\n"), pad))
			wire.Write(within.Bytes())
			outer := s.signedPut(t, fmt.Sprintf("in/outer-%d", i), map[string]string{
				"Content-Encoding": "aws-chunked", "X-Amz-Decoded-Content-Length": fmt.Sprint(len(data)), "X-Amz-Trailer": "x-amz-checksum-crc32",
			}, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", io.MultiReader(&wire)) // of unknown length: sent in HTTP's chunks
			if resp, err := http.DefaultClient.Do(outer); err == nil {
				resp.Body.Close()
			}
			// Whatever is left on a connection is read before the next answer.
			if _, err := owner.ListBuckets(t.Context(), &s3.ListBucketsInput{}); err != nil {
				t.Errorf("after a request with more behind its end: %v", err)
			}
			if _, err := owner.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: aws.String("plant"), Key: aws.String("out/evil")}); err == nil {
				t.Fatalf("a request came through in the body of another one, behind %d empty lines", pad)
			}
			if _, err := os.Stat(filepath.Join(s.objects, work, "evil")); err == nil {
				t.Fatal("a request came through to the service's own bucket")
			}
		}
	}
}
