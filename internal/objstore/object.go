package objstore

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Object is what one PUT sends.
type Object struct {
	Bucket, Key string
	Body        []byte // the content, or
	File        string // the path of a file with it, of exactly Size bytes
	Size        int64
	SHA256      [32]byte
	MD5         [16]byte // sent for the store to check, unless it is zero
	Type        string   // Content-Type; "": text/csv
	Instance    string   // written into the metadata, with Generation and SHA256
	Generation  int64

	// Vouch asks the store to tell the SHA-256 of what it keeps: Info.Vouched.
	// Stores that do not know the request refuse it or do not answer it.
	Vouch bool

	// IfNoneMatch makes the store refuse to replace an object, IfMatch to
	// replace one with another ETag (ErrExists). Stores without conditional
	// writes ignore either or answer KindUnsupported.
	IfNoneMatch bool
	IfMatch     string
}

func (o *Object) contentType() string { return orElse(o.Type, "text/csv") }

// Info is what the store says of an object.
type Info struct {
	Key          string
	Size         int64
	ETag         string // without quotes
	LastModified time.Time
	KMS          bool // encrypted with a key of KMS: ETag is no MD5 of the content
	Vouched      bool // of Put: the store says that what it keeps under ETag has the SHA-256 that was asked for

	// The rest is of Head, not of List.
	Instance   string // "" when another program wrote it
	Generation int64
	SHA256     string // hex, as its writer said
}

// MD5Tag reports whether ETag may be the MD5 of the content: that of a multipart
// upload has a dash.
func (in Info) MD5Tag() bool {
	return !in.KMS && len(in.ETag) == 32 && strings.Trim(in.ETag, "0123456789abcdefABCDEF") == ""
}

// Put stores an object with one request and returns its ETag. The store checks
// the content against the sums that were given. An error does not mean that the
// object is not there: look before the next attempt.
func (c *Client) Put(ctx context.Context, o Object) (Info, error) {
	p, err := c.place(ctx, o.Bucket)
	if err != nil {
		return Info{}, err
	}
	req := (&http.Request{
		Method: http.MethodPut, URL: p.url(o.Key), Host: p.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header, 16), ContentLength: o.Size,
	}).WithContext(ctx)
	hash := hex.EncodeToString(o.SHA256[:])
	h := req.Header
	h["Content-Type"] = []string{o.contentType()}
	if o.MD5 != ([16]byte{}) {
		h["Content-Md5"] = []string{base64.StdEncoding.EncodeToString(o.MD5[:])}
	}
	sum := ""
	if o.Vouch {
		sum = base64.StdEncoding.EncodeToString(o.SHA256[:])
		h[sumHeader] = []string{sum}
	}
	h["User-Agent"] = []string{"millwright"}
	h["X-Amz-Meta-Instance"] = []string{o.Instance}
	h["X-Amz-Meta-Generation"] = []string{strconv.FormatInt(o.Generation, 10)}
	h["X-Amz-Meta-Sha256"] = []string{hash}
	if c.kms != "" {
		h["X-Amz-Server-Side-Encryption"] = []string{"aws:kms"}
		h["X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"] = []string{c.kms}
	}
	switch {
	case o.IfNoneMatch:
		h["If-None-Match"] = []string{"*"}
	case o.IfMatch != "":
		h["If-Match"] = []string{`"` + o.IfMatch + `"`}
	}
	switch {
	case o.File != "":
		req.GetBody = func() (io.ReadCloser, error) { return os.Open(o.File) }
	case int64(len(o.Body)) == o.Size:
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(o.Body)), nil }
	default:
		return Info{}, fmt.Errorf("put %s: %d bytes given, %d announced", o.Key, len(o.Body), o.Size)
	}
	if o.Size == 0 {
		req.GetBody = nil
	} else if req.Body, err = req.GetBody(); err != nil {
		return Info{}, fmt.Errorf("put %s: %w", o.Key, err)
	}
	resp, err := c.send(ctx, o.Bucket, req, hash)
	if err != nil {
		return Info{}, c.wrap("put", o.Bucket, o.Key, err)
	}
	in := info(o.Key, resp.Header)
	in.Size = o.Size
	in.Vouched = o.Vouch && resp.Header.Get(sumHeader) == sum
	return in, nil
}

// sumHeader has a store check the SHA-256 of an object, keep it and answer it.
const sumHeader = "X-Amz-Checksum-Sha256"

// Head asks what is at key: ErrNotFound when nothing is, or when the policy
// hides it and says so by 404. ErrForbidden when the policy forbids asking.
func (c *Client) Head(ctx context.Context, bucket, key string) (Info, error) {
	p, err := c.place(ctx, bucket)
	if err != nil {
		return Info{}, err
	}
	req := (&http.Request{
		Method: http.MethodHead, URL: p.url(key), Host: p.host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: make(http.Header, 8),
	}).WithContext(ctx)
	req.Header["User-Agent"] = []string{"millwright"}
	resp, err := c.send(ctx, bucket, req, emptySHA256)
	if err != nil {
		return Info{}, c.wrap("head", bucket, key, err)
	}
	in := info(key, resp.Header)
	in.Size = resp.ContentLength
	return in, nil
}

func info(key string, h http.Header) Info {
	in := Info{
		Key:      key,
		ETag:     strings.Trim(h.Get("Etag"), `"`),
		KMS:      strings.HasPrefix(h.Get("X-Amz-Server-Side-Encryption"), "aws:kms") || h.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != "",
		Instance: h.Get("X-Amz-Meta-Instance"),
		SHA256:   h.Get("X-Amz-Meta-Sha256"),
	}
	in.Generation, _ = strconv.ParseInt(h.Get("X-Amz-Meta-Generation"), 10, 64)
	in.LastModified, _ = http.ParseTime(h.Get("Last-Modified"))
	return in
}

// wrap names the request and keeps what went wrong for errors.Is and Explain.
func (c *Client) wrap(verb, bucket, key string, err error) error {
	if errors.Is(err, context.Canceled) && !errors.Is(err, errStalled) {
		return err
	}
	return fmt.Errorf("%s s3://%s/%s: %w", verb, bucket, key, err)
}
