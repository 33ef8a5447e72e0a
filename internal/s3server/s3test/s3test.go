// Package s3test gives tests a real S3 server: one per test process, and a
// bucket for each test. It is imported by tests only.
//
// The server changes the process's working folder: tests that read files by
// relative paths must make them absolute first.
package s3test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/zap/zaptest"

	"millwright/internal/objstore"
	"millwright/internal/s3server"
)

// The keys of the server.
const (
	AccessKey = "millwright"
	SecretKey = "millwright-tests-only"
	Region    = "us-east-1"
)

// Server is a test's view of the process's server.
type Server struct {
	Endpoint        string // URL
	Bucket          string // the test's own
	CredentialsFile string // shared credentials file with the keys
}

var shared = sync.OnceValues(func() (*s3server.Server, error) {
	dir, err := os.MkdirTemp("", "s3test-")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "credentials"), credentials(AccessKey, SecretKey), 0o600); err != nil {
		return nil, err
	}
	s, err := s3server.Start(context.Background(), s3server.Options{Dir: dir, AccessKey: AccessKey, SecretKey: SecretKey, Region: Region})
	if err == nil {
		root.Store(&dir)
	}
	return s, err
})

var (
	root  atomic.Pointer[string]
	count atomic.Int64
)

func credentials(access, secret string) []byte {
	return fmt.Appendf(nil, "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", access, secret)
}

// New starts the process's server if need be and makes a bucket for the test.
// Call Main from TestMain to have the server's folder removed at the end.
func New(t testing.TB) *Server {
	t.Helper()
	srv, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{
		Endpoint:        srv.Endpoint,
		Bucket:          fmt.Sprintf("test-%d", count.Add(1)),
		CredentialsFile: filepath.Join(*root.Load(), "credentials"),
	}
	if err := s.Client(t, "").CreateBucket(t.Context(), s.Bucket); err != nil {
		t.Fatal(err)
	}
	return s
}

// Settings for a client of the server, through endpoint when it is not "".
func (s *Server) Settings(endpoint string) objstore.Settings {
	if endpoint == "" {
		endpoint = s.Endpoint
	}
	return objstore.Settings{Region: Region, Endpoint: endpoint, PathStyle: true, CredentialsFile: s.CredentialsFile}
}

// Client of the server, through endpoint when it is not "".
func (s *Server) Client(t testing.TB, endpoint string) *objstore.Client {
	t.Helper()
	c, err := objstore.New(t.Context(), s.Settings(endpoint), zaptest.NewLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Addr is the server's host:port.
func (s *Server) Addr() string { return strings.TrimPrefix(s.Endpoint, "http://") }

// Main runs the tests and takes the server and its folder away.
func Main(m *testing.M) int {
	code := m.Run()
	if dir := root.Load(); dir != nil {
		if srv, err := shared(); err == nil {
			_ = srv.Close()
		}
		_ = os.RemoveAll(*dir)
	}
	return code
}
