// Package config is the agent's YAML file: its types, a strict load that finds
// every fault at once with its place and its remedy, and the defaults. It checks
// what the file says; folders, disks and buckets are looked at by config/live.
package config

import "millwright/internal/yamlfile"

// Config is the whole file. In every type here the zero value of a field means
// the default that the field's comment names; Load gives a Config with all
// defaults filled in.
type Config struct {
	// Name of this gateway, written into every object's metadata. Two agents with one name do not notice each other's objects. Default: the machine id.
	Instance string `yaml:"instance"`
	// Folder for ledger, spool, quarantine, late, repeats and results. Default: /var/lib/millwright.
	StateDir string `yaml:"state_dir"`
	// What is logged to standard error, and how.
	Log Log `yaml:"log"`
	// Status page, metrics and health check.
	HTTP HTTP `yaml:"http"`
	// The store that holds the buckets. Credentials come from the SDK's chain, never from this file.
	S3 S3 `yaml:"s3"`
	// The scheduler's API, asked only why a run failed. Optional.
	Service Service `yaml:"service"`
	// The folders that sensor files are dropped into.
	Drops []Drop `yaml:"drops" jsonschema:"required"`
	// The inference schedulers that are fed.
	Schedulers []Scheduler `yaml:"schedulers" jsonschema:"required"`
	// Where results go besides state_dir. Optional.
	Sinks []Sink `yaml:"sinks"`
	// What the agent may use of this machine and takes from a file.
	Limits Limits `yaml:"limits"`

	doc *yamlfile.Document // for At
}

// Log is what is logged to standard error.
type Log struct {
	// Lowest level that is written. Default: info.
	Level LogLevel `yaml:"level"`
	// json for machines, console for people. Default: json.
	Format LogFormat `yaml:"format"`
}

// HTTP is the agent's own page.
type HTTP struct {
	// Address and port, such as 127.0.0.1:9480. Default: empty, no port is opened.
	Listen string `yaml:"listen"`
}

// S3 is the store that holds the buckets.
type S3 struct {
	// Region of the buckets. Default: the SDK's chain (AWS_REGION, profile); us-east-1 when only endpoint is given.
	Region string `yaml:"region"`
	// URL of a store other than AWS, such as https://minio.plant:9000. Default: AWS's for the region.
	Endpoint string `yaml:"endpoint"`
	// Puts the bucket into the path instead of the host name, as most stores on site need it. Default: false.
	PathStyle bool `yaml:"path_style"`
	// PEM file of the authorities that signed the store's certificate. Default: the system's.
	CAFile string `yaml:"ca_file"`
	// URL of the proxy. Default: HTTPS_PROXY and NO_PROXY of the environment.
	Proxy string `yaml:"proxy"`
	// KMS key that objects are encrypted with. Default: the bucket's own setting.
	KMSKeyID string `yaml:"kms_key_id"`
}

// Service is the scheduler's API.
type Service struct {
	// URL of the API, such as https://inference.plant:8480. Default: empty, it is not asked.
	Endpoint string `yaml:"endpoint"`
	// Region that requests are signed for. Default: s3.region.
	Region string `yaml:"region"`
}

// Limits bound what the agent uses and what it takes.
type Limits struct {
	// Most that state_dir and the archives hold, in bytes or percent of the disk. At the limit archives are pruned, then results; then no further drops are taken. Default: 4GiB.
	State Size `yaml:"state"`
	// Least that is left free on state_dir's disk, in bytes or percent. Default: 5%.
	Free Size `yaml:"free"`
	// Memory for rows in work. Default: 64MiB.
	Memory Size `yaml:"memory"`
	// Largest drop, after decompression. Default: 5GiB.
	File Size `yaml:"file"`
	// Longest line of a drop. Default: 1MiB.
	Row Size `yaml:"row"`
	// Most columns of a drop, the timestamp included. Default: 3001.
	Columns int `yaml:"columns"`
}
