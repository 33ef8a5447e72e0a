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
	"time"

	"millwright/internal/yamlfile"
)

// checker goes through a filled Config and notes every fault with its place.
type checker struct{ *yamlfile.Document }

func (v *checker) config(c *Config) {
	v.folder("data_dir", c.DataDir)
	for key, file := range map[string]string{"cert_file": c.CertFile, "key_file": c.KeyFile, "principals_file": c.PrincipalsFile, "s3.ca_file": c.S3.CAFile} {
		if file != "" {
			v.folder(key, file)
		}
	}
	if (c.CertFile == "") != (c.KeyFile == "") {
		v.Fault("cert_file", "and key_file belong together", "give both, or neither")
	}
	v.listen("listen", c.Listen, c.TLS())
	if c.S3.Endpoint == "" {
		v.listen("s3_listen", c.S3Listen, c.TLS())
		v.apart(c)
	} else if v.Given("s3_listen") {
		v.Warn("s3_listen", "is not used: s3.endpoint names another store", "take one of them out")
	}
	v.form("account_id", c.AccountID, `^[0-9]{12}$`, "is no account", "write 12 digits in quotes")
	v.form("region", c.Region, `^[0-9a-z-]{1,63}$`, "is no region", "use a-z 0-9 -, such as plant-1")
	v.form("s3.region", c.S3.Region, `^[0-9a-z-]{1,63}$`, "is no region", "use a-z 0-9 -, such as plant-1")
	v.form("work_bucket", c.WorkBucket, `^[a-z0-9][.\-a-z0-9]{1,61}[a-z0-9]$`, "is no bucket", "use 3 to 63 of a-z 0-9 . -, without . or - at the ends")
	v.database(c.Database)
	v.Endpoint("s3.endpoint", c.S3.Endpoint)
	v.numbers(c)
}

func (v *checker) form(key, value, pattern, problem, remedy string) {
	if !regexp.MustCompile(pattern).MatchString(value) {
		v.Fault(key, problem, remedy)
	}
}

// reach is from where an address can be reached.
type reach int

const (
	thisMachine reach = iota
	privateNetwork
	everywhere
)

// reachOf takes names other than localhost, and every address at once, for the
// whole world: what they come to is not for this file to say.
func reachOf(host string) reach {
	if yamlfile.Loopback(host) {
		return thisMachine
	}
	a, err := netip.ParseAddr(host)
	a = a.Unmap()
	switch {
	case err != nil || a.IsUnspecified():
		return everywhere
	case a.IsPrivate() || a.IsLinkLocalUnicast():
		return privateNetwork
	}
	return everywhere
}

func (v *checker) listen(key, address string, tls bool) {
	host, port, err := net.SplitHostPort(address)
	if _, number := strconv.ParseUint(port, 10, 16); err != nil || number != nil {
		v.Fault(key, "is no address", "write address and port (0 to 65535), such as 127.0.0.1:8480")
		return
	}
	if tls {
		return
	}
	switch reachOf(host) {
	case everywhere:
		v.Fault(key, "can be reached from other networks, without TLS", "give cert_file and key_file, or listen on 127.0.0.1 or on an address of a private network")
	case privateNetwork:
		v.Warn(key, "can be reached by everybody on that network, without TLS: whoever listens there can read what is sent and send it again", "give cert_file and key_file")
	}
}

// apart refuses two listeners on one address; port 0 is any free one.
func (v *checker) apart(c *Config) {
	if c.Listen == c.S3Listen && !strings.HasSuffix(c.Listen, ":0") {
		v.Fault("s3_listen", "is the address of the API too", "use another port")
	}
}

func (v *checker) database(dsn string) {
	if dsn == "" {
		return
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" || u.Host == "" && u.Query().Get("host") == "" {
		v.Fault("database", "is no URL of a PostgreSQL database", "write postgres://user@host:5432/name, or leave it out for SQLite")
	}
}

// leastMemory is what a training of few sensors takes.
const leastMemory = 256 << 20

func (v *checker) numbers(c *Config) {
	d := c.Detector
	if !(d.FalseAlarmsPerWeek > 0 && d.FalseAlarmsPerWeek <= 1000) {
		v.Fault("detector.false_alarms_per_week", "is no number of alarms", "write more than 0 and at most 1000; 0.25 is one in four weeks")
	}
	if hold, ok := d.Hold.Duration(); ok && (hold <= 0 || hold > 24*time.Hour) {
		v.Fault("detector.hold", "is out of range", "write auto, or more than 0 and at most 24h")
	}
	if restart, ok := d.Restart.Duration(); ok && restart > 7*24*time.Hour {
		v.Fault("detector.restart", "is out of range", "write auto, or at most 7d")
	}
	if c.CatchUp.None() || c.CatchUp.Duration() > 30*24*time.Hour {
		v.Fault("catch_up", "is too long", "write at most 30d; 0s makes up for nothing")
	}
	for _, n := range []struct {
		key         string
		value       int
		least, most int
	}{
		{"detector.min_days", d.MinDays, 1, 3650},
		{"quotas.datasets", c.Quotas.Datasets, 1, 1_000_000},
		{"quotas.models", c.Quotas.Models, 1, 1_000_000},
		{"quotas.sensors_per_model", c.Quotas.SensorsPerModel, 1, 3000},
		{"workers", c.Workers, 0, 1024},
	} {
		if n.value < n.least || n.value > n.most {
			v.Fault(n.key, "is out of range", fmt.Sprintf("write %d to %d", n.least, n.most))
		}
	}
	if c.Memory.Share() || c.Memory.Bytes() < leastMemory {
		v.Fault("memory", "is too little to train with", "write bytes, 256MiB at least, such as 2GiB")
	}
	for key, size := range map[string]yamlfile.Size{"quotas.dataset": c.Quotas.Dataset, "quotas.file": c.Quotas.File} {
		if size.Share() || size.Bytes() < 1<<20 {
			v.Fault(key, "is no quota", "write bytes, 1MiB at least, such as 50GB")
		}
	}
}

// folder wants an absolute path.
func (v *checker) folder(key, path string) {
	if !filepath.IsAbs(path) {
		v.Fault(key, "is not an absolute path", "write it from / on")
	} else if strings.ContainsRune(path, 0) {
		v.Fault(key, "holds a NUL", "take it out")
	}
}

// shown keeps what may hold a password out of messages.
func shown(key, text string) string {
	if u, err := url.Parse(text); key == "database" && (err != nil || u.Scheme == "" || u.Query().Has("password")) {
		return ""
	}
	return text
}
