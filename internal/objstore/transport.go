package objstore

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"
)

const (
	dialTimeout = 15 * time.Second
	tlsTimeout  = 20 * time.Second
	idleTimeout = 90 * time.Second // no byte moved in either direction
	ackTimeout  = 60 * time.Second // no byte acknowledged by the peer's kernel
)

// newTransport speaks HTTP/1.1 only: one connection per request under way
// isolates slow uploads from each other, and costs least CPU for small objects.
func newTransport(s Settings) (*http.Transport, error) {
	proxy := http.ProxyFromEnvironment
	if s.Proxy != "" {
		u, err := url.Parse(s.Proxy)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("read s3.proxy: not a URL such as http://proxy.example.com:3128")
		}
		proxy = http.ProxyURL(u)
	}
	roots, err := authorities(s.CAFile)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{
		Timeout: dialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: 15 * time.Second, Interval: 15 * time.Second, Count: 4,
		},
		Control: func(_, _ string, c syscall.RawConn) error { return tune(c) },
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) {
			if s.Socket != "" || linkLocal(r.URL.Hostname()) {
				return nil, nil // the metadata service of a cloud machine is never behind a proxy
			}
			return proxy(r)
		},
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			if s.Socket != "" {
				network, addr = "unix", s.Socket
			} else if host, _, _ := net.SplitHostPort(addr); linkLocal(host) {
				// Asked for credentials last in the chain; on a plant's network nobody answers.
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, time.Second)
				defer cancel()
			}
			return d.DialContext(ctx, network, addr)
		},
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout:   tlsTimeout,
		ExpectContinueTimeout: time.Second,
		MaxIdleConns:          64,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       50 * time.Second,
		WriteBufferSize:       64 << 10,
		ReadBufferSize:        8 << 10,
		DisableCompression:    true,
		Protocols:             protocols,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return &proxyError{resp.Status}
			}
			return nil
		},
	}, nil
}

func linkLocal(host string) bool {
	return strings.HasPrefix(host, "169.254.") || host == "fd00:ec2::254"
}

// authorities are the system's and those in file; nil for the system's alone.
func authorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read s3.ca_file: %w", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read s3.ca_file %s: it holds no PEM certificate", file)
	}
	return pool, nil
}
