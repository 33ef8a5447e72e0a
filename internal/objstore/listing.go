package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// List gives the objects under prefix with keys after startAfter, in byte order
// of keys, a page of up to 1,000 at a time, until fn returns false or an error.
// Pages hold size, ETag and modification time.
func (c *Client) List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []Info) (bool, error)) error {
	in := &s3.ListObjectsV2Input{Bucket: &bucket}
	if prefix != "" {
		in.Prefix = &prefix
	}
	if startAfter != "" {
		in.StartAfter = &startAfter
	}
	var page []Info
	for {
		out, err := c.s3.ListObjectsV2(ctx, in)
		if err != nil {
			return c.wrap("list", bucket, prefix, c.convert(err))
		}
		page = slices.Grow(page[:0], len(out.Contents)) // most often none
		for i := range out.Contents {
			o := &out.Contents[i]
			page = append(page, Info{
				Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size),
				ETag: strings.Trim(aws.ToString(o.ETag), `"`), LastModified: aws.ToTime(o.LastModified),
			})
		}
		if more, err := fn(page); err != nil || !more {
			return err
		}
		if !aws.ToBool(out.IsTruncated) || aws.ToString(out.NextContinuationToken) == "" {
			return nil
		}
		in.ContinuationToken = out.NextContinuationToken
	}
}

// ErrTooLarge is returned by Get for objects beyond the caller's limit.
var ErrTooLarge = errors.New("object is larger than the limit")

// Get reads a whole object of at most limit bytes.
func (c *Client) Get(ctx context.Context, bucket, key string, limit int64) ([]byte, Info, error) {
	out, err := c.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, Info{}, c.wrap("get", bucket, key, c.convert(err))
	}
	defer out.Body.Close()
	in := Info{
		Key: key, Size: aws.ToInt64(out.ContentLength), ETag: strings.Trim(aws.ToString(out.ETag), `"`),
		LastModified: aws.ToTime(out.LastModified), Instance: out.Metadata["instance"], SHA256: out.Metadata["sha256"],
	}
	if _, err := fmt.Sscan(out.Metadata["generation"], &in.Generation); err != nil {
		in.Generation = 0
	}
	if in.Size > limit {
		return nil, in, fmt.Errorf("get s3://%s/%s: %d bytes: %w", bucket, key, in.Size, ErrTooLarge)
	}
	body, err := io.ReadAll(io.LimitReader(out.Body, limit+1))
	if err != nil {
		return nil, in, c.wrap("get", bucket, key, err)
	}
	if int64(len(body)) > limit {
		return nil, in, fmt.Errorf("get s3://%s/%s: %w", bucket, key, ErrTooLarge)
	}
	return body, in, nil
}

// Delete removes an object; one that is not there is no error.
func (c *Client) Delete(ctx context.Context, bucket, key string) error {
	_, err := c.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return c.wrap("delete", bucket, key, c.convert(err))
	}
	return nil
}

// HeadBucket asks whether the bucket is there and may be used.
func (c *Client) HeadBucket(ctx context.Context, bucket string) error {
	_, err := c.s3.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil {
		return nil
	}
	var st *StatusError
	if err = c.convert(err); errors.As(err, &st) && st.Status == http.StatusNotFound {
		st.Code = "NoSuchBucket" // the answer has no body to say so
	}
	return c.wrap("look at", bucket, "", err)
}

// CreateBucket makes a bucket, for demonstrations and the service's own store;
// one that is already there and ours is no error.
func (c *Client) CreateBucket(ctx context.Context, bucket string) error {
	_, err := c.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket})
	if err == nil {
		return nil
	}
	var st *StatusError
	if err = c.convert(err); errors.As(err, &st) && (st.Code == "BucketAlreadyOwnedByYou" || st.Code == "BucketAlreadyExists" && c.HeadBucket(ctx, bucket) == nil) {
		return nil
	}
	return c.wrap("make bucket", bucket, "", err)
}
