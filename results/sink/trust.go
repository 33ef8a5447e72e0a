package sink

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"
)

// trust is whom to believe who they are: the system's authorities and those in a
// file, which is read again when it changes.
type trust struct {
	file string

	config *tls.Config
	mod    time.Time
	size   int64
}

// tls gives the configuration to connect with, and whether it is another one than
// the last time. The caller does not change it.
func (t *trust) tls() (config *tls.Config, changed bool, err error) {
	if t.file == "" {
		if t.config == nil {
			t.config, changed = &tls.Config{MinVersion: tls.VersionTLS12}, true
		}
		return t.config, changed, nil
	}
	info, err := os.Stat(t.file)
	if err != nil {
		return nil, false, caFault(err.Error())
	}
	if t.config != nil && info.ModTime().Equal(t.mod) && info.Size() == t.size {
		return t.config, false, nil
	}
	pem, err := os.ReadFile(t.file)
	if err != nil {
		return nil, false, caFault(err.Error())
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, false, caFault(t.file + " holds no PEM certificate")
	}
	t.config, t.mod, t.size = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}, info.ModTime(), info.Size()
	return t.config, true, nil
}

func caFault(what string) *Fault {
	return &Fault{What: plain("read ca_file: " + what), Remedy: "give the PEM file of the authority that signed the other side's certificate, readable for the agent's user"}
}

// secret reads a file with a key or a password. What an editor adds at its end is
// not part of it.
func secret(key, file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &Fault{What: plain(fmt.Sprintf("read %s: %v", key, err)), Remedy: "the agent's user must be able to read it"}
	}
	for len(text) > 0 && (text[len(text)-1] == '\n' || text[len(text)-1] == '\r') {
		text = text[:len(text)-1]
	}
	if len(text) == 0 {
		return nil, &Fault{What: fmt.Sprintf("read %s: %s is empty", key, file), Remedy: "put the secret into it"}
	}
	return text, nil
}
