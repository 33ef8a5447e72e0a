package objstore

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"pgregory.net/rapid"
)

// Whatever is signed without the SDK has the signature that the SDK makes.
func TestSignaturesAreTheSDKs(t *testing.T) {
	t.Parallel()
	var s signer
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringOf(rapid.RuneFrom([]rune("abcXYZ019-_.~ /:=+%&é"))).Draw(t, "key")
		p := place{
			scheme: rapid.SampledFrom([]string{"http", "https"}).Draw(t, "scheme"),
			host:   rapid.SampledFrom([]string{"plant.s3.amazonaws.com", "127.0.0.1:9000", "s3.example.com:443", "s3.example.com:80"}).Draw(t, "host"),
			path:   rapid.SampledFrom([]string{"", "/bucket"}).Draw(t, "path"),
		}
		p.rawPath = p.path
		c := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: rapid.SampledFrom([]string{"one", "two"}).Draw(t, "secret")}
		if rapid.Bool().Draw(t, "session") {
			c.SessionToken = "token/+="
		}
		at := time.Unix(rapid.Int64Range(1.7e9, 2e9).Draw(t, "at"), 0)
		header := http.Header{"User-Agent": {"millwright"}, "X-Amz-Content-Sha256": {emptySHA256}}
		for name, value := range rapid.MapOfN(
			rapid.SampledFrom([]string{"Content-Type", "Content-Md5", "If-Match", "If-None-Match", "X-Amz-Meta-Instance", "X-Amz-Meta-A", "X-Amz-Meta-Ab", "Range", "Expect"}),
			rapid.SampledFrom([]string{"text/csv", "*", `"etag"`, "two  spaces", " around ", ""}), 0, 9).Draw(t, "headers") {
			header[name] = []string{value}
		}
		length := rapid.SampledFrom([]int64{0, 1, 50_000}).Draw(t, "length")
		request := func() *http.Request {
			return &http.Request{Method: http.MethodPut, URL: p.url(key), Host: p.host, Header: maps.Clone(header), ContentLength: length}
		}
		ours, theirs := request(), request()
		if err := s.SignHTTP(context.Background(), c, ours, emptySHA256, "s3", "eu-west-1", at); err != nil {
			t.Fatal(err)
		}
		if err := s.of(c.SecretAccessKey).SignHTTP(context.Background(), c, theirs, emptySHA256, "s3", "eu-west-1", at); err != nil {
			t.Fatal(err)
		}
		if got, want := ours.Header.Get("Authorization"), theirs.Header.Get("Authorization"); got != want {
			t.Fatalf("%s %q\n got %s\nwant %s", ours.Method, ours.URL.EscapedPath(), got, want)
		}
	})
}

func TestRequestsWithAQueryAreTheSDKs(t *testing.T) {
	t.Parallel()
	var s signer
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "s3.example.com", Path: "/b", RawQuery: "list-type=2"}, Header: http.Header{}}
	if err := s.SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, r, emptySHA256, "s3", "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	if a := r.Header.Get("Authorization"); !strings.Contains(a, "SignedHeaders=host;x-amz-date") || s.last.Load() != nil {
		t.Errorf("%s", a)
	}
}

func BenchmarkSign(b *testing.B) {
	var s signer
	p := place{scheme: "https", host: "plant.s3.amazonaws.com"}
	c := aws.Credentials{AccessKeyID: "AKID", SecretAccessKey: "secret"}
	b.ReportAllocs()
	for b.Loop() {
		r := &http.Request{Method: http.MethodPut, URL: p.url("in/pump-20260105100000.csv"), Host: p.host, ContentLength: 50_000, Header: http.Header{
			"Content-Type": {"text/csv"}, "Content-Md5": {"rL0Y20zC+Fzt72VPzMSk2A=="}, "User-Agent": {"millwright"}, "If-None-Match": {"*"},
			"X-Amz-Meta-Instance": {"gw-17"}, "X-Amz-Meta-Generation": {"1"}, "X-Amz-Meta-Sha256": {emptySHA256}, "X-Amz-Content-Sha256": {emptySHA256},
		}}
		if err := s.SignHTTP(context.Background(), c, r, emptySHA256, "s3", "eu-west-1", time.Now()); err != nil {
			b.Fatal(err)
		}
	}
}
