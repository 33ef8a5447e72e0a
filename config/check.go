package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// checker goes through a filled Config and notes every fault with its place.
type checker struct {
	file     string
	places   map[string]place
	broken   map[string]bool // keys that could not be read, and those above them
	faults   []Fault
	warnings []Fault
}

// brokenKeys are the keys of faults: what is said of them once is enough.
func brokenKeys(faults []Fault) map[string]bool {
	broken := map[string]bool{}
	for _, f := range faults {
		broken[f.Key] = true
	}
	return broken
}

func (v *checker) result(c *Config) (*Config, []Fault, error) {
	sortFaults(v.faults)
	sortFaults(v.warnings)
	if len(v.faults) > 0 {
		return nil, v.warnings, Faults(v.faults)
	}
	c.file, c.places = v.file, v.places
	return c, v.warnings, nil
}

func (v *checker) fault(key, problem, remedy string) {
	if !v.isBroken(key) {
		v.faults = append(v.faults, locate(v.file, v.places, key, problem, remedy))
	}
}

func (v *checker) warn(key, problem, remedy string) {
	if !v.isBroken(key) {
		v.warnings = append(v.warnings, locate(v.file, v.places, key, problem, remedy))
	}
}

// given tells whether the file has the key; of a Config made in code nothing is.
func (v *checker) given(key string) bool { _, ok := v.places[key]; return ok }

func (v *checker) isBroken(key string) bool {
	for ; key != ""; key = parent(key) {
		if v.broken[key] {
			return true
		}
	}
	return v.broken[""]
}

// parent is the key of the group that a key stands in.
func parent(key string) string {
	if i := strings.LastIndexAny(key, ".["); i >= 0 && !strings.HasSuffix(key, `"]`) {
		return key[:i]
	}
	if i := strings.LastIndex(key, `["`); i >= 0 {
		return key[:i]
	}
	return ""
}

func (v *checker) config(c *Config) {
	if c.Instance != "" && !regexp.MustCompile(`^[0-9A-Za-z._-]{1,200}$`).MatchString(c.Instance) {
		v.fault("instance", "is no name", "use 1 to 200 of 0-9 A-Z a-z . _ -")
	}
	v.folder("state_dir", c.StateDir)
	v.http(c.HTTP)
	v.s3(c)
	v.limits(c.Limits)
	v.drops(c)
	v.schedulers(c)
	for i := range c.Sinks {
		v.sink(fmt.Sprintf("sinks[%d]", i), c, c.Sinks[i])
	}
}

func (v *checker) http(h HTTP) {
	if h.Listen == "" {
		return
	}
	host, port, err := net.SplitHostPort(h.Listen)
	_, number := strconv.ParseUint(port, 10, 16)
	if err != nil || number != nil {
		v.fault("http.listen", "is no address", "write address and port (0 to 65535), such as 127.0.0.1:9480")
		return
	}
	if !loopback(host) {
		v.warn("http.listen", "everybody on that network can read the status page", "listen on 127.0.0.1, or keep the port behind a firewall")
	}
}

func (v *checker) s3(c *Config) {
	v.endpoint("s3.endpoint", c.S3.Endpoint)
	v.endpoint("service.endpoint", c.Service.Endpoint)
	v.path("s3.ca_file", c.S3.CAFile)
	if c.S3.Proxy != "" {
		u, err := url.Parse(c.S3.Proxy)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5" {
			v.fault("s3.proxy", "is no proxy", "write http://host:port")
		}
	}
	if !regexp.MustCompile(`^[0-9a-z-]{0,63}$`).MatchString(c.S3.Region) {
		v.fault("s3.region", "is no region", "use a-z 0-9 -, such as eu-west-1")
	}
}

func (v *checker) endpoint(key, value string) {
	if value == "" {
		return
	}
	u, err := url.Parse(value)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		v.fault(key, "is no URL of a server", "write https://host:port")
	case u.User != nil:
		v.fault(key, "holds credentials", "take them out: credentials come from the environment, a profile or credential_process")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		v.warn(key, "is not encrypted", "use https, with ca_file for a certificate of your own")
	}
}

func (v *checker) limits(l Limits) {
	for _, s := range []struct {
		key   string
		size  Size
		least int64
	}{
		{"limits.memory", l.Memory, 16 << 20},
		{"limits.file", l.File, 1 << 10},
		{"limits.row", l.Row, 1 << 10},
	} {
		if s.size.Share() {
			v.fault(s.key, "is a share of a disk", "write it in bytes, such as 64MiB")
		} else if s.size.Bytes() < s.least {
			v.fault(s.key, "is too small to work with", "use at least "+Bytes(s.least).String())
		}
	}
	if !l.State.Share() && l.State.Bytes() == 0 {
		v.fault("limits.state", "leaves no room for the ledger", "use 1GiB or more")
	}
	if l.Columns < 2 {
		v.fault("limits.columns", "leaves no column for a value", "use 2 or more")
	}
}

// folder wants an absolute path in its shortest form.
func (v *checker) folder(key, path string) bool {
	switch {
	case !filepath.IsAbs(path):
		v.fault(key, "is not an absolute path", "write it from / on")
	case strings.ContainsRune(path, 0):
		v.fault(key, "holds a NUL", "take it out")
	default:
		return true
	}
	return false
}

func (v *checker) path(key, path string) {
	if path != "" {
		v.folder(key, path)
	}
}

// within tells whether path is folder or lies below it.
func within(path, folder string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, "../")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}
