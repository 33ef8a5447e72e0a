// Package objstore speaks S3 for millwright: small objects in one request each,
// large files in parts, heads, listings, and words for what goes wrong. It
// decides nothing about what is sent or when, and tries no more than twice.
package objstore

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"go.uber.org/zap"
)

// Settings say which store to speak to. The zero value is AWS in the region of
// the SDK's own settings, with the SDK's credentials chain.
type Settings struct {
	Region    string // default: the SDK's chain, with an Endpoint us-east-1
	Endpoint  string // URL; default: AWS's own for the region, or AWS_ENDPOINT_URL_S3
	PathStyle bool   // buckets in the path instead of the host name
	CAFile    string // PEM, trusted beside the system's authorities
	Proxy     string // URL; default: HTTPS_PROXY, HTTP_PROXY and NO_PROXY
	KMSKeyID  string // SSE-KMS key for what is written; default: the bucket's own encryption

	// Socket is the path of a Unix socket where the store is, whatever host Endpoint names.
	Socket string
	// CredentialsFile is a shared credentials file whose profile "default" is
	// used instead of the SDK's chain.
	CredentialsFile string
	// Idle is how long a request may make no progress. Default 90 s.
	Idle time.Duration
}

// Client is safe for concurrent use. It needs no closing where the process ends with it.
type Client struct {
	s3     *s3.Client
	kms    string
	creds  *rotating
	signer *signer
	sender *sender
	idle   func() // closes connections that wait for the next request
	log    *zap.Logger

	pages  pages        // of listings
	places sync.Map     // bucket -> *place
	skew   atomic.Int64 // ns to add to the wall clock for signatures
}

// New reads the SDK's settings and the CA file. It does not touch the network;
// credentials are looked for with the first request.
func New(ctx context.Context, s Settings, log *zap.Logger) (*Client, error) {
	transport, err := newTransport(s)
	if err != nil {
		return nil, err
	}
	chain := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.Proxy, t.DialContext, t.TLSClientConfig = transport.Proxy, transport.DialContext, transport.TLSClientConfig.Clone()
	})
	load := func(ctx context.Context) (aws.Config, error) { return loadSettings(ctx, s.Region, chain) }
	cfg, err := load(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the SDK's settings: %w; check AWS_PROFILE and the files under ~/.aws", err)
	}
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok { // it may have read AWS_CA_BUNDLE
		transport.TLSClientConfig.RootCAs = b.GetTransport().TLSClientConfig.RootCAs
	}
	snd := newSender(transport, s.Idle)
	if s.Endpoint != "" {
		if u, err := url.Parse(s.Endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("read s3.endpoint %q: not a URL such as https://s3.example.com:9000", s.Endpoint)
		}
	}
	creds := newRotating(s.CredentialsFile, cfg.Credentials, load, log)
	sign := &signer{}
	cl := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.Credentials = creds
		o.HTTPSignerV4 = sign
		o.HTTPClient = &http.Client{Transport: snd, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		o.UsePathStyle = s.PathStyle
		if s.Endpoint != "" {
			o.BaseEndpoint = aws.String(s.Endpoint)
		}
		if o.Region == "" && o.BaseEndpoint != nil {
			o.Region = "us-east-1"
		}
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.MaxAttempts = 2
			r.MaxBackoff = time.Second
			r.RateLimiter = ratelimit.None // the usual token bucket starves in long outages
		})
	})
	if cl.Options().Region == "" {
		return nil, fmt.Errorf("find the region: none is set; set s3.region")
	}
	return &Client{
		s3: cl, kms: s.KMSKeyID, creds: creds, signer: sign, sender: snd, idle: transport.CloseIdleConnections, log: log,
	}, nil
}

// Close closes the connections that no request uses, for a store that waits for them
// when it stops. Requests may follow.
func (c *Client) Close() { c.idle() }

// Region is the region that requests are signed for.
func (c *Client) Region() string { return c.s3.Options().Region }
