package sink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
)

// unreached puts an error of a connection into words. The address stands in them
// only as far as place says: URLs may hold tokens.
func unreached(place string, err error) *Fault {
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // leaves the URL out
	}
	f := &Fault{What: plain("reach " + place + ": " + innermost(err).Error()), Remedy: "check that it runs and can be reached from here; nothing is lost meanwhile"}
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		host   x509.HostnameError
		dns    *net.DNSError
	)
	switch {
	case errors.As(err, &host):
		f.Remedy = "use the name that its certificate is for"
	case errors.As(err, &verify):
		f.Remedy = "give the authority that signed its certificate as ca_file, and check the clocks of both sides"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		f.Remedy = "it does not speak TLS at this port: check the port and the scheme of url"
	case errors.As(err, &dns):
		f.Remedy = "check the host's name and this machine's name server"
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Remedy = "nobody listens there: check that it runs, and the port; nothing is lost meanwhile"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), timedOut(err):
		f.What = plain("reach " + place + ": no answer in time")
	}
	return f
}

// innermost leaves out the ports of this side, which change with each attempt.
func innermost(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return op.Err
	}
	return err
}

func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// place is a URL without what may be secret in it: user, path and query.
func place(u *url.URL) string { return strings.ToLower(u.Scheme) + "://" + u.Host }
