package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// ErrSame is returned by Download when the object still has the ETag that is known.
var ErrSame = errors.New("the object is the same")

// Download writes an object of at most limit bytes to w and tells what it is.
// With known, an ETag, an object that still has it is not sent: ErrSame. One
// beyond the limit is ErrTooLarge, and w has nothing of it if the store says its
// size. After any other error w may have a part.
func (c *Client) Download(ctx context.Context, bucket, key, known string, limit int64, w io.Writer) (Info, error) {
	p, err := c.place(ctx, bucket)
	if err != nil {
		return Info{}, err
	}
	req := p.get(ctx, key)
	if known != "" {
		req.Header["If-None-Match"] = []string{`"` + known + `"`}
	}
	resp, err := c.open(ctx, req, emptySHA256, "s3", p.region)
	if err != nil {
		var st *StatusError
		if errors.As(err, &st) && st.Status == http.StatusNotModified {
			return Info{Key: key, ETag: known}, ErrSame
		}
		return Info{}, c.wrap("get", bucket, key, err)
	}
	defer resp.Body.Close()
	in := info(key, resp.Header)
	in.Size = resp.ContentLength
	if in.ETag != "" && in.ETag == known { // a store without conditional reads
		return in, ErrSame
	}
	if in.Size > limit {
		return in, fmt.Errorf("get s3://%s/%s: %d bytes: %w", bucket, key, in.Size, ErrTooLarge)
	}
	n, err := io.Copy(w, io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return in, c.wrap("get", bucket, key, err)
	case n > limit:
		return in, fmt.Errorf("get s3://%s/%s: %w", bucket, key, ErrTooLarge)
	}
	in.Size = n
	return in, nil
}

// get is a request for an object, without conditions.
func (p *place) get(ctx context.Context, key string) *http.Request {
	req := (&http.Request{
		Method: http.MethodGet, URL: p.url(key), Host: p.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 8),
	}).WithContext(ctx)
	req.Header["User-Agent"] = []string{"millwright"}
	return req
}
