package inference

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"time"

	"go.uber.org/zap"

	"millwright/inference/config"
	"millwright/inference/sigv4"
	"millwright/internal/yamlfile"
)

// CheckFiles reads the local files that a configuration names as Open does, without
// opening anything else. The error is yamlfile.Faults, each with its place.
func CheckFiles(cfg *config.Config) ([]yamlfile.Fault, error) {
	warnings, faults := checkCertificates(cfg)
	if cfg.PrincipalsFile != "" {
		more, err := sigv4.Check(cfg.PrincipalsFile, sigv4.Options{Account: cfg.AccountID})
		warnings = append(warnings, more...)
		faults = append(faults, principalsFaults(cfg, err)...)
	}
	if len(faults) > 0 {
		return warnings, faults
	}
	return warnings, nil
}

// principalsFaults says a principals file's error as faults: its own, or one of the
// key that names it.
func principalsFaults(cfg *config.Config, err error) yamlfile.Faults {
	var faults yamlfile.Faults
	switch {
	case err == nil, errors.As(err, &faults):
		return faults
	}
	return yamlfile.Faults{cfg.At("principals_file", "cannot be read: "+reason(err), "name a file that the service's user can read")}
}

// openCertificates refuses certificates that cannot be used before anything listens.
func (s *Service) openCertificates(context.Context) error {
	warnings, faults := checkCertificates(s.cfg)
	for _, w := range warnings {
		s.log.Warn("configuration", zap.Stringer("what", w))
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

func checkCertificates(cfg *config.Config) (warnings []yamlfile.Fault, faults yamlfile.Faults) {
	text := func(key, file string) []byte {
		if file == "" {
			return nil
		}
		data, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, cfg.At(key, "cannot be read: "+reason(err), "name a file that the service's user can read"))
		}
		return data
	}
	if authorities := text("s3.ca_file", cfg.S3.CAFile); authorities != nil && !x509.NewCertPool().AppendCertsFromPEM(authorities) {
		faults = append(faults, cfg.At("s3.ca_file", "holds no certificate", "write the authority's certificate as PEM"))
	}
	cert, key := text("cert_file", cfg.CertFile), text("key_file", cfg.KeyFile)
	if cert == nil || key == nil {
		return warnings, faults
	}
	leaf := certificateOf(cert)
	if leaf == nil {
		return warnings, append(faults, cfg.At("cert_file", "holds no certificate", "write the certificate as PEM, and after it those of the authorities between"))
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		return warnings, append(faults, cfg.At("key_file", "cannot be used: "+err.Error(), "give the PEM file of the key that the certificate in cert_file was made for"))
	}
	if st, err := os.Stat(cfg.KeyFile); err == nil && st.Mode().Perm()&0o007 != 0 {
		warnings = append(warnings, cfg.At("key_file", "can be read by everybody on this machine", "chmod o= "+cfg.KeyFile))
	}
	if time.Now().After(leaf.NotAfter) {
		warnings = append(warnings, cfg.At("cert_file", "expired at "+leaf.NotAfter.UTC().Format(time.RFC3339), "renew it: clients refuse it"))
	}
	return warnings, faults
}

// certificateOf gives the first certificate of a PEM file, or nil.
func certificateOf(text []byte) *x509.Certificate {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			leaf, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil
			}
			return leaf
		}
	}
	return nil
}

// reason leaves the path out of a file's error: it is the value that is shown.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}
