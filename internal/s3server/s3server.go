// Package s3server runs an S3 server inside the process, for the demo, for the
// inference service without a store of its own, and for tests. It holds objects
// as plain files below one folder and is no part of the agent.
//
// Starting it changes the process's working folder, which its file backend
// depends on: use absolute paths. There is one per process at a time.
package s3server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"golang.org/x/sys/unix"
)

// Options of a server. Dir and both keys are required.
type Options struct {
	Dir       string // objects are in Dir/objects; made when missing
	Listen    string // host:port; port 0 or "" for a free one on 127.0.0.1
	Region    string // default us-east-1
	AccessKey string
	SecretKey string
	Sidecar   bool // keep attributes in Dir/attributes even where the file system has extended ones

	// Socket is a path to listen on instead, for one that stands before the server.
	Socket string
	// Secret gives the secret of further access keys, each of which may do everything.
	Secret func(accessKey string) (secret string, ok bool)
}

const (
	maxConnections = 1024
	maxRequests    = 512
	maxParts       = 10_000
	maxCopy        = 5 << 30
	startTimeout   = 10 * time.Second
	stopTimeout    = 3 * time.Second
)

// Server is a running server.
type Server struct {
	Endpoint string // URL; "" with a socket
	Sidecar  bool   // attributes are kept in files beside the objects

	stop context.CancelFunc
	done chan struct{}
	err  error // of the run, to be read after done
	once sync.Once
}

// Start returns as soon as the server answers. It ends with ctx or Close.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.AccessKey == "" || o.SecretKey == "" {
		return nil, errors.New("start S3 server: no key pair given")
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start S3 server: %w", err)
	}
	root := filepath.Join(dir, "objects")
	if err := os.MkdirAll(root, 0o750); err != nil {
		return nil, fmt.Errorf("start S3 server: %w", err)
	}
	attributes, sidecar, err := attributeStore(dir, root, o.Sidecar)
	if err != nil {
		return nil, fmt.Errorf("start S3 server: %w", err)
	}
	addr, endpoint := o.Socket, ""
	if o.Socket == "" {
		if addr, err = address(o.Listen); err != nil {
			return nil, fmt.Errorf("start S3 server on %s: %w", o.Listen, err)
		}
		endpoint = "http://" + addr
	}
	be, err := posix.New(root, attributes, posix.PosixOpts{CopyObjectThreshold: maxCopy, ValidateBucketNames: true})
	if err != nil {
		return nil, fmt.Errorf("start S3 server: open %s: %w", root, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{Endpoint: endpoint, Sidecar: sidecar, stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = embedgw.RunVersityGW(ctx, be, &embedgw.Config{
			RootUserAccess: o.AccessKey, RootUserSecret: o.SecretKey, Region: o.Region,
			IAMService: keys{auth.NewIAMServiceSingle(auth.Account{Access: o.AccessKey, Secret: o.SecretKey, Role: auth.RoleAdmin}), o.Secret},
			Ports:      []string{addr}, KeepAlive: true, Quiet: true, DisableACLs: true,
			MaxConnections: maxConnections, MaxRequests: maxRequests, MultipartMaxParts: maxParts,
		})
	}()
	if err := s.ready(ctx, addr); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("start S3 server on %s: %w", addr, err)
	}
	return s, nil
}

// ready waits until somebody listens.
func (s *Server) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	var d net.Dialer
	for {
		if c, err := d.DialContext(ctx, network, addr); err == nil {
			_ = c.Close()
			return nil
		}
		select {
		case <-s.done:
			if s.err == nil {
				return errors.New("it stopped at once; is another one running in this process?")
			}
			return s.err
		case <-ctx.Done():
			return fmt.Errorf("no answer within %s", startTimeout)
		case <-tick.C:
		}
	}
}

// Close stops the server. Requests under way have 3 s, and so have connections that
// a client has dialled ahead and sent nothing on: the server takes these for requests.
func (s *Server) Close() error {
	s.once.Do(s.stop)
	t := time.NewTimer(stopTimeout)
	defer t.Stop()
	select {
	case <-s.done:
		if s.err != nil {
			return fmt.Errorf("stop S3 server: %w", s.err)
		}
		return nil
	case <-t.C:
		return nil // what is still under way has had its time
	}
}

// attributeStore keeps an object's metadata in extended attributes where the
// file system has them, else in files of their own.
func attributeStore(dir, root string, sidecar bool) (meta.MetadataStorer, bool, error) {
	if !sidecar && hasXattr(root) {
		return meta.XattrMeta{}, false, nil
	}
	beside := filepath.Join(dir, "attributes")
	if err := os.MkdirAll(beside, 0o750); err != nil {
		return nil, false, err
	}
	sc, err := meta.NewSideCar(beside)
	return sc, true, err
}

// hasXattr tries to write an attribute: some file systems read but cannot write.
func hasXattr(dir string) bool {
	const name = "user.millwright-probe"
	if err := unix.Setxattr(dir, name, []byte("1"), 0); err != nil {
		return false
	}
	_ = unix.Removexattr(dir, name)
	return true
}

// address turns port 0 into a free one.
func address(listen string) (string, error) {
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer l.Close()
	if port == "0" {
		return l.Addr().String(), nil
	}
	return listen, nil
}
