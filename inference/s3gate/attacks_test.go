package s3gate_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"go.uber.org/zap"

	"millwright/inference/s3gate"
	"millwright/inference/sigv4"
	"millwright/internal/s3server"
)

const (
	region = "plant-1"
	secret = "a-secret-that-nobody-can-guess/+"
	work   = "millwright" // the service's own bucket
)

// site is an S3 server behind a gate, with a bucket that the owner has put
// something into, and the service's own.
type site struct{ url string }

// The server is one per process, so that all that needs it is one test.
func newSite(t *testing.T) *site {
	t.Helper()
	dir, err := os.MkdirTemp("", "s3gate-") // a socket's path has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	all := []sigv4.Place{sigv4.Everywhere}
	people := sigv4.Of(
		sigv4.Options{Hidden: []string{work}},
		sigv4.New("owner", "MWOWNER", secret, "", sigv4.Admin, all, all),
		sigv4.New("gateway", "MWGATEWAY", secret, "", sigv4.Gateway, []sigv4.Place{"plant/out/"}, []sigv4.Place{"plant/in/"}),
		sigv4.New("nobody", "MWNOBODY", secret, "", sigv4.Read, nil, nil),
	)
	socket := filepath.Join(dir, "s3")
	srv, err := s3server.Start(t.Context(), s3server.Options{
		Dir: filepath.Join(dir, "data"), Socket: socket, Region: region, AccessKey: "MWSERVICE", SecretKey: secret,
		Secret: func(key string) (string, bool) {
			if p := people.Find(key); p != nil {
				return p.Secret(), true
			}
			return "", false
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = srv.Close() })
	gate := httptest.NewServer(s3gate.New(s3gate.Options{Socket: socket, Find: func(key string) s3gate.Access {
		if p := people.Find(key); p != nil {
			return p
		}
		return nil
	}}, zap.NewNop()))
	t.Cleanup(gate.Close)
	s := &site{gate.URL}
	// The service's bucket is there, with something in it.
	if err := os.MkdirAll(filepath.Join(dir, "data", "objects", work, "models"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "objects", work, "models", "m"), []byte("weights"), 0o600); err != nil {
		t.Fatal(err)
	}
	owner := s.client("MWOWNER", secret)
	for _, bucket := range []string{"plant", "other"} {
		if _, err := owner.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"in/old", "out/result", "secret/plan"} {
		s.put(t, owner, "plant", key)
	}
	return s
}

func (s *site) client(key, secretKey string) *s3.Client {
	return s3.New(s3.Options{
		BaseEndpoint: &s.url, UsePathStyle: true, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider(key, secretKey, ""),
	})
}

func (s *site) put(t *testing.T, c *s3.Client, bucket, key string) {
	t.Helper()
	if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader("text of " + key)}); err != nil {
		t.Fatal(err)
	}
}

// code is the error's code as S3 names it, or what else became of a call.
func code(err error) string {
	var said smithy.APIError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &said):
		return said.ErrorCode()
	}
	return err.Error()
}

// TestNoWayAround has clients of every right and wrong try what they may and what
// they may not.
func TestNoWayAround(t *testing.T) {
	s := newSite(t)
	t.Run("what each may", s.whatEachMay)
	t.Run("what the gateway may not", s.whatTheGatewayMayNot)
	t.Run("the service's bucket is nobody's", s.theServicesBucket)
	t.Run("no wrong signature", s.wrongSignatures)
	t.Run("no odd request", s.oddRequests)
	t.Run("payloads of all kinds", s.payloads)
}

func (s *site) whatEachMay(t *testing.T) {
	owner, gateway, nobody := s.client("MWOWNER", secret), s.client("MWGATEWAY", secret), s.client("MWNOBODY", secret)
	s.put(t, gateway, "plant", "in/pump-7/a b+c_ä.csv")
	got, err := owner.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String("plant"), Key: aws.String("in/pump-7/a b+c_ä.csv")})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(got.Body)
	if err != nil || string(text) != "text of in/pump-7/a b+c_ä.csv" {
		t.Errorf("%q %v", text, err)
	}
	list, err := gateway.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String("plant"), Prefix: aws.String("out/")})
	if err != nil || len(list.Contents) != 1 || *list.Contents[0].Key != "out/result" {
		t.Errorf("%+v %v", list, err)
	}
	if _, err := gateway.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: aws.String("plant"), Key: aws.String("in/copy"), CopySource: aws.String("plant/out/result")}); err != nil {
		t.Errorf("copy: %v", err)
	}
	if _, err := gateway.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: aws.String("plant"), Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: aws.String("in/copy")}}}}); err != nil {
		t.Errorf("delete: %v", err)
	}
	for name, c := range map[string]struct {
		client *s3.Client
		want   string
	}{"owner": {owner, "other plant"}, "gateway": {gateway, "plant"}, "nobody": {nobody, ""}} {
		all, err := c.client.ListBuckets(t.Context(), &s3.ListBucketsInput{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var names []string
		for _, b := range all.Buckets {
			names = append(names, *b.Name)
		}
		if strings.Join(names, " ") != c.want {
			t.Errorf("%s sees %v", name, names)
		}
	}
}

func (s *site) whatTheGatewayMayNot(t *testing.T) {
	c := s.client("MWGATEWAY", secret)
	plant, hers, out, plan, old := aws.String("plant"), aws.String("in/x"), aws.String("out/result"), aws.String("secret/plan"), aws.String("in/old")
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: plant, Key: hers})
	if err != nil {
		t.Fatal(err)
	}
	id := func(key string) types.ObjectIdentifier { return types.ObjectIdentifier{Key: &key} }
	for name, try := range map[string]func(ctx context.Context) error{
		"get": func(ctx context.Context) error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: plant, Key: plan})
			return err
		},
		"get what it wrote": func(ctx context.Context) error {
			_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: plant, Key: old})
			return err
		},
		"attributes": func(ctx context.Context) error {
			_, err := c.GetObjectAttributes(ctx, &s3.GetObjectAttributesInput{Bucket: plant, Key: plan, ObjectAttributes: []types.ObjectAttributes{"ETag"}})
			return err
		},
		"tags": func(ctx context.Context) error {
			_, err := c.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: plant, Key: plan})
			return err
		},
		"put": func(ctx context.Context) error {
			_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: plant, Key: out})
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: plant, Key: out})
			return err
		},
		"delete among others": func(ctx context.Context) error {
			_, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: plant, Delete: &types.Delete{Objects: []types.ObjectIdentifier{id("in/old"), id("out/result")}}})
			return err
		},
		"copy from": func(ctx context.Context) error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plant, Key: hers, CopySource: aws.String("plant/secret/plan")})
			return err
		},
		"copy from, encoded": func(ctx context.Context) error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plant, Key: hers, CopySource: aws.String("%2Fplant%2Fsecret%2Fplan")})
			return err
		},
		"copy to": func(ctx context.Context) error {
			_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plant, Key: plan, CopySource: aws.String("plant/out/result")})
			return err
		},
		"copy a part": func(ctx context.Context) error {
			_, err := c.UploadPartCopy(ctx, &s3.UploadPartCopyInput{Bucket: plant, Key: hers, UploadId: up.UploadId, PartNumber: aws.Int32(1), CopySource: aws.String("plant/secret/plan")})
			return err
		},
		"upload elsewhere": func(ctx context.Context) error {
			_, err := c.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{Bucket: plant, Key: plan})
			return err
		},
		"end it elsewhere": func(ctx context.Context) error {
			_, err := c.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{Bucket: plant, Key: plan, UploadId: up.UploadId})
			return err
		},
		"list all": func(ctx context.Context) error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: plant})
			return err
		},
		"list by the old way": func(ctx context.Context) error {
			_, err := c.ListObjects(ctx, &s3.ListObjectsInput{Bucket: plant, Prefix: aws.String("secret/")})
			return err
		},
		"list versions": func(ctx context.Context) error {
			_, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: plant})
			return err
		},
		"list uploads": func(ctx context.Context) error {
			_, err := c.ListMultipartUploads(ctx, &s3.ListMultipartUploadsInput{Bucket: plant})
			return err
		},
		"list another bucket": func(ctx context.Context) error {
			_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("other"), Prefix: aws.String("out/")})
			return err
		},
		"make a bucket": func(ctx context.Context) error {
			_, err := c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("own")})
			return err
		},
		"a bucket's policy": func(ctx context.Context) error {
			_, err := c.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: plant, Policy: aws.String(`{}`)})
			return err
		},
		"delete the bucket": func(ctx context.Context) error {
			_, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: plant})
			return err
		},
	} {
		if got := code(try(t.Context())); got != "AccessDenied" {
			t.Errorf("%s: %s", name, got)
		}
	}
	owner := s.client("MWOWNER", secret)
	for _, key := range []string{"in/old", "out/result", "secret/plan"} {
		if _, err := owner.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: plant, Key: &key}); err != nil {
			t.Errorf("%s is gone: %v", key, err)
		}
	}
}

func (s *site) theServicesBucket(t *testing.T) {
	own, key, plant := aws.String(work), aws.String("models/m"), aws.String("plant")
	for _, who := range []string{"MWOWNER", "MWGATEWAY"} {
		c := s.client(who, secret)
		for name, try := range map[string]func(ctx context.Context) error{
			"get": func(ctx context.Context) error {
				_, err := c.GetObject(ctx, &s3.GetObjectInput{Bucket: own, Key: key})
				return err
			},
			"put": func(ctx context.Context) error {
				_, err := c.PutObject(ctx, &s3.PutObjectInput{Bucket: own, Key: key})
				return err
			},
			"list": func(ctx context.Context) error {
				_, err := c.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: own})
				return err
			},
			"copy": func(ctx context.Context) error {
				_, err := c.CopyObject(ctx, &s3.CopyObjectInput{Bucket: plant, Key: aws.String("in/m"), CopySource: aws.String(work + "/models/m")})
				return err
			},
			"delete": func(ctx context.Context) error {
				_, err := c.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: own, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: key}}}})
				return err
			},
			"its policy": func(ctx context.Context) error {
				_, err := c.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: own})
				return err
			},
			"delete it": func(ctx context.Context) error {
				_, err := c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: own})
				return err
			},
			"its place": func(ctx context.Context) error {
				_, err := c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: own})
				return err
			},
		} {
			if got := code(try(t.Context())); got != "AccessDenied" {
				t.Errorf("%s: %s: %s", who, name, got)
			}
		}
		if _, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{MaxBuckets: aws.Int32(1)}); code(err) != "InvalidRequest" {
			t.Errorf("%s: a page of buckets, whose token names the last one: %v", who, err)
		}
	}
}

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

// payloads go through as SDKs of all ages send them: signed, unsigned, in signed
// chunks, with sums that follow, and in parts.
func (s *site) payloads(t *testing.T) {
	c := s.client("MWGATEWAY", secret)
	body := bytes.Repeat([]byte("0123456789abcdef"), 6<<20/16)
	plant, key := aws.String("plant"), aws.String("in/big")
	for name, change := range map[string]func(*s3.Options){
		"signed": func(*s3.Options) {},
		"unsigned": func(o *s3.Options) {
			o.APIOptions = append(o.APIOptions, v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware)
		},
		"with sums": func(o *s3.Options) { o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported },
	} {
		if _, err := c.PutObject(t.Context(), &s3.PutObjectInput{Bucket: plant, Key: key, Body: bytes.NewReader(body)}, change); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: plant, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var parts []types.CompletedPart
	for n := int32(1); n <= 2; n++ {
		part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: plant, Key: key, UploadId: up.UploadId, PartNumber: &n, Body: bytes.NewReader(body)})
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, types.CompletedPart{ETag: part.ETag, PartNumber: aws.Int32(n)})
	}
	listed, err := c.ListParts(t.Context(), &s3.ListPartsInput{Bucket: plant, Key: key, UploadId: up.UploadId})
	if err != nil || len(listed.Parts) != 2 {
		t.Errorf("parts of one's own upload: %+v %v", listed, err)
	}
	if _, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: plant, Key: key, UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: parts}}); err != nil {
		t.Error(err)
	}
	got, err := s.client("MWOWNER", secret).HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: plant, Key: key})
	if err != nil || *got.ContentLength != int64(2*len(body)) {
		t.Errorf("%+v %v", got, err)
	}
	link, err := s3.NewPresignClient(s.client("MWGATEWAY", secret)).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: plant, Key: aws.String("out/result")})
	if err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]int{link.URL: http.StatusOK, strings.Replace(link.URL, "out/result", "secret/plan", 1): http.StatusForbidden} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d", url, resp.StatusCode)
		}
	}
}
