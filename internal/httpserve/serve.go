// Package httpserve is what every HTTP server of this program shares: limits on
// connections, headers and time, a check of the name that a server is called by,
// headers that keep browsers from loading or embedding anything, a log, and a
// clean stop. It knows no page and no API.
package httpserve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"
	"golang.org/x/net/netutil"
)

// Options of a Server. The zero value of a field means the default that its
// comment names.
type Options struct {
	// Names that requests may call the server by, beside IP addresses, localhost
	// and the host that it listens on (see guard). Default: none.
	Names []string
	// AnyName lets requests call the server by whatever name: for one that answers only
	// who signs. Default: false.
	AnyName bool
	// Bare leaves answers without the headers that browsers look for, and bodies without
	// a time in which they have to be through: for a handler that sees to both. Default: false.
	Bare bool
	// Connections at a time; further ones wait. Default: 32.
	Connections int
	// Request is how long a request and its answer may take, each. Default: 30 s.
	Request time.Duration
	// Grace is how long answers under way may take once the server stops. Default: 5 s.
	Grace time.Duration
}

const (
	headerTime  = 10 * time.Second // from the connection on: a client on a busy machine may not ask at once
	idleTime    = time.Minute
	headerBytes = 16 << 10
)

// Listen opens a TCP address. Port 0 is any free one, and Addr of what is
// returned tells which.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var c net.ListenConfig
	ln, err := c.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for HTTP on %s: %w; use an address of this machine and a free port", address, err)
	}
	return ln, nil
}

// Local tells whether only this machine can reach an address like
// 127.0.0.1:9480.
func Local(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}

// Serve answers requests to ln with h until ctx ends, lets what is under way
// finish and returns nil; it closes ln, which the caller may have wrapped in TLS. address is what was asked to listen on:
// its host is a name that requests may use.
func Serve(ctx context.Context, ln net.Listener, address string, h http.Handler, o Options, log *zap.Logger) error {
	o = o.filled()
	if !o.AnyName {
		h = guard(h, names(address, o.Names))
	}
	if o.Bare {
		o.Request = 0
	} else {
		h = headers(h)
	}
	srv := &http.Server{
		Handler:           logged(h, log),
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       o.Request,
		WriteTimeout:      o.Request,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          quiet(log),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	ln = netutil.LimitListener(ln, o.Connections)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP on %s: %w", address, err)
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Grace)
	defer cancel()
	if err := srv.Shutdown(stop); err != nil {
		_ = srv.Close() // what is still under way has had its time
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (o Options) filled() Options {
	if o.Connections <= 0 {
		o.Connections = 32
	}
	if o.Request <= 0 {
		o.Request = 30 * time.Second
	}
	if o.Grace <= 0 {
		o.Grace = 5 * time.Second
	}
	return o
}
