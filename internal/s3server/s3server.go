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
	"sync/atomic"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
	"github.com/versity/versitygw/s3api"
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
	startTimeout   = 20 * time.Second
	stopTimeout    = 3 * time.Second
	portTries      = 10
)

// Server is a running server.
type Server struct {
	Endpoint string // URL; "" with a socket
	Sidecar  bool   // attributes are kept in files beside the objects

	stop   context.CancelFunc
	listen chan struct{} // closed when its address is its own
	done   chan struct{}
	err    error // of the run, to be read after done
	once   sync.Once
}

// left is a server that Close has not waited for to its end: the next one does, since
// there is one per process.
var left atomic.Pointer[Server]

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
	if err := ended(ctx, left.Load()); err != nil {
		return nil, fmt.Errorf("start S3 server: %w", err)
	}
	// Somebody else may get a free port before the server listens on it.
	for try := 1; ; try++ {
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
		s, err := run(ctx, be, addr, o)
		if err == nil {
			s.Endpoint, s.Sidecar = endpoint, sidecar
			return s, nil
		}
		if try == portTries || addr == o.Listen || !errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("start S3 server on %s: %w", addr, err)
		}
	}
}

// run has a server listen on an address, and returns when it answers.
func run(ctx context.Context, be backend.Backend, addr string, o Options) (*Server, error) {
	below, cancel := context.WithCancel(ctx)
	s := &Server{stop: cancel, listen: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = embedgw.RunVersityGW(below, be, &embedgw.Config{
			RootUserAccess: o.AccessKey, RootUserSecret: o.SecretKey, Region: o.Region,
			IAMService: keys{auth.NewIAMServiceSingle(auth.Account{Access: o.AccessKey, Secret: o.SecretKey, Role: auth.RoleAdmin}), o.Secret},
			Ports:      []string{addr}, KeepAlive: true, Quiet: true, DisableACLs: true,
			MaxConnections: maxConnections, MaxRequests: maxRequests, MultipartMaxParts: maxParts,
			S3Options: []s3api.Option{s3api.WithOnListen(func() { close(s.listen) })},
		})
	}()
	if err := s.ready(ctx, addr); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// ended waits for a server's end.
func ended(ctx context.Context, s *Server) error {
	if s == nil {
		return nil
	}
	t := time.NewTimer(startTimeout)
	defer t.Stop()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return errors.New("the one before it does not end")
	}
}

// ready waits until the server answers. That somebody listens does not tell who it is,
// and a server that is stopped before it takes connections would never end.
func (s *Server) ready(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	select {
	case <-s.listen:
		return answer(ctx, addr)
	case <-s.done:
		if s.err == nil {
			return errors.New("it stopped at once; is another one running in this process?")
		}
		return s.err
	case <-ctx.Done():
		return fmt.Errorf("no answer within %s", startTimeout)
	}
}

// answer waits for what a server says to a request, which is no.
func answer(ctx context.Context, addr string) error {
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network = "unix"
	}
	var d net.Dialer
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	end, _ := ctx.Deadline()
	_ = c.SetDeadline(end)
	if _, err := c.Write([]byte("HEAD / HTTP/1.1\r\nHost: s3\r\nConnection: close\r\n\r\n")); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 1))
	return err
}

// Close stops the server. Requests under way have 3 s, and so have connections that
// a client has dialled ahead and sent nothing on: the server takes these for requests.
// What is left then may go on for some seconds; the next Start waits for it.
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
		left.Store(s)
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
