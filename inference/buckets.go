package inference

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"millwright/inference/s3gate"
	"millwright/internal/httpserve"
	"millwright/internal/objstore"
	"millwright/internal/s3server"
)

// buckets is the embedded S3 server, which listens where only this process's user
// can reach it, and the gate before it.
type buckets struct {
	listener net.Listener
	gate     *s3gate.Gate
}

// openBuckets makes the client of the store that holds the buckets, and the store
// itself unless one is configured.
func (s *Service) openBuckets(ctx context.Context) error {
	set := objstore.Settings{Region: s.cfg.S3.Region, Endpoint: s.cfg.S3.Endpoint, PathStyle: s.cfg.S3.PathStyle.On(), CAFile: s.cfg.S3.CAFile}
	s.S3 = s.cfg.S3.Endpoint
	if s.cfg.S3.Endpoint == "" {
		var err error
		if set, err = s.embed(ctx); err != nil {
			return err
		}
	}
	client, err := objstore.New(ctx, set, s.log)
	if err != nil {
		return err
	}
	s.client = client
	s.closers = append(s.closers, func() error { client.Close(); return nil }) // before the server, which waits for connections
	if err := client.HeadBucket(ctx, s.cfg.WorkBucket); err == nil {
		return nil
	}
	if err := client.CreateBucket(ctx, s.cfg.WorkBucket); err != nil {
		what, remedy := objstore.Explain(err)
		return fmt.Errorf("make work_bucket %s: %s: %s", s.cfg.WorkBucket, what, remedy)
	}
	return nil
}

// embed starts the embedded server.
func (s *Service) embed(ctx context.Context) (objstore.Settings, error) {
	none := objstore.Settings{}
	// A socket's path has at most 107 bytes: data_dir may have more.
	private, err := os.MkdirTemp("", "millwright-s3-")
	if err != nil {
		return none, fmt.Errorf("make a folder for the embedded S3 server's socket: %w", err)
	}
	s.closers = append(s.closers, func() error { return os.RemoveAll(private) })
	socket, credentials := filepath.Join(private, "s3"), filepath.Join(private, "credentials")
	random := make([]byte, 30)
	_, _ = rand.Read(random) // never fails
	own, secret := "MWSERVICE"+rand.Text()[:12], base64.RawURLEncoding.EncodeToString(random)
	text := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", own, secret)
	if err := os.WriteFile(credentials, []byte(text), 0o600); err != nil {
		return none, err
	}
	// The server ends with Close, after everything that uses it.
	server, err := s3server.Start(context.WithoutCancel(ctx), s3server.Options{
		Dir: filepath.Join(s.cfg.DataDir, "s3"), Socket: socket, Region: s.cfg.Region, AccessKey: own, SecretKey: secret,
		Secret: func(accessKey string) (string, bool) {
			p := s.principals.Find(accessKey)
			if p == nil {
				return "", false
			}
			return p.Secret(), true
		},
	})
	if err != nil {
		return none, err
	}
	s.closers = append(s.closers, server.Close)
	listener, scheme, err := s.listen(ctx, s.cfg.S3Listen)
	if err != nil {
		return none, fmt.Errorf("s3_listen: %w", err)
	}
	s.closers = append(s.closers, func() error { _ = listener.Close(); return nil })
	s.S3 = scheme + "://" + listener.Addr().String()
	find := func(accessKey string) s3gate.Access {
		if p := s.principals.Find(accessKey); p != nil {
			return p
		}
		return nil
	}
	s.buckets = &buckets{listener: listener, gate: s3gate.New(s3gate.Options{Socket: socket, Find: find, Observe: s.observeS3()}, s.log.Named("s3"))}
	return objstore.Settings{Region: s.cfg.Region, Endpoint: "http://s3.internal", PathStyle: true, Socket: socket, CredentialsFile: credentials, Idle: time.Minute}, nil
}

// listen opens an address, with TLS where there is a certificate.
func (s *Service) listen(ctx context.Context, address string) (net.Listener, string, error) {
	ln, err := httpserve.Listen(ctx, address)
	if err != nil || !s.cfg.TLS() {
		return ln, "http", err
	}
	ln, err = withTLS(ln, s.cfg.CertFile, s.cfg.KeyFile, s.log)
	return ln, "https", err
}

// openListener opens the API's address.
func (s *Service) openListener(ctx context.Context) error {
	ln, scheme, err := s.listen(ctx, s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listener, s.API = ln, scheme+"://"+strings.Replace(ln.Addr().String(), "[::]", "localhost", 1)
	s.closers = append(s.closers, func() error { _ = ln.Close(); return nil })
	return nil
}
