package objstore

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// signer signs simple requests itself and leaves others to the SDK's, which is
// made anew when the secret changes: it keeps derived keys by access key alone,
// so that a corrected secret would be refused until a restart.
type signer struct {
	last atomic.Pointer[scope]

	mu     sync.Mutex
	secret string
	sdk    *v4.Signer
}

// SignHTTP implements s3.HTTPSignerV4.
func (s *signer) SignHTTP(ctx context.Context, c aws.Credentials, r *http.Request, hash, service, region string, at time.Time, opts ...func(*v4.SignerOptions)) error {
	if len(opts) == 0 && s.plain(c, r, hash, service, region, at) {
		return nil
	}
	return s.of(c.SecretAccessKey).SignHTTP(ctx, c, r, hash, service, region, at, opts...)
}

func (s *signer) of(secret string) *v4.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sdk == nil || s.secret != secret {
		s.secret = secret
		s.sdk = v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	}
	return s.sdk
}
