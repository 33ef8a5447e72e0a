package objstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/zap"
)

// rotating is the SDK's credentials chain, built anew whenever a shared
// credentials or configuration file changed: the SDK itself reads them once,
// and would sign with expired keys for ever after somebody rotated them.
type rotating struct {
	load  func(context.Context) (aws.CredentialsProvider, error)
	files []string
	log   *zap.Logger

	known atomic.Pointer[version] // nil: none was read yet

	mu        sync.Mutex // of whoever reads files anew
	refreshed time.Time
}

// version is what the files held when they were as seen.
type version struct {
	seen     []stamp
	provider aws.CredentialsProvider
}

// stamp tells versions of a file apart.
type stamp struct {
	size int64
	mod  time.Time
}

func newRotating(file string, first aws.CredentialsProvider, load func(context.Context) (aws.Config, error), log *zap.Logger) *rotating {
	r := &rotating{log: log}
	if file != "" {
		r.files = []string{file}
		r.load = func(ctx context.Context) (aws.CredentialsProvider, error) {
			p, err := config.LoadSharedConfigProfile(ctx, "default", func(o *config.LoadSharedConfigOptions) {
				o.CredentialsFiles, o.ConfigFiles = []string{file}, []string{}
			})
			if err != nil {
				return nil, fmt.Errorf("read credentials file: %w", err)
			}
			if !p.Credentials.HasKeys() {
				return nil, errNoKeys
			}
			return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
				return p.Credentials, nil
			})), nil
		}
		return r
	}
	r.files = []string{
		orElse(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), config.DefaultSharedCredentialsFilename()),
		orElse(os.Getenv("AWS_CONFIG_FILE"), config.DefaultSharedConfigFilename()),
	}
	if first != nil {
		r.known.Store(&version{r.stat(), first})
	}
	r.load = func(ctx context.Context) (aws.CredentialsProvider, error) {
		cfg, err := load(ctx)
		return cfg.Credentials, err
	}
	return r
}

// errNoKeys is returned for a credentials file without a usable profile.
var errNoKeys = errors.New("no keys in the profile default")

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// Retrieve implements aws.CredentialsProvider. It costs one stat per file while
// nothing changes.
func (r *rotating) Retrieve(ctx context.Context) (aws.Credentials, error) {
	p, err := r.provider(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{err}
	}
	c, err := p.Retrieve(ctx)
	if err != nil && ctx.Err() == nil {
		err = &credentialsError{err}
	}
	return c, err
}

func (r *rotating) provider(ctx context.Context) (aws.CredentialsProvider, error) {
	if v := r.known.Load(); v != nil && same(r.stat(), v.seen) {
		return v.provider, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now, old := r.stat(), r.known.Load()
	if old != nil && same(now, old.seen) { // somebody else was first
		return old.provider, nil
	}
	p, err := r.load(ctx)
	switch {
	case err == nil:
		if old != nil {
			r.log.Info("credentials read again", zap.Strings("files", r.files))
		}
		r.known.Store(&version{now, p})
		return p, nil
	case old == nil:
		return nil, err
	default: // perhaps half written: the old ones serve until it reads well
		r.log.Warn("read rotated credentials", zap.String("error", redact(err.Error())))
		return old.provider, nil
	}
}

// refused is called when the store refused the keys: what is cached is asked
// for again (credential_process, a role), at most every 10 s.
func (r *rotating) refused() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.refreshed) < 10*time.Second {
		return
	}
	r.refreshed = time.Now()
	if v := r.known.Load(); v != nil {
		if c, ok := v.provider.(*aws.CredentialsCache); ok {
			c.Invalidate()
		}
	}
}

func (r *rotating) stat() []stamp {
	out := make([]stamp, len(r.files))
	for i, f := range r.files {
		if st, err := os.Stat(f); err == nil {
			out[i] = stamp{st.Size(), st.ModTime()}
		}
	}
	return out
}

func same(a, b []stamp) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].size != b[i].size || !a[i].mod.Equal(b[i].mod) {
			return false
		}
	}
	return true
}

// credentialsError means that no request was made for want of keys.
type credentialsError struct{ err error }

// Error leaves out what a credential_process printed that is no JSON: keys, perhaps.
func (e *credentialsError) Error() string { return "find credentials: " + redact(e.err.Error()) }
func (e *credentialsError) Unwrap() error { return e.err }
