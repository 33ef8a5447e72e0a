// Package config is the inference service's YAML file: its types, a strict load
// that finds every fault at once with its place and its remedy, and the defaults.
// It checks what the file says; folders, databases and buckets are looked at by
// whoever opens them. Who may call the service is in a file of its own, which
// package sigv4 reads.
package config

import (
	"time"

	"millwright/internal/yamlfile"
)

// Config is the whole file. In every type here the zero value of a field means the
// default that the field's comment names; Load gives a Config with all defaults
// filled in.
type Config struct {
	// Folder for the embedded database and S3 server, and for the first credentials. Default: /var/lib/millwright-serve.
	DataDir string `yaml:"data_dir"`
	// Address and port of the API. Default: 127.0.0.1:8480.
	Listen string `yaml:"listen"`
	// PEM file of the certificate, for the API and the embedded S3 server. Default: none, which only an address of this machine or of a private network may have.
	CertFile string `yaml:"cert_file"`
	// PEM file of the certificate's key. Default: none.
	KeyFile string `yaml:"key_file"`
	// Account in ARNs, 12 digits. Default: "000000000000".
	AccountID string `yaml:"account_id"`
	// Region in ARNs and signatures. Default: plant-1.
	Region string `yaml:"region"`
	// URL of a PostgreSQL database that several nodes may share. Default: empty, SQLite under data_dir.
	Database string `yaml:"database"`
	// The store that holds the buckets.
	S3 S3 `yaml:"s3"`
	// Address and port of the embedded S3 server. Default: 127.0.0.1:8481.
	S3Listen string `yaml:"s3_listen"`
	// File of access keys, roles and the locations each may use. Default: empty, the key made at the first start.
	PrincipalsFile string `yaml:"principals_file"`
	// Defaults for models whose tags say nothing.
	Detector Detector `yaml:"detector"`
	// How far back missed runs of a scheduler are made up for. Default: 24h.
	CatchUp yamlfile.Duration `yaml:"catch_up"`
	// Bucket of the service's own data, which no request can name. Default: millwright.
	WorkBucket string `yaml:"work_bucket"`
	// How much there may be.
	Quotas Quotas `yaml:"quotas"`
	// Jobs at a time. Default: 0, the number of cores.
	Workers int `yaml:"workers"`
	// Bytes that jobs may take together; those that want more than is left wait. Default: 1GiB.
	Memory yamlfile.Size `yaml:"memory"`
	// What is logged to standard error, and how.
	Log Log `yaml:"log"`

	doc *yamlfile.Document // for At
}

// S3 is the store that holds the buckets. Credentials come from the SDK's chain.
type S3 struct {
	// URL of the store. Default: empty, the embedded server under data_dir.
	Endpoint string `yaml:"endpoint"`
	// Region of the buckets. Default: the service's own.
	Region string `yaml:"region"`
	// Puts the bucket into the path instead of the host name. Default: true.
	PathStyle yamlfile.Switch `yaml:"path_style"`
	// PEM file of the authorities that signed the store's certificate. Default: the system's.
	CAFile string `yaml:"ca_file"`
}

// Detector is what a model takes that its tags do not say.
type Detector struct {
	// Alarms without cause that a model aims at, per week. Default: 1.
	FalseAlarmsPerWeek float64 `yaml:"false_alarms_per_week"`
	// Time after off in which rows are judged as a restart's, or auto. Default: 1h.
	Restart Auto `yaml:"restart"`
	// How long a value stands for the empty bins after it, or auto. Default: auto.
	Hold Auto `yaml:"hold"`
	// Days of data that a training needs. Default: 14.
	MinDays int `yaml:"min_days"`
}

// Quotas are the original service's unless raised.
type Quotas struct {
	// Datasets of an account. Default: 15.
	Datasets int `yaml:"datasets"`
	// Models of an account. Default: 15.
	Models int `yaml:"models"`
	// Sensors of a model. Default: 300.
	SensorsPerModel int `yaml:"sensors_per_model"`
	// Bytes of an ingestion. Default: 50GB.
	Dataset yamlfile.Size `yaml:"dataset"`
	// Bytes of a file. Default: 5GB.
	File yamlfile.Size `yaml:"file"`
}

// Log is what is logged to standard error.
type Log struct {
	// Lowest level that is written. Default: info.
	Level LogLevel `yaml:"level"`
	// json for machines, console for people. Default: json.
	Format LogFormat `yaml:"format"`
}

// The words that a key takes.
type (
	LogLevel  string
	LogFormat string
)

func (LogLevel) Values() []string  { return []string{"debug", "info", "warn", "error"} }
func (LogFormat) Values() []string { return []string{"json", "console"} }

// TLS tells whether the listeners have a certificate.
func (c *Config) TLS() bool { return c.CertFile != "" }

// At makes a fault about a key of a loaded file with its place.
func (c *Config) At(key, problem, remedy string) yamlfile.Fault {
	return c.doc.At(key, problem, remedy)
}

// Auto is a length of time, or what the data suggest. The zero value is one that is
// not given.
type Auto struct {
	d     time.Duration
	given bool
	auto  bool
}

// Automatic is what the data suggest.
func Automatic() Auto { return Auto{given: true, auto: true} }

// For makes an Auto of d.
func For(d time.Duration) Auto { return Auto{d: d, given: true} }

// Duration is the length; it is not ok when the data decide.
func (a Auto) Duration() (d time.Duration, ok bool) { return a.d, a.given && !a.auto }

// MarshalText writes what UnmarshalText reads.
func (a Auto) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

func (a Auto) String() string {
	switch {
	case a.auto:
		return "auto"
	case !a.given:
		return ""
	}
	return a.d.String()
}

// UnmarshalText reads auto or a duration.
func (a *Auto) UnmarshalText(text []byte) error {
	if string(text) == "auto" {
		*a = Automatic()
		return nil
	}
	var d yamlfile.Duration
	if err := d.UnmarshalText(text); err != nil || d.None() {
		return yamlfile.Invalid("is no duration", "write auto, or a number and a unit, such as 30s, 10m or 1h")
	}
	*a = For(d.Duration())
	return nil
}
