package inference

import (
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// withTLS has a listener speak TLS with a certificate that may be renewed in its files.
func withTLS(ln net.Listener, cert, key string, log *zap.Logger) (net.Listener, error) {
	c := &certificate{cert: cert, key: key, log: log}
	if err := c.load(); err != nil {
		_ = ln.Close()
		return nil, fmt.Errorf("cert_file and key_file: %w", err)
	}
	return tls.NewListener(ln, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get, NextProtos: []string{"http/1.1"}}), nil
}

// certificate is one in files that are looked at again now and then.
type certificate struct {
	cert, key string
	log       *zap.Logger

	mu      sync.Mutex
	current *tls.Certificate
	of      time.Time // the file's modification time
	looked  time.Time
}

const renewal = time.Minute

func (c *certificate) load() error {
	st, err := os.Stat(c.cert)
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.current, c.of, c.looked = &pair, st.ModTime(), time.Now()
	return nil
}

// get gives the certificate as it is now; one that cannot be read changes nothing.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) < renewal {
		return c.current, nil
	}
	c.looked = time.Now()
	if st, err := os.Stat(c.cert); err == nil && st.ModTime().Equal(c.of) {
		return c.current, nil
	}
	if err := c.load(); err != nil {
		c.log.Error("certificate refused; the one of before stays", zap.Error(err))
	}
	return c.current, nil
}
