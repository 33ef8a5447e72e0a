// Package s3gate stands before the embedded S3 server and lets principals do with
// buckets and keys what they may. It checks no signature: the server behind it does,
// with the secret of the very key by which the gate decides, so a request that
// names somebody else's key is let through and refused there.
package s3gate

import (
	"context"
	"encoding/xml"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"time"

	"go.uber.org/zap"
)

// Access is what somebody may do with buckets. A prefix is allowed when every key
// that begins with it is.
type Access interface {
	MayRead(bucket, prefix string) bool
	MayWrite(bucket, prefix string) bool
	MaySee(bucket string) bool // that it is there: something in it is allowed
}

// Options of a Gate. All but Observe are required.
type Options struct {
	Socket  string                        // where the S3 server listens, a Unix socket
	Find    func(accessKey string) Access // nil: nobody has that key
	Observe func(method string, status int, took time.Duration)
}

// Gate is the handler for everything that comes to the embedded S3 server's address.
type Gate struct {
	o     Options
	proxy *httputil.ReverseProxy
	log   *zap.Logger
}

// New makes a Gate.
func New(o Options, log *zap.Logger) *Gate {
	g := &Gate{o: o, log: log}
	var d net.Dialer
	g.proxy = &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "s3"
			p.Out.Host = p.In.Host // it is signed
		},
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return d.DialContext(ctx, "unix", o.Socket)
			},
			// The server stops reading a body in chunks at its trailer and takes what follows
			// for the next request, which nobody has looked at: a connection is for one.
			DisableKeepAlives: true, DisableCompression: true,
			ExpectContinueTimeout: 5 * time.Second,
		},
		ModifyResponse: onlyOwn,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				log.Warn("embedded S3 server", zap.String("method", r.Method), zap.Error(err))
			}
			refuse(w, r, &denial{status: http.StatusServiceUnavailable, code: "ServiceUnavailable", why: "The store does not answer; try again."})
		},
	}
	return g
}

// ServeHTTP lets a request through or refuses it.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	c := &answer{ResponseWriter: w, status: http.StatusOK}
	if g.o.Observe != nil {
		defer func() { g.o.Observe(r.Method, c.status, time.Since(begun)) }()
	}
	who, err := g.who(r)
	if err == nil {
		err = allowed(r, who)
	}
	if err != nil {
		g.log.Debug("S3 request refused", zap.String("method", r.Method), zap.String("path", r.URL.Path), zap.Error(err))
		refuse(c, r, err)
		return
	}
	r.Body = &patient{ReadCloser: r.Body, control: http.NewResponseController(w)}
	c.control = http.NewResponseController(w)
	g.proxy.ServeHTTP(c, r.WithContext(withAccess(r.Context(), who)))
}

// denial is why a request is refused, as S3 says it.
type denial struct {
	status    int
	code, why string
}

func (d *denial) Error() string { return d.code + ": " + d.why }

func denied(form string, values ...any) error {
	return &denial{http.StatusForbidden, "AccessDenied", fmt.Sprintf(form, values...)}
}

func invalid(form string, values ...any) error {
	return &denial{http.StatusBadRequest, "InvalidRequest", fmt.Sprintf(form, values...)}
}

func refuse(w http.ResponseWriter, r *http.Request, err error) {
	d, ok := err.(*denial)
	if !ok {
		d = &denial{http.StatusForbidden, "AccessDenied", "Access Denied."}
	}
	body, _ := xml.Marshal(struct {
		XMLName       xml.Name `xml:"Error"`
		Code, Message string
	}{Code: d.code, Message: d.why})
	h := w.Header()
	h.Set("Content-Type", "application/xml")
	h.Set("Connection", "close") // what follows of a body is not read
	w.WriteHeader(d.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(append([]byte(xml.Header), body...))
	}
}
