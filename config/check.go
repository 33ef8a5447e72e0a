package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"millwright/internal/yamlfile"
)

// checker goes through a filled Config and notes every fault with its place.
type checker struct{ doc *yamlfile.Document }

func (v *checker) result(c *Config) (*Config, []Fault, error) {
	if err := v.doc.Err(); err != nil {
		return nil, v.doc.Warnings(), err
	}
	c.doc = v.doc
	return c, v.doc.Warnings(), nil
}

func (v *checker) fault(key, problem, remedy string) { v.doc.Fault(key, problem, remedy) }

func (v *checker) warn(key, problem, remedy string) { v.doc.Warn(key, problem, remedy) }

// given tells whether the file has the key; of a Config made in code nothing is.
func (v *checker) given(key string) bool { return v.doc.Given(key) }

func (v *checker) isBroken(key string) bool { return v.doc.Broken(key) }

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
	if !yamlfile.Loopback(host) {
		v.warn("http.listen", "everybody on that network can read the status page", "listen on 127.0.0.1, or keep the port behind a firewall")
	}
}

func (v *checker) s3(c *Config) {
	v.doc.Endpoint("s3.endpoint", c.S3.Endpoint)
	v.doc.Endpoint("service.endpoint", c.Service.Endpoint)
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
