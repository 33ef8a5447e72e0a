package objstore

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/auth"
	"github.com/aws/smithy-go/encoding/httpbinding"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// place is where a bucket lives, resolved once by the SDK's rules.
type place struct {
	scheme, host string
	path         string // "" or, for path style, "/bucket" (perhaps below the endpoint's own path)
	rawPath      string // path, escaped
	region       string // to sign for
}

func (c *Client) place(ctx context.Context, bucket string) (*place, error) {
	if p, ok := c.places.Load(bucket); ok {
		return p.(*place), nil
	}
	o := c.s3.Options()
	ep, err := o.EndpointResolverV2.ResolveEndpoint(ctx, s3.EndpointParameters{
		Bucket:         aws.String(bucket),
		Region:         aws.String(o.Region),
		Endpoint:       o.BaseEndpoint,
		ForcePathStyle: aws.Bool(o.UsePathStyle),
		UseFIPS:        aws.Bool(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack:   aws.Bool(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		Accelerate:     aws.Bool(o.UseAccelerate),
		UseArnRegion:   aws.Bool(o.UseARNRegion),
	}.WithDefaults())
	if err != nil {
		return nil, fmt.Errorf("resolve endpoint of bucket %s: %w", bucket, err)
	}
	p := &place{scheme: ep.URI.Scheme, host: ep.URI.Host, path: strings.TrimSuffix(ep.URI.Path, "/"), region: o.Region}
	p.rawPath = httpbinding.EscapePath(p.path, false)
	if opts, ok := auth.GetAuthOptions(&ep.Properties); ok && len(opts) > 0 {
		if id := opts[0].SchemeID; id != auth.SchemeIDSigV4 && id != "sigv4" {
			return nil, fmt.Errorf("resolve endpoint of bucket %s: buckets that need %s signatures are not supported; use a general purpose bucket", bucket, id)
		}
		if r, ok := smithyhttp.GetSigV4SigningRegion(&opts[0].SignerProperties); ok && r != "" {
			p.region = r
		}
	}
	c.places.Store(bucket, p)
	return p, nil
}

// url of an object. Keys keep their slashes; all else is escaped as signatures
// want it.
func (p *place) url(key string) *url.URL {
	return &url.URL{
		Scheme: p.scheme, Host: p.host,
		Path:    p.path + "/" + key,
		RawPath: p.rawPath + "/" + httpbinding.EscapePath(key, false),
	}
}
