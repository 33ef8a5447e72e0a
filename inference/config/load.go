package config

import (
	"time"

	"millwright/internal/yamlfile"
)

// Load reads a file, fills the defaults in and checks everything that can be checked
// without looking at disks, databases and buckets. The error is yamlfile.Faults
// when the file was read; warnings come with a Config that can be used.
func Load(file string) (*Config, []yamlfile.Fault, error) {
	data, err := yamlfile.Read(file)
	if err != nil {
		return nil, nil, err
	}
	return Parse(file, data)
}

// Parse is Load for the content of a file; the name is for messages only.
func Parse(file string, data []byte) (*Config, []yamlfile.Fault, error) {
	c := &Config{}
	doc, err := yamlfile.Decode(file, data, c, yamlfile.Options{Empty: "write one key at least, such as data_dir, or start without a configuration", Shown: shown})
	if err != nil {
		return nil, nil, err
	}
	c.doc = doc
	return check(c)
}

// New is the configuration of one machine on which nothing is configured, with
// what the command line says; "" is the default.
func New(dataDir, listen, s3Listen string) (*Config, []yamlfile.Fault, error) {
	return check(&Config{DataDir: dataDir, Listen: listen, S3Listen: s3Listen, doc: &yamlfile.Document{}})
}

func check(c *Config) (*Config, []yamlfile.Fault, error) {
	c.fill()
	v := &checker{c.doc}
	v.config(c)
	if err := c.doc.Err(); err != nil {
		return nil, c.doc.Warnings(), err
	}
	return c, c.doc.Warnings(), nil
}

// fill puts the documented default wherever nothing is given.
func (c *Config) fill() {
	or(&c.DataDir, "/var/lib/millwright-serve")
	or(&c.Listen, "127.0.0.1:8480")
	or(&c.S3Listen, "127.0.0.1:8481")
	or(&c.AccountID, "000000000000")
	or(&c.Region, "plant-1")
	or(&c.S3.Region, c.Region)
	if !c.S3.PathStyle.Given() {
		c.S3.PathStyle = yamlfile.On(true)
	}
	c.fillNumber("detector.false_alarms_per_week", func() { or(&c.Detector.FalseAlarmsPerWeek, 1) })
	or(&c.Detector.Restart, For(time.Hour))
	or(&c.Detector.Hold, Automatic())
	c.fillNumber("detector.min_days", func() { or(&c.Detector.MinDays, 14) })
	if !c.CatchUp.Given() {
		c.CatchUp = yamlfile.For(24 * time.Hour)
	}
	or(&c.WorkBucket, "millwright")
	c.fillNumber("quotas.datasets", func() { or(&c.Quotas.Datasets, 15) })
	c.fillNumber("quotas.models", func() { or(&c.Quotas.Models, 15) })
	c.fillNumber("quotas.sensors_per_model", func() { or(&c.Quotas.SensorsPerModel, 300) })
	if !c.Quotas.Dataset.Given() {
		c.Quotas.Dataset = yamlfile.Bytes(50e9)
	}
	if !c.Quotas.File.Given() {
		c.Quotas.File = yamlfile.Bytes(5e9)
	}
	if !c.Memory.Given() {
		c.Memory = yamlfile.Bytes(1 << 30)
	}
	or(&c.Log.Level, "info")
	or(&c.Log.Format, "json")
}

// fillNumber leaves a zero that somebody wrote to be refused.
func (c *Config) fillNumber(key string, fill func()) {
	if !c.doc.Given(key) {
		fill()
	}
}

// or is for fields whose zero value is one that is not given.
func or[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
