package s3gate_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

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
	t.Run("payloads in chunks", func(t *testing.T) { s.chunked(t, s.handler) })
	t.Run("requests within bodies", s.smuggled)
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

// payloads go through as SDKs of all ages send them: signed, unsigned and in parts.
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
