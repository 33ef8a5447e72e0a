package objstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// List gives the objects under prefix with keys after startAfter, in byte order
// of keys, a page of up to 1,000 at a time, until fn returns false or an error.
// Pages hold size, ETag and modification time.
func (c *Client) List(ctx context.Context, bucket, prefix, startAfter string, fn func(page []Info) (bool, error)) error {
	query := url.Values{"list-type": {"2"}}
	if prefix != "" {
		query.Set("prefix", prefix)
	}
	if startAfter != "" {
		query.Set("start-after", startAfter)
	}
	body := c.pages.get()
	defer c.pages.put(body)
	var page listPage
	for {
		err := c.listOnce(ctx, bucket, query.Encode(), body)
		if again(err) { // once: a listing saves a thousand requests
			if err = pause(ctx, listPause); err == nil {
				err = c.listOnce(ctx, bucket, query.Encode(), body)
			}
		}
		if err == nil {
			page, err = readPage(body.Bytes(), page.objects)
		}
		if err != nil {
			return c.wrap("list", bucket, prefix, err)
		}
		if more, err := fn(page.objects); err != nil || !more {
			return err
		}
		if !page.more || page.next == "" {
			return nil
		}
		query.Set("continuation-token", page.next)
	}
}

const (
	// maxPage is more than a thousand of the longest keys can take.
	maxPage   = 16 << 20
	listPause = 250 * time.Millisecond
)

// listOnce asks for one page.
func (c *Client) listOnce(ctx context.Context, bucket, query string, body *bytes.Buffer) error {
	p, err := c.place(ctx, bucket)
	if err != nil {
		return err
	}
	u := &url.URL{Scheme: p.scheme, Host: p.host, Path: p.path, RawPath: p.rawPath, RawQuery: strings.ReplaceAll(query, "+", "%20")}
	if u.Path == "" {
		u.Path = "/"
	}
	req := (&http.Request{
		Method: http.MethodGet, URL: u, Host: p.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 8),
	}).WithContext(ctx)
	req.Header["User-Agent"] = []string{"millwright"}
	resp, err := c.open(ctx, req, emptySHA256, "s3", p.region)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body.Reset()
	if _, err := body.ReadFrom(io.LimitReader(resp.Body, maxPage+1)); err != nil {
		return err
	}
	if body.Len() > maxPage {
		return fmt.Errorf("read listing: it has more than %d bytes", maxPage)
	}
	return nil
}

// again tells what may go well a moment later.
func again(err error) bool {
	switch KindOf(err) {
	case KindBusy, KindBroken:
		return true
	default:
		return false
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// pages are buffers that are kept between listings.
type pages struct{ pool sync.Pool }

func (p *pages) get() *bytes.Buffer {
	if b, ok := p.pool.Get().(*bytes.Buffer); ok {
		return b
	}
	return new(bytes.Buffer)
}

func (p *pages) put(b *bytes.Buffer) { p.pool.Put(b) }

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
