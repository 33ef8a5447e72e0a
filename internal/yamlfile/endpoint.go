package yamlfile

import (
	"net/netip"
	"net/url"
)

// Endpoint checks the value of a key that is the URL of a server, or empty: that it
// is one and holds no credentials. Without encryption a server elsewhere is warned of.
func (d *Document) Endpoint(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		d.Fault(key, "is no URL of a server", "write https://host:port")
	case u.User != nil:
		d.Fault(key, "holds credentials", "take them out: credentials come from the environment, a profile or credential_process")
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		d.Warn(key, "is not encrypted", "use https, with ca_file for a certificate of your own")
	}
}

// Loopback tells whether a host is this machine by its name or address.
func Loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
