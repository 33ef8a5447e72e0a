package objstore

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"time"
)

// Puts and heads are most of what an agent asks for, so they are signed and
// sent here with the SDK's signer, endpoint rules and credentials, but without
// its middleware: that costs 100 us and 30 kB per call, more than the request.

const emptySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// maxSkew is the error of a clock that signatures bear.
const maxSkew = 4 * time.Minute

// send signs the request and returns the answer if its status is 2xx, with the
// body closed. Any other answer is a *StatusError.
func (c *Client) send(ctx context.Context, bucket string, req *http.Request, hash string) (*http.Response, error) {
	p, err := c.place(ctx, bucket)
	if err != nil {
		return nil, err
	}
	resp, err := c.open(ctx, req, hash, "s3", p.region)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	_ = resp.Body.Close()
	return resp, nil
}

// open signs the request for a service and returns the answer if its status is
// 2xx; the caller closes its body. Any other answer is a *StatusError.
func (c *Client) open(ctx context.Context, req *http.Request, hash, service, region string) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		creds, err := c.creds.Retrieve(ctx)
		if err != nil {
			return nil, err
		}
		skew := time.Duration(c.skew.Load())
		delete(req.Header, "Idempotency-Key")
		req.Header.Set("X-Amz-Content-Sha256", hash)
		if err := c.signer.SignHTTP(ctx, creds, req, hash, service, region, time.Now().Add(skew)); err != nil {
			return nil, err
		}
		// Not sent, since empty: the transport may repeat the request on a fresh
		// connection when a kept one turns out to be closed.
		req.Header["Idempotency-Key"] = nil
		resp, err := c.sender.RoundTrip(req)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode/100 == 2 {
			return resp, nil
		}
		failed := readStatus(resp)
		if attempt == 1 && c.adjust(failed, skew) {
			if req.GetBody != nil {
				if req.Body, err = req.GetBody(); err != nil {
					return nil, err
				}
			}
			continue
		}
		if failed.kind() == KindCredentials {
			c.creds.refused()
		}
		return nil, failed
	}
}

// adjust learns by how much this machine's clock is off when the store refused
// a signature for it, and reports whether trying again is worth it. Data keeps
// the machine's own time.
func (c *Client) adjust(e *StatusError, used time.Duration) bool {
	if e.Status != http.StatusForbidden && e.Status != http.StatusBadRequest || e.ServerTime.IsZero() {
		return false
	}
	seen := e.ServerTime.Sub(e.LocalTime)
	if off := seen - used; off.Abs() < maxSkew {
		return false
	}
	c.skew.Store(int64(seen))
	return true
}

// readStatus reads what an unsuccessful answer says and closes it.
func readStatus(resp *http.Response) *StatusError {
	defer resp.Body.Close()
	e := &StatusError{
		Status:    resp.StatusCode,
		RequestID: resp.Header.Get("X-Amz-Request-Id"),
		Region:    resp.Header.Get("X-Amz-Bucket-Region"),
		LocalTime: time.Now(),
	}
	if resp.Header.Get("Age") == "" {
		e.ServerTime, _ = http.ParseTime(resp.Header.Get("Date"))
	}
	var body struct {
		Code, Message, Region, RequestTime, ServerTime string
	}
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if xml.Unmarshal(raw, &body) == nil {
		e.Code, e.Message = body.Code, body.Message
		if body.Region != "" {
			e.Region = body.Region
		}
	} else {
		e.fromJSON(raw)
	}
	if e.Code == "" && resp.Header.Get("Via") != "" && len(raw) > 0 {
		e.Message = "answered by a proxy: " + resp.Header.Get("Via")
	}
	return e
}
