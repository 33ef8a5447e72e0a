package objstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// DownloadFrom writes what follows the first offset bytes of an object, at most
// limit bytes, to w. The object has to have the ETag: ErrExists says that it was
// replaced. A store that knows no ranges sends all of it, and what w is not to have
// is passed over. Info's Size is that of what w got. After an error w may have a part.
func (c *Client) DownloadFrom(ctx context.Context, bucket, key, etag string, offset, limit int64, w io.Writer) (Info, error) {
	p, err := c.place(ctx, bucket)
	if err != nil {
		return Info{}, err
	}
	req := p.get(ctx, key)
	req.Header["Range"] = []string{fmt.Sprintf("bytes=%d-", offset)}
	req.Header["If-Match"] = []string{`"` + etag + `"`}
	resp, err := c.open(ctx, req, emptySHA256, "s3", p.region)
	if err != nil {
		var st *StatusError
		if errors.As(err, &st) && st.Status == http.StatusRequestedRangeNotSatisfiable {
			return c.nothingFrom(ctx, bucket, key, etag, offset, err)
		}
		return Info{}, c.wrap("get", bucket, key, err)
	}
	defer resp.Body.Close()
	in := info(key, resp.Header)
	if in.ETag != etag { // a store without conditional reads
		return in, fmt.Errorf("get s3://%s/%s: %w", bucket, key, ErrExists)
	}
	skip := offset
	if resp.StatusCode == http.StatusPartialContent {
		if have := resp.Header.Get("Content-Range"); !strings.HasPrefix(have, fmt.Sprintf("bytes %d-", offset)) {
			return in, fmt.Errorf("get s3://%s/%s from byte %d: the store sends %q", bucket, key, offset, have)
		}
		skip = 0
	}
	if _, err := io.CopyN(io.Discard, resp.Body, skip); err != nil {
		return in, c.wrap("get", bucket, key, err)
	}
	in.Size, err = io.Copy(w, io.LimitReader(resp.Body, limit))
	if err != nil {
		return in, c.wrap("get", bucket, key, err)
	}
	if in.Size == limit {
		if n, _ := io.ReadFull(resp.Body, make([]byte, 1)); n > 0 {
			return in, fmt.Errorf("get s3://%s/%s: %w", bucket, key, ErrTooLarge)
		}
	}
	return in, nil
}

// nothingFrom tells whether an object just ends at offset, which stores refuse as a
// range; else it gives their refusal.
func (c *Client) nothingFrom(ctx context.Context, bucket, key, etag string, offset int64, refusal error) (Info, error) {
	in, err := c.Head(ctx, bucket, key)
	switch {
	case err != nil:
		return in, err
	case in.ETag != etag:
		return in, fmt.Errorf("get s3://%s/%s: %w", bucket, key, ErrExists)
	case in.Size != offset:
		return in, c.wrap("get", bucket, key, refusal)
	}
	in.Size = 0
	return in, nil
}
